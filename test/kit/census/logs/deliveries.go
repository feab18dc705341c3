package logs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/fintrack/platform/test/kit/census"
)

// What delivers logs of services: a delivery leads from a source to a destination,
// neither of which can be deleted before it ("DeleteDeliverySource").
func init() {
	const ends = census.Workloads + 10
	census.Register(
		lister("aws_cloudwatch_log_delivery", census.Workloads, listDeliveries),
		lister("aws_cloudwatch_log_delivery_source", ends, listSources),
		lister("aws_cloudwatch_log_delivery_destination", ends, listDestinations,
			census.Part{Type: "aws_cloudwatch_log_delivery_destination_policy", Of: "aws_cloudwatch_log_delivery_destination", Why: "an attribute of its destination"}),
	)
}

func lister(typ string, order int, list func(context.Context, *cloudwatchlogs.Client) ([]census.Resource, error), parts ...census.Part) census.Lister {
	return census.Lister{
		Service: "logs", Types: []string{typ}, Regional: true, Order: order, Parts: parts,
		List: census.With(cloudwatchlogs.NewFromConfig, list),
	}
}

// listDeliveries takes the name of the source for the delivery's, which has none.
func listDeliveries(ctx context.Context, c *cloudwatchlogs.Client) ([]census.Resource, error) {
	return census.Each(ctx, cloudwatchlogs.NewDescribeDeliveriesPaginator(c, &cloudwatchlogs.DescribeDeliveriesInput{}),
		func(p *cloudwatchlogs.DescribeDeliveriesOutput) []types.Delivery { return p.Deliveries },
		func(d types.Delivery) census.Resource {
			return census.Resource{
				ID: aws.ToString(d.Id), Name: aws.ToString(d.DeliverySourceName), ARN: aws.ToString(d.Arn), ReadTags: tags(c, d.Arn),
				Delete: census.Deleter(c.DeleteDelivery, &cloudwatchlogs.DeleteDeliveryInput{Id: d.Id}),
			}
		})
}

func listSources(ctx context.Context, c *cloudwatchlogs.Client) ([]census.Resource, error) {
	return census.Each(ctx, cloudwatchlogs.NewDescribeDeliverySourcesPaginator(c, &cloudwatchlogs.DescribeDeliverySourcesInput{}),
		func(p *cloudwatchlogs.DescribeDeliverySourcesOutput) []types.DeliverySource { return p.DeliverySources },
		func(s types.DeliverySource) census.Resource {
			return census.Resource{
				ID: aws.ToString(s.Name), Name: aws.ToString(s.Name), ARN: aws.ToString(s.Arn), ReadTags: tags(c, s.Arn),
				Delete: census.Deleter(c.DeleteDeliverySource, &cloudwatchlogs.DeleteDeliverySourceInput{Name: s.Name}),
			}
		})
}

func listDestinations(ctx context.Context, c *cloudwatchlogs.Client) ([]census.Resource, error) {
	return census.Each(ctx, cloudwatchlogs.NewDescribeDeliveryDestinationsPaginator(c, &cloudwatchlogs.DescribeDeliveryDestinationsInput{}),
		func(p *cloudwatchlogs.DescribeDeliveryDestinationsOutput) []types.DeliveryDestination {
			return p.DeliveryDestinations
		},
		func(d types.DeliveryDestination) census.Resource {
			return census.Resource{
				ID: aws.ToString(d.Name), Name: aws.ToString(d.Name), ARN: aws.ToString(d.Arn), ReadTags: tags(c, d.Arn),
				Delete: census.Deleter(c.DeleteDeliveryDestination, &cloudwatchlogs.DeleteDeliveryDestinationInput{Name: d.Name}),
			}
		})
}

func tags(c *cloudwatchlogs.Client, arn *string) func(context.Context) (map[string]string, error) {
	return func(ctx context.Context) (map[string]string, error) {
		out, err := c.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: arn})
		if err != nil {
			return nil, err
		}
		return out.Tags, nil
	}
}
