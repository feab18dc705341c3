package logs_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/logs"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestLogs(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			must, c := censustest.Must(t), cloudwatchlogs.NewFromConfig(cfg)
			must(c.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/aws/rds/instance/" + name + "/postgresql"), Tags: tags}))
			must(c.PutResourcePolicy(ctx, &cloudwatchlogs.PutResourcePolicyInput{PolicyName: &name, PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[]}`)}))
			must(c.PutDeliverySource(ctx, &cloudwatchlogs.PutDeliverySourceInput{
				Name: &name, LogType: aws.String("ACCESS_LOGS"), ResourceArn: aws.String("arn:aws:cloudfront::123456789012:distribution/E1A2B3C4D5E6F7"), Tags: tags,
			}))
			to, err := c.PutDeliveryDestination(ctx, &cloudwatchlogs.PutDeliveryDestinationInput{
				Name: &name, Tags: tags, DeliveryDestinationConfiguration: &types.DeliveryDestinationConfiguration{DestinationResourceArn: aws.String("arn:aws:s3:::" + name)},
			})
			must(to, err)
			must(c.CreateDelivery(ctx, &cloudwatchlogs.CreateDeliveryInput{DeliverySourceName: &name, DeliveryDestinationArn: to.DeliveryDestination.Arn, Tags: tags}))
		},
		Types: []string{
			"aws_cloudwatch_log_group", "aws_cloudwatch_log_resource_policy",
			"aws_cloudwatch_log_delivery", "aws_cloudwatch_log_delivery_source", "aws_cloudwatch_log_delivery_destination",
		},
		Untagged: []string{"aws_cloudwatch_log_resource_policy"},
	})
}
