package configservice_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/configservice/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/configservice"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestConfig(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			must, c := censustest.Must(t), configservice.NewFromConfig(cfg)
			var ts []types.Tag
			for k, v := range tags {
				ts = append(ts, types.Tag{Key: aws.String(k), Value: aws.String(v)})
			}
			must(c.PutConfigurationAggregator(ctx, &configservice.PutConfigurationAggregatorInput{
				ConfigurationAggregatorName: &name, Tags: ts,
				AccountAggregationSources: []types.AccountAggregationSource{{AccountIds: []string{"123456789012"}, AllAwsRegions: true}},
			}))
			must(c.PutConfigRule(ctx, &configservice.PutConfigRuleInput{Tags: ts, ConfigRule: &types.ConfigRule{
				ConfigRuleName: &name, Source: &types.Source{Owner: types.OwnerAws, SourceIdentifier: aws.String("S3_BUCKET_VERSIONING_ENABLED")},
			}}))
		},
		Types: []string{"aws_config_config_rule", "aws_config_configuration_aggregator"},
		MakeOnce: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, _ map[string]string) {
			must, c := censustest.Must(t), configservice.NewFromConfig(cfg)
			buckets := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
			must(buckets.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name}))
			must(c.PutConfigurationRecorder(ctx, &configservice.PutConfigurationRecorderInput{ConfigurationRecorder: &types.ConfigurationRecorder{
				Name: &name, RoleARN: aws.String("arn:aws:iam::123456789012:role/config"), RecordingGroup: &types.RecordingGroup{AllSupported: true},
			}}))
			must(c.PutDeliveryChannel(ctx, &configservice.PutDeliveryChannelInput{DeliveryChannel: &types.DeliveryChannel{Name: &name, S3BucketName: &name}}))
			must(c.StartConfigurationRecorder(ctx, &configservice.StartConfigurationRecorderInput{ConfigurationRecorderName: &name}))
		},
		OnceTypes: []string{"aws_config_configuration_recorder", "aws_config_delivery_channel"},
	})
}
