package endtoend

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// clear removes, as the administrator, what no layer will remove with what is its own.
// What a controller made it has removed itself, unless it was refused half way; a
// removal of what is gone already is no error.
func (w *world) clear(ctx context.Context) error {
	m := &w.material
	machines, balancers := ec2.NewFromConfig(w.s.Sandbox.AWS), elb.NewFromConfig(w.s.Sandbox.AWS)
	var ids []string
	for _, id := range []string{m.own, m.foreign, m.made.node} {
		if id != "" {
			ids = append(ids, id)
		}
	}
	steps := []struct {
		is string
		do func(id *string) error
	}{
		{m.otherGroup, func(id *string) error {
			return answer(cloudwatchlogs.NewFromConfig(w.s.Sandbox.AWS).DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: id}))
		}},
		{m.made.balancer, func(id *string) error {
			return answer(balancers.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: id}))
		}},
		{m.made.targets, func(id *string) error {
			return answer(balancers.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: id}))
		}},
		{m.made.group, func(id *string) error {
			return answer(machines.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: id}))
		}},
		{m.made.template, func(id *string) error {
			return answer(machines.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: id}))
		}},
		{m.made.snapshot, func(id *string) error {
			return answer(machines.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: id}))
		}},
		{m.made.linkedRole, func(id *string) error {
			return answer(iam.NewFromConfig(w.s.Sandbox.AWS).DeleteServiceLinkedRole(ctx, &iam.DeleteServiceLinkedRoleInput{RoleName: id}))
		}},
	}
	var errs []error
	if len(ids) > 0 {
		errs = append(errs, answer(machines.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: ids})))
	}
	if m.made.volume != "" {
		errs = append(errs, gone(answer(machines.DeleteVolume(ctx, &ec2.DeleteVolumeInput{VolumeId: &m.made.volume}))))
	}
	for _, s := range steps {
		if s.is != "" {
			errs = append(errs, gone(s.do(&s.is)))
		}
	}
	return errors.Join(errs...)
}

// gone leaves out the errors of what is not there.
func gone(err error) error {
	switch code(err) {
	case "LoadBalancerNotFound", "TargetGroupNotFound", "InvalidGroup.NotFound", "InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateName.NotFoundException",
		"InvalidSnapshot.NotFound", "InvalidVolume.NotFound", "NoSuchEntity":
		return nil
	}
	return err
}

// answer keeps of an answer whether there was one.
func answer[T any](_ T, err error) error { return err }
