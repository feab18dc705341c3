package autoscaling_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/autoscaling"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestAutoScaling(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			must, c := censustest.Must(t), autoscaling.NewFromConfig(cfg)
			must(c.CreateLaunchConfiguration(ctx, &autoscaling.CreateLaunchConfigurationInput{
				LaunchConfigurationName: &name, ImageId: aws.String("ami-12c6146b"), InstanceType: aws.String("t3.micro"),
			}))
			in := &autoscaling.CreateAutoScalingGroupInput{
				AutoScalingGroupName: &name, LaunchConfigurationName: &name, MinSize: aws.Int32(1), MaxSize: aws.Int32(1), AvailabilityZones: []string{censustest.Region + "a"},
			}
			for k, v := range tags {
				in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
			}
			must(c.CreateAutoScalingGroup(ctx, in))
		},
		Types:    []string{"aws_autoscaling_group", "aws_launch_configuration"},
		Untagged: []string{"aws_launch_configuration"},
	})
}
