package logs_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
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
		},
		Types:    []string{"aws_cloudwatch_log_group", "aws_cloudwatch_log_resource_policy"},
		Untagged: []string{"aws_cloudwatch_log_resource_policy"},
	})
}
