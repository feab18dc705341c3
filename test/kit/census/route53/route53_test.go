package route53_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/route53"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestRoute53(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			must, c := censustest.Must(t), route53.NewFromConfig(cfg)
			zone := censustest.Do(t, ctx, c.CreateHostedZone, &route53.CreateHostedZoneInput{Name: aws.String(name + ".example.com"), CallerReference: &name}).HostedZone.Id
			must(c.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: zone, ChangeBatch: &types.ChangeBatch{Changes: []types.Change{{
				Action: types.ChangeActionCreate, ResourceRecordSet: &types.ResourceRecordSet{
					Name: aws.String("api." + name + ".example.com"), Type: types.RRTypeA, TTL: aws.Int64(60), ResourceRecords: []types.ResourceRecord{{Value: aws.String("192.0.2.1")}},
				},
			}}}}))
			check := censustest.Do(t, ctx, c.CreateHealthCheck, &route53.CreateHealthCheckInput{CallerReference: &name, HealthCheckConfig: &types.HealthCheckConfig{
				Type: types.HealthCheckTypeHttps, FullyQualifiedDomainName: aws.String(name + ".example.com"), Port: aws.Int32(443),
			}}).HealthCheck.Id
			tag(t, ctx, c, types.TagResourceTypeHostedzone, (*zone)[len("/hostedzone/"):], tags)
			tag(t, ctx, c, types.TagResourceTypeHealthcheck, *check, tags)
		},
		Types:    []string{"aws_route53_zone", "aws_route53_record", "aws_route53_health_check"},
		Untagged: []string{"aws_route53_record"}, Nameless: []string{"aws_route53_health_check"},
		Inside: []string{"aws_route53_record"},
	})
}

func tag(t testing.TB, ctx context.Context, c *route53.Client, kind types.TagResourceType, id string, tags map[string]string) {
	var ts []types.Tag
	for k, v := range tags {
		ts = append(ts, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	if len(ts) > 0 {
		censustest.Do(t, ctx, c.ChangeTagsForResource, &route53.ChangeTagsForResourceInput{ResourceType: kind, ResourceId: &id, AddTags: ts})
	}
}
