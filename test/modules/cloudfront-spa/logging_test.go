package cloudfrontspa_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// logging follows the access logs from the distribution to the bucket.
func (s spa) logging(ctx context.Context) {
	client := cloudwatchlogs.NewFromConfig(s.d.AWS)
	logged := s.check("logged", "Every request to the distribution is logged", "aws_cloudwatch_log_delivery_source.this", "CC7.2", "CC7.3")
	stored := s.check("logs-stored", "The access logs go to the log bucket, below its prefix, as Parquet", "aws_cloudwatch_log_delivery_destination.this", "CC7.2", "CC7.3")
	parted := s.check("logs-partitioned", "The access logs are partitioned by distribution and hour", "aws_cloudwatch_log_delivery.this", "CC7.3")
	tagged := s.check("logs-tagged", "Source, destination and delivery carry the given tags", "aws_cloudwatch_log_delivery.this", "CC6.1")

	source, err := client.GetDeliverySource(ctx, &cloudwatchlogs.GetDeliverySourceInput{Name: &s.d.Name})
	if err != nil {
		s.d.Checks.Err(logged, "ACCESS_LOGS", err)
		return
	}
	s.d.Checks.Equal(logged, []any{"ACCESS_LOGS", []string{s.d.Output("distribution_arn")}, s.d.Output("log_delivery_source_arn")},
		[]any{aws.ToString(source.DeliverySource.LogType), source.DeliverySource.ResourceArns, aws.ToString(source.DeliverySource.Arn)})

	destination, err := client.GetDeliveryDestination(ctx, &cloudwatchlogs.GetDeliveryDestinationInput{Name: &s.d.Name})
	if err != nil {
		s.d.Checks.Err(stored, "the log bucket", err)
		return
	}
	to := destination.DeliveryDestination
	s.d.Checks.Equal(stored, []any{types.DeliveryDestinationTypeS3, types.OutputFormatParquet, "arn:aws:s3:::" + s.d.Output("log_bucket") + "/cloudfront"},
		[]any{to.DeliveryDestinationType, to.OutputFormat, aws.ToString(to.DeliveryDestinationConfiguration.DestinationResourceArn)})

	delivery, err := s.delivery(ctx, client, aws.ToString(to.Arn))
	if err != nil {
		s.d.Checks.Err(parted, "one delivery from the source to the destination", err)
		return
	}
	// AWS may put its own folders before it ("Send logs to Amazon S3").
	path := aws.ToString(delivery.S3DeliveryConfiguration.SuffixPath)
	s.d.Checks.That(parted, strings.HasSuffix(path, "/{DistributionId}/{yyyy}/{MM}/{dd}/{HH}"), "a path that ends with /{DistributionId}/{yyyy}/{MM}/{dd}/{HH}", path)

	want, got := map[string]map[string]string{}, map[string]map[string]string{}
	for what, arn := range map[string]*string{"source": source.DeliverySource.Arn, "destination": to.Arn, "delivery": delivery.Arn} {
		out, err := client.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: arn})
		if err != nil {
			s.d.Checks.Err(tagged, "the run's tags", err)
			return
		}
		want[what], got[what] = maps.Clone(s.d.Sandbox.Tags), out.Tags
	}
	s.d.Checks.Equal(tagged, want, got)
}

// delivery finds the delivery from the module's source to the destination.
func (s spa) delivery(ctx context.Context, client *cloudwatchlogs.Client, destination string) (types.Delivery, error) {
	pages := cloudwatchlogs.NewDescribeDeliveriesPaginator(client, &cloudwatchlogs.DescribeDeliveriesInput{})
	var found []types.Delivery
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return types.Delivery{}, fmt.Errorf("list deliveries: %w", err)
		}
		found = append(found, page.Deliveries...)
	}
	found = slices.DeleteFunc(found, func(d types.Delivery) bool {
		return aws.ToString(d.DeliverySourceName) != s.d.Name || aws.ToString(d.DeliveryDestinationArn) != destination
	})
	if len(found) != 1 || found[0].S3DeliveryConfiguration == nil {
		return types.Delivery{}, errors.New("no such delivery to a bucket")
	}
	return found[0], nil
}
