// Package logs lists and deletes what Amazon CloudWatch Logs holds.
package logs

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	census.Register(
		census.Lister{
			// After the workloads, which would write to a deleted group again and so
			// make it anew.
			Service: "logs", Types: []string{"aws_cloudwatch_log_group"}, Regional: true, Order: census.Networks + 90, List: listGroups,
			Parts: []census.Part{
				{Type: "aws_cloudwatch_log_stream", Of: "aws_cloudwatch_log_group", Why: "a stream is in its group"},
				{Type: "aws_cloudwatch_log_metric_filter", Of: "aws_cloudwatch_log_group", Why: "a filter is an entry of its group"},
				{Type: "aws_cloudwatch_log_subscription_filter", Of: "aws_cloudwatch_log_group", Why: "a filter is an entry of its group"},
				{Type: "aws_cloudwatch_log_data_protection_policy", Of: "aws_cloudwatch_log_group", Why: "an attribute of its group"},
			},
		},
		census.Lister{
			Service: "logs", Types: []string{"aws_cloudwatch_log_resource_policy"}, Regional: true, Order: census.Networks + 90, List: listPolicies,
		},
	)
}

func listGroups(ctx context.Context, cfg aws.Config) ([]census.Resource, error) {
	c := cloudwatchlogs.NewFromConfig(cfg)
	return census.Each(ctx, cloudwatchlogs.NewDescribeLogGroupsPaginator(c, &cloudwatchlogs.DescribeLogGroupsInput{}),
		func(p *cloudwatchlogs.DescribeLogGroupsOutput) []types.LogGroup { return p.LogGroups },
		func(g types.LogGroup) census.Resource {
			// The tagging calls want the ARN without the ":*" that stands for the streams.
			arn := strings.TrimSuffix(aws.ToString(g.Arn), ":*")
			return census.Resource{
				ID: aws.ToString(g.LogGroupName), Name: aws.ToString(g.LogGroupName), ARN: arn,
				ReadTags: func(ctx context.Context) (map[string]string, error) {
					out, err := c.ListTagsForResource(ctx, &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: &arn})
					if err != nil {
						return nil, err
					}
					return out.Tags, nil
				},
				Delete: census.Deleter(c.DeleteLogGroup, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: g.LogGroupName}),
			}
		})
}

// listPolicies lists what CloudWatch Logs has no tags for.
func listPolicies(ctx context.Context, cfg aws.Config) ([]census.Resource, error) {
	c := cloudwatchlogs.NewFromConfig(cfg)
	policies, err := census.Follow(func(token *string) ([]types.ResourcePolicy, *string, error) {
		out, err := c.DescribeResourcePolicies(ctx, &cloudwatchlogs.DescribeResourcePoliciesInput{NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.ResourcePolicies, out.NextToken, nil
	})
	return census.Map(policies, func(p types.ResourcePolicy) census.Resource {
		return census.Resource{
			ID: aws.ToString(p.PolicyName), Name: aws.ToString(p.PolicyName),
			Delete: census.Deleter(c.DeleteResourcePolicy, &cloudwatchlogs.DeleteResourcePolicyInput{PolicyName: p.PolicyName}),
		}
	}), err
}
