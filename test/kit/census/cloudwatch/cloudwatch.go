// Package cloudwatch lists and deletes what Amazon CloudWatch holds.
package cloudwatch

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	census.Register(
		// A composite alarm goes before the alarms of its rule.
		lister("aws_cloudwatch_composite_alarm", census.Actors, listComposite),
		lister("aws_cloudwatch_metric_alarm", census.Actors+10, listMetric),
		lister("aws_cloudwatch_dashboard", census.Workloads, listDashboards),
	)
}

func lister(typ string, order int, list func(context.Context, *cloudwatch.Client) ([]census.Resource, error)) census.Lister {
	return census.Lister{Service: "cloudwatch", Types: []string{typ}, Regional: true, Order: order, List: census.With(New, list)}
}

// New returns a client of CloudWatch. It speaks the query protocol with an
// emulator, which does not know the binary one that the SDK prefers.
func New(cfg aws.Config, opts ...func(*cloudwatch.Options)) *cloudwatch.Client {
	if census.Emulated(cfg) {
		opts = append(opts, func(o *cloudwatch.Options) { o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) })
	}
	return cloudwatch.NewFromConfig(cfg, opts...)
}

func listComposite(ctx context.Context, c *cloudwatch.Client) ([]census.Resource, error) {
	return census.Each(ctx, alarms(c, types.AlarmTypeCompositeAlarm),
		func(p *cloudwatch.DescribeAlarmsOutput) []types.CompositeAlarm { return p.CompositeAlarms },
		func(a types.CompositeAlarm) census.Resource { return alarm(c, a.AlarmName, a.AlarmArn) })
}

func listMetric(ctx context.Context, c *cloudwatch.Client) ([]census.Resource, error) {
	return census.Each(ctx, alarms(c, types.AlarmTypeMetricAlarm),
		func(p *cloudwatch.DescribeAlarmsOutput) []types.MetricAlarm { return p.MetricAlarms },
		func(a types.MetricAlarm) census.Resource { return alarm(c, a.AlarmName, a.AlarmArn) })
}

func alarms(c *cloudwatch.Client, kind types.AlarmType) *cloudwatch.DescribeAlarmsPaginator {
	return cloudwatch.NewDescribeAlarmsPaginator(c, &cloudwatch.DescribeAlarmsInput{AlarmTypes: []types.AlarmType{kind}})
}

// alarm deletes alarms one by one: a call deletes one composite alarm at most.
func alarm(c *cloudwatch.Client, name, arn *string) census.Resource {
	return census.Resource{
		ID: aws.ToString(name), Name: aws.ToString(name), ARN: aws.ToString(arn),
		ReadTags: func(ctx context.Context) (map[string]string, error) {
			out, err := c.ListTagsForResource(ctx, &cloudwatch.ListTagsForResourceInput{ResourceARN: arn})
			if err != nil {
				return nil, err
			}
			return census.Tags(out.Tags, func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
		},
		Delete: census.Deleter(c.DeleteAlarms, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{*name}}),
	}
}

// listDashboards lists what the provider cannot tag.
func listDashboards(ctx context.Context, c *cloudwatch.Client) ([]census.Resource, error) {
	return census.Each(ctx, cloudwatch.NewListDashboardsPaginator(c, &cloudwatch.ListDashboardsInput{}),
		func(p *cloudwatch.ListDashboardsOutput) []types.DashboardEntry { return p.DashboardEntries },
		func(d types.DashboardEntry) census.Resource {
			return census.Resource{
				ID: aws.ToString(d.DashboardName), Name: aws.ToString(d.DashboardName), ARN: aws.ToString(d.DashboardArn),
				Delete: census.Deleter(c.DeleteDashboards, &cloudwatch.DeleteDashboardsInput{DashboardNames: []string{*d.DashboardName}}),
			}
		})
}
