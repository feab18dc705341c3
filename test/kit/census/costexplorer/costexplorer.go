// Package costexplorer lists and deletes the anomaly detection of AWS Cost
// Explorer.
package costexplorer

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer"
	"github.com/aws/aws-sdk-go-v2/service/costexplorer/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	census.Register(
		census.Lister{Service: "costexplorer", Types: []string{"aws_ce_anomaly_subscription"}, Order: census.Actors, List: census.With(costexplorer.NewFromConfig, listSubscriptions)},
		census.Lister{Service: "costexplorer", Types: []string{"aws_ce_anomaly_monitor"}, Order: census.Actors + 10, List: census.With(costexplorer.NewFromConfig, listMonitors)},
	)
}

func tagged(c *costexplorer.Client, arn *string) func(context.Context) (map[string]string, error) {
	return func(ctx context.Context) (map[string]string, error) {
		out, err := c.ListTagsForResource(ctx, &costexplorer.ListTagsForResourceInput{ResourceArn: arn})
		if err != nil {
			return nil, err
		}
		return census.Tags(out.ResourceTags, func(t types.ResourceTag) (k, v *string) { return t.Key, t.Value }), nil
	}
}

func listSubscriptions(ctx context.Context, c *costexplorer.Client) ([]census.Resource, error) {
	return census.Each(ctx, costexplorer.NewGetAnomalySubscriptionsPaginator(c, &costexplorer.GetAnomalySubscriptionsInput{}),
		func(p *costexplorer.GetAnomalySubscriptionsOutput) []types.AnomalySubscription {
			return p.AnomalySubscriptions
		},
		func(s types.AnomalySubscription) census.Resource {
			return census.Resource{
				ID: aws.ToString(s.SubscriptionArn), ARN: aws.ToString(s.SubscriptionArn), Name: aws.ToString(s.SubscriptionName), ReadTags: tagged(c, s.SubscriptionArn),
				Delete: census.Deleter(c.DeleteAnomalySubscription, &costexplorer.DeleteAnomalySubscriptionInput{SubscriptionArn: s.SubscriptionArn}),
			}
		})
}

func listMonitors(ctx context.Context, c *costexplorer.Client) ([]census.Resource, error) {
	return census.Each(ctx, costexplorer.NewGetAnomalyMonitorsPaginator(c, &costexplorer.GetAnomalyMonitorsInput{}),
		func(p *costexplorer.GetAnomalyMonitorsOutput) []types.AnomalyMonitor { return p.AnomalyMonitors },
		func(m types.AnomalyMonitor) census.Resource {
			return census.Resource{
				ID: aws.ToString(m.MonitorArn), ARN: aws.ToString(m.MonitorArn), Name: aws.ToString(m.MonitorName), ReadTags: tagged(c, m.MonitorArn),
				Delete: census.Deleter(c.DeleteAnomalyMonitor, &costexplorer.DeleteAnomalyMonitorInput{MonitorArn: m.MonitorArn}),
			}
		})
}
