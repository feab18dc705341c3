// Package autoscaling lists and deletes what Amazon EC2 Auto Scaling holds.
package autoscaling

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	const group = "aws_autoscaling_group"
	census.Register(
		census.Lister{
			Service: "autoscaling", Types: []string{group}, Regional: true, Order: census.Actors, List: census.With(autoscaling.NewFromConfig, listGroups),
			Parts: []census.Part{
				{Type: "aws_autoscaling_group_tag", Of: group, Why: "a tag is an attribute of its group"},
				{Type: "aws_autoscaling_policy", Of: group, Why: "a policy is an entry of its group"},
				{Type: "aws_autoscaling_schedule", Of: group, Why: "a schedule is an entry of its group"},
				{Type: "aws_autoscaling_attachment", Of: group, Why: "an attachment is an entry of its group"},
				{Type: "aws_autoscaling_lifecycle_hook", Of: group, Why: "a hook is an entry of its group"},
				{Type: "aws_autoscaling_notification", Of: group, Why: "a notification is an entry of its group"},
			},
		},
		census.Lister{
			Service: "autoscaling", Types: []string{"aws_launch_configuration"}, Regional: true, Order: census.Workloads + 10, List: census.With(autoscaling.NewFromConfig, listConfigurations),
		},
	)
}

// nodeGroupTag is on the groups that EKS makes for a managed node group, which go
// with it.
const nodeGroupTag = "eks:nodegroup-name"

func listGroups(ctx context.Context, c *autoscaling.Client) ([]census.Resource, error) {
	return census.Each(ctx, autoscaling.NewDescribeAutoScalingGroupsPaginator(c, &autoscaling.DescribeAutoScalingGroupsInput{}),
		func(p *autoscaling.DescribeAutoScalingGroupsOutput) []types.AutoScalingGroup {
			return p.AutoScalingGroups
		},
		func(g types.AutoScalingGroup) census.Resource {
			tags := census.Tags(g.Tags, func(t types.TagDescription) (k, v *string) { return t.Key, t.Value })
			if _, managed := tags[nodeGroupTag]; managed {
				return census.Resource{}
			}
			return census.Resource{
				ID: aws.ToString(g.AutoScalingGroupName), Name: aws.ToString(g.AutoScalingGroupName), ARN: aws.ToString(g.AutoScalingGroupARN), Tags: tags,
				Leaving: aws.ToString(g.Status) == "Delete in progress",
				Delete:  census.Deleter(c.DeleteAutoScalingGroup, &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: g.AutoScalingGroupName, ForceDelete: aws.Bool(true)}),
			}
		})
}

// listConfigurations lists what Auto Scaling has no tags for.
func listConfigurations(ctx context.Context, c *autoscaling.Client) ([]census.Resource, error) {
	return census.Each(ctx, autoscaling.NewDescribeLaunchConfigurationsPaginator(c, &autoscaling.DescribeLaunchConfigurationsInput{}),
		func(p *autoscaling.DescribeLaunchConfigurationsOutput) []types.LaunchConfiguration {
			return p.LaunchConfigurations
		},
		func(l types.LaunchConfiguration) census.Resource {
			return census.Resource{
				ID: aws.ToString(l.LaunchConfigurationName), Name: aws.ToString(l.LaunchConfigurationName), ARN: aws.ToString(l.LaunchConfigurationARN),
				Delete: census.Deleter(c.DeleteLaunchConfiguration, &autoscaling.DeleteLaunchConfigurationInput{LaunchConfigurationName: l.LaunchConfigurationName}),
			}
		})
}
