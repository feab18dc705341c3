package events_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/events"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestEventBridge(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			must, c := censustest.Must(t), eventbridge.NewFromConfig(cfg)
			var ts []types.Tag
			for k, v := range tags {
				ts = append(ts, types.Tag{Key: aws.String(k), Value: aws.String(v)})
			}
			bus := censustest.Do(t, ctx, c.CreateEventBus, &eventbridge.CreateEventBusInput{Name: &name, Tags: ts})
			for _, on := range []*string{aws.String("default"), &name} {
				must(c.PutRule(ctx, &eventbridge.PutRuleInput{Name: &name, EventBusName: on, EventPattern: aws.String(`{"source":["aws.ec2"]}`), Tags: ts}))
				must(c.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &name, EventBusName: on, Targets: []types.Target{
					{Id: aws.String("queue"), Arn: aws.String("arn:aws:sqs:us-east-1:123456789012:interruptions")},
				}}))
			}
			must(c.CreateArchive(ctx, &eventbridge.CreateArchiveInput{ArchiveName: &name, EventSourceArn: bus.EventBusArn}))
		},
		Types:    []string{"aws_cloudwatch_event_rule", "aws_cloudwatch_event_bus", "aws_cloudwatch_event_archive"},
		Untagged: []string{"aws_cloudwatch_event_archive"},
	})
}
