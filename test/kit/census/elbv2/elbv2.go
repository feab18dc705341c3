// Package elbv2 lists and deletes the load balancers of Elastic Load Balancing.
package elbv2

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	const balancer, group = "aws_lb", "aws_lb_target_group"
	census.Register(
		census.Lister{
			Service: "elbv2", Types: []string{balancer}, Regional: true, List: census.With(elb.NewFromConfig, listBalancers),
			Parts: []census.Part{
				{Type: "aws_lb_listener", Of: balancer, Why: "a load balancer is deleted with its listeners"},
				{Type: "aws_lb_listener_rule", Of: balancer, Why: "a rule is an entry of its listener"},
				{Type: "aws_lb_listener_certificate", Of: balancer, Why: "a certificate is an entry of its listener"},
			},
		},
		census.Lister{
			Service: "elbv2", Types: []string{group}, Regional: true, Order: census.Workloads + 10, List: census.With(elb.NewFromConfig, listTargetGroups),
			Parts: []census.Part{
				{Type: "aws_lb_target_group_attachment", Of: group, Why: "a target is an entry of its group"},
			},
		},
	)
}

func tagged(c *elb.Client, arn *string) func(context.Context) (map[string]string, error) {
	return func(ctx context.Context) (map[string]string, error) {
		out, err := c.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: []string{*arn}})
		if err != nil {
			return nil, err
		}
		tags := map[string]string{}
		for _, d := range out.TagDescriptions {
			tags = census.Tags(d.Tags, func(t types.Tag) (k, v *string) { return t.Key, t.Value })
		}
		return tags, nil
	}
}

func listBalancers(ctx context.Context, c *elb.Client) ([]census.Resource, error) {
	return census.Each(ctx, elb.NewDescribeLoadBalancersPaginator(c, &elb.DescribeLoadBalancersInput{}),
		func(p *elb.DescribeLoadBalancersOutput) []types.LoadBalancer { return p.LoadBalancers },
		func(l types.LoadBalancer) census.Resource {
			return census.Resource{
				ID: aws.ToString(l.LoadBalancerArn), ARN: aws.ToString(l.LoadBalancerArn), Name: aws.ToString(l.LoadBalancerName), ReadTags: tagged(c, l.LoadBalancerArn),
				Delete: func(ctx context.Context) error { return deleteBalancer(ctx, c, l.LoadBalancerArn) },
			}
		})
}

// deleteBalancer lifts the deletion protection first, if there is one.
func deleteBalancer(ctx context.Context, c *elb.Client, arn *string) error {
	del := census.Deleter(c.DeleteLoadBalancer, &elb.DeleteLoadBalancerInput{LoadBalancerArn: arn})
	err := del(ctx)
	if !census.HasCode(err, "OperationNotPermitted") {
		return err
	}
	_, err = c.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: arn, Attributes: []types.LoadBalancerAttribute{
		{Key: aws.String("deletion_protection.enabled"), Value: aws.String("false")},
	}})
	if err != nil {
		return fmt.Errorf("lift the deletion protection: %w", err)
	}
	return del(ctx)
}

func listTargetGroups(ctx context.Context, c *elb.Client) ([]census.Resource, error) {
	return census.Each(ctx, elb.NewDescribeTargetGroupsPaginator(c, &elb.DescribeTargetGroupsInput{}),
		func(p *elb.DescribeTargetGroupsOutput) []types.TargetGroup { return p.TargetGroups },
		func(g types.TargetGroup) census.Resource {
			return census.Resource{
				ID: aws.ToString(g.TargetGroupArn), ARN: aws.ToString(g.TargetGroupArn), Name: aws.ToString(g.TargetGroupName), ReadTags: tagged(c, g.TargetGroupArn),
				Delete: census.Deleter(c.DeleteTargetGroup, &elb.DeleteTargetGroupInput{TargetGroupArn: g.TargetGroupArn}),
			}
		})
}
