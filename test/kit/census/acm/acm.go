// Package acm lists and deletes the certificates of AWS Certificate Manager.
package acm

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	const certificate = "aws_acm_certificate"
	census.Register(census.Lister{
		// After the load balancers and distributions that use it.
		Service: "acm", Types: []string{certificate}, Regional: true, Order: census.Workloads + 50, List: census.With(acm.NewFromConfig, list),
		Parts: []census.Part{
			{Type: "aws_acm_certificate_validation", Of: certificate, Why: "a wait until its certificate is issued"},
		},
	})
}

func list(ctx context.Context, c *acm.Client) ([]census.Resource, error) {
	// Without the filter only certificates with keys of RSA 1024 and 2048 are listed.
	every := &acm.ListCertificatesInput{Includes: &types.Filters{KeyTypes: types.KeyAlgorithm("").Values()}}
	return census.Each(ctx, acm.NewListCertificatesPaginator(c, every),
		func(p *acm.ListCertificatesOutput) []types.CertificateSummary { return p.CertificateSummaryList },
		func(s types.CertificateSummary) census.Resource {
			return census.Resource{
				ID: aws.ToString(s.CertificateArn), ARN: aws.ToString(s.CertificateArn), Name: aws.ToString(s.DomainName),
				ReadTags: func(ctx context.Context) (map[string]string, error) {
					out, err := c.ListTagsForCertificate(ctx, &acm.ListTagsForCertificateInput{CertificateArn: s.CertificateArn})
					if err != nil {
						return nil, err
					}
					return census.Tags(out.Tags, func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
				},
				Delete: census.Deleter(c.DeleteCertificate, &acm.DeleteCertificateInput{CertificateArn: s.CertificateArn}),
			}
		})
}
