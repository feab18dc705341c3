package elbv2_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/elbv2"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestELB(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			must, c := censustest.Must(t), elb.NewFromConfig(cfg)
			var ts []types.Tag
			for k, v := range tags {
				ts = append(ts, types.Tag{Key: aws.String(k), Value: aws.String(v)})
			}
			subnets := censustest.Do(t, ctx, ec2.NewFromConfig(cfg).DescribeSubnets, &ec2.DescribeSubnetsInput{}).Subnets
			lb := censustest.Do(t, ctx, c.CreateLoadBalancer, &elb.CreateLoadBalancerInput{
				Name: &name, Subnets: []string{*subnets[0].SubnetId, *subnets[1].SubnetId}, Tags: ts,
			}).LoadBalancers[0].LoadBalancerArn
			must(c.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: lb, Attributes: []types.LoadBalancerAttribute{
				{Key: aws.String("deletion_protection.enabled"), Value: aws.String("true")},
			}}))
			group := censustest.Do(t, ctx, c.CreateTargetGroup, &elb.CreateTargetGroupInput{
				Name: &name, Protocol: types.ProtocolEnumHttp, Port: aws.Int32(8080), VpcId: subnets[0].VpcId, TargetType: types.TargetTypeEnumIp, Tags: ts,
			}).TargetGroups[0].TargetGroupArn
			must(c.CreateListener(ctx, &elb.CreateListenerInput{
				LoadBalancerArn: lb, Protocol: types.ProtocolEnumHttp, Port: aws.Int32(80),
				DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: group}},
			}))
		},
		Types: []string{"aws_lb", "aws_lb_target_group"},
	})
}
