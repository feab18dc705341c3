// Package sqs lists and deletes the queues of Amazon SQS.
package sqs

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	census.Register(census.Lister{
		Service: "sqs", Types: []string{"aws_sqs_queue"}, Regional: true, List: census.With(sqs.NewFromConfig, list),
		Parts: []census.Part{
			{Type: "aws_sqs_queue_policy", Of: "aws_sqs_queue", Why: "an attribute of its queue"},
			{Type: "aws_sqs_queue_redrive_policy", Of: "aws_sqs_queue", Why: "an attribute of its queue"},
			{Type: "aws_sqs_queue_redrive_allow_policy", Of: "aws_sqs_queue", Why: "an attribute of its queue"},
		},
	})
}

func list(ctx context.Context, c *sqs.Client) ([]census.Resource, error) {
	// Without MaxResults the API answers the first thousand queues and no token.
	return census.Each(ctx, sqs.NewListQueuesPaginator(c, &sqs.ListQueuesInput{MaxResults: aws.Int32(1000)}),
		func(p *sqs.ListQueuesOutput) []string { return p.QueueUrls },
		func(url string) census.Resource {
			return census.Resource{
				ID: url, Name: url[strings.LastIndex(url, "/")+1:],
				ReadTags: func(ctx context.Context) (map[string]string, error) {
					out, err := c.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: &url})
					if err != nil {
						return nil, err
					}
					return out.Tags, nil
				},
				Delete: census.Deleter(c.DeleteQueue, &sqs.DeleteQueueInput{QueueUrl: &url}),
			}
		})
}
