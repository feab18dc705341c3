// Package sns lists and deletes the topics of Amazon SNS.
package sns

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	census.Register(census.Lister{
		Service: "sns", Types: []string{"aws_sns_topic"}, Regional: true, List: census.With(sns.NewFromConfig, list),
		Parts: []census.Part{
			{Type: "aws_sns_topic_policy", Of: "aws_sns_topic", Why: "an attribute of its topic"},
			{Type: "aws_sns_topic_data_protection_policy", Of: "aws_sns_topic", Why: "an attribute of its topic"},
			{Type: "aws_sns_topic_subscription", Of: "aws_sns_topic", Why: "a topic is deleted with all its subscriptions"},
		},
	})
}

func list(ctx context.Context, c *sns.Client) ([]census.Resource, error) {
	return census.Each(ctx, sns.NewListTopicsPaginator(c, &sns.ListTopicsInput{}),
		func(p *sns.ListTopicsOutput) []types.Topic { return p.Topics },
		func(t types.Topic) census.Resource {
			arn := aws.ToString(t.TopicArn)
			return census.Resource{
				ID: arn, ARN: arn, Name: arn[strings.LastIndex(arn, ":")+1:],
				ReadTags: func(ctx context.Context) (map[string]string, error) {
					out, err := c.ListTagsForResource(ctx, &sns.ListTagsForResourceInput{ResourceArn: &arn})
					if err != nil {
						return nil, err
					}
					return census.Tags(out.Tags, func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
				},
				Delete: census.Deleter(c.DeleteTopic, &sns.DeleteTopicInput{TopicArn: &arn}),
			}
		})
}
