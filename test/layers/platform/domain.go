package platform

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

// certificates reads both, and the records by which ACM issues and renews them.
func (l layer) certificates(ctx context.Context) {
	var arns map[string]string
	l.d.OutputAs("certificate_arns", &arns)
	client := acm.NewFromConfig(l.d.AWS)
	records, listed := l.records(ctx)
	for _, short := range []string{"api", "app"} {
		subject := `aws_acm_certificate.this["` + short + `"]`
		c := l.check("certificate."+short, "The certificate is for its host alone", subject, "CC6.7")
		renewed := l.check("certificate-renewed."+short, "The record is there by which ACM issues the certificate and renews it", subject, "CC6.7", "A1.1")
		issued := l.check("certificate-issued."+short, "ACM has issued the certificate", subject, "CC6.7")
		out, err := client.DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: aws.String(arns[short])})
		if err != nil || listed != nil || len(out.Certificate.DomainValidationOptions) != 1 {
			l.d.Checks.Err(c, "a certificate", err)
			l.d.Checks.Err(renewed, "a record", listed)
			l.d.Checks.Err(issued, "a certificate", err)
			continue
		}
		host := short + "." + l.domain
		got := out.Certificate
		l.d.Checks.Equal(c, []any{host, []string{host}}, []any{aws.ToString(got.DomainName), got.SubjectAlternativeNames})
		v := got.DomainValidationOptions[0].ResourceRecord
		l.d.Checks.Equal(renewed, []string{trimmed(aws.ToString(v.Value))}, records[string(v.Type)+" "+trimmed(aws.ToString(v.Name))])
		if !l.d.Sandbox.Run.Environment.EmulatesAWS() {
			l.d.Checks.Equal(issued, acmtypes.CertificateStatusIssued, got.Status)
		} else {
			l.d.Checks.NotProven(issued, "aws", "the emulator issues without looking for the record")
		}
	}
}

func trimmed(name string) string { return strings.TrimSuffix(name, ".") }

// records are the values of the zone's records, by type and name; of an alias, what
// it points at.
func (l layer) records(ctx context.Context) (map[string][]string, error) {
	out := map[string][]string{}
	for p := route53.NewListResourceRecordSetsPaginator(route53.NewFromConfig(l.d.AWS), &route53.ListResourceRecordSetsInput{HostedZoneId: aws.String(l.d.Output("zone_id"))}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range page.ResourceRecordSets {
			key := string(r.Type) + " " + trimmed(aws.ToString(r.Name))
			if r.AliasTarget != nil {
				out[key] = append(out[key], "alias "+trimmed(aws.ToString(r.AliasTarget.DNSName)))
			}
			for _, v := range r.ResourceRecords {
				out[key] = append(out[key], trimmed(aws.ToString(v.Value)))
			}
		}
	}
	return out, nil
}

// zone reads the whole zone: a record too many fails as well.
func (l layer) zone(ctx context.Context) {
	c := l.check("zone", "The zone of the domain is public, and is the domain's", "aws_route53_zone.this", "CC8.1")
	z, err := route53.NewFromConfig(l.d.AWS).GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: aws.String(l.d.Output("zone_id"))})
	if err != nil {
		l.d.Checks.Err(c, l.domain, err)
	} else {
		l.d.Checks.Equal(c, []any{l.domain, false}, []any{trimmed(aws.ToString(z.HostedZone.Name)), z.HostedZone.Config != nil && z.HostedZone.Config.PrivateZone})
	}

	issuers := l.check("certificate-issuers", "Nobody but ACM and Let's Encrypt may issue certificates for the domain", "aws_route53_record.issuers", "CC6.7")
	app := l.check("app-record", "The application's host leads to its distribution, by IPv4 and IPv6", "aws_route53_record.app", "CC6.6")
	all := l.check("records", "The zone holds no other record", "aws_route53_zone.this", "CC6.6", "CC8.1")
	records, err := l.records(ctx)
	if err != nil {
		l.d.Checks.Err(issuers, "records", err)
		l.d.Checks.Err(app, "records", err)
		l.d.Checks.Err(all, "records", err)
		return
	}
	l.d.Checks.Equal(issuers, []string{`0 issue "amazon.com"`, `0 issue "letsencrypt.org"`, `0 issuewild "amazon.com"`}, slices.Sorted(slices.Values(records["CAA "+l.domain])))
	host := "app." + l.domain
	target := []string{"alias " + l.d.Output("distribution_domain_name")}
	l.d.Checks.Equal(app, [][]string{target, target}, [][]string{records["A "+host], records["AAAA "+host]})
	var got []string
	for key := range records {
		kind, name, _ := strings.Cut(key, " ")
		if kind == string(types.RRTypeCname) {
			name = name[strings.Index(name, ".")+1:] // the host whose certificate it is for
		}
		got = append(got, kind+" "+name)
	}
	slices.Sort(got)
	l.d.Checks.Equal(all, []string{"A app." + l.domain, "AAAA app." + l.domain, "CAA " + l.domain, "CNAME api." + l.domain, "CNAME app." + l.domain, "NS " + l.domain, "SOA " + l.domain}, got)
}
