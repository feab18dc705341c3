// Package chatbot lists and deletes the Slack channels of AWS Chatbot.
package chatbot

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/chatbot"
	"github.com/aws/aws-sdk-go-v2/service/chatbot/types"
	"github.com/fintrack/platform/test/kit/census"
)

// endpoint is one of the four regions that serve the one set of configurations an
// account has ("AWS Chatbot endpoints and quotas").
const endpoint = "us-west-2"

func init() {
	census.Register(census.Lister{
		Service: "chatbot", Types: []string{"aws_chatbot_slack_channel_configuration"}, Order: census.Actors, List: list,
	})
}

func list(ctx context.Context, cfg aws.Config) ([]census.Resource, error) {
	c := chatbot.NewFromConfig(cfg, func(o *chatbot.Options) { o.Region = endpoint })
	return census.Each(ctx, chatbot.NewDescribeSlackChannelConfigurationsPaginator(c, &chatbot.DescribeSlackChannelConfigurationsInput{}),
		func(p *chatbot.DescribeSlackChannelConfigurationsOutput) []types.SlackChannelConfiguration {
			return p.SlackChannelConfigurations
		},
		func(s types.SlackChannelConfiguration) census.Resource {
			return census.Resource{
				ID: aws.ToString(s.ChatConfigurationArn), ARN: aws.ToString(s.ChatConfigurationArn), Name: aws.ToString(s.ConfigurationName),
				Tags:   census.Tags(s.Tags, func(t types.Tag) (k, v *string) { return t.TagKey, t.TagValue }),
				Delete: census.Deleter(c.DeleteSlackChannelConfiguration, &chatbot.DeleteSlackChannelConfigurationInput{ChatConfigurationArn: s.ChatConfigurationArn}),
			}
		})
}
