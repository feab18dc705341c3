package chatbot_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/chatbot"
	"github.com/aws/aws-sdk-go-v2/service/chatbot/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/chatbot"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestChatbot(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			in := &chatbot.CreateSlackChannelConfigurationInput{
				ConfigurationName: &name, SlackTeamId: aws.String("T07EA123LEP"), SlackChannelId: aws.String("C07EZ1ABC23"),
				IamRoleArn: aws.String("arn:aws:iam::123456789012:role/chat"),
			}
			for k, v := range tags {
				in.Tags = append(in.Tags, types.Tag{TagKey: aws.String(k), TagValue: aws.String(v)})
			}
			censustest.Do(t, ctx, chatbot.NewFromConfig(cfg).CreateSlackChannelConfiguration, in)
		},
		Types: []string{"aws_chatbot_slack_channel_configuration"},
	})
}
