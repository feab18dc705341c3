package sns_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/sns"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestSNS(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			in := &sns.CreateTopicInput{Name: &name}
			for k, v := range tags {
				in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
			}
			topic := censustest.Do(t, ctx, sns.NewFromConfig(cfg).CreateTopic, in)
			censustest.Do(t, ctx, sns.NewFromConfig(cfg).Subscribe, &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("email"), Endpoint: aws.String("on-call@example.com")})
		},
		Types: []string{"aws_sns_topic"},
	})
}
