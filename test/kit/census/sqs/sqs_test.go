package sqs_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/sqs"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestSQS(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			censustest.Do(t, ctx, sqs.NewFromConfig(cfg).CreateQueue, &sqs.CreateQueueInput{QueueName: &name, Tags: tags})
		},
		Types: []string{"aws_sqs_queue"},
	})
}
