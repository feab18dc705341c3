package endtoend

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// permitted reads the answer to a request that only asks whether it may (EC2's
// DryRun): a yes is an error of its own.
func permitted[T any](_ T, err error) error {
	switch {
	case err == nil:
		return errors.New("a request that only asked whether it may was carried out")
	case code(err) == "DryRunOperation":
		return nil
	}
	return err
}

// specs are tags for each kind of resource that a request makes.
func specs(tags map[string]string, kinds ...ec2types.ResourceType) []ec2types.TagSpecification {
	var list []ec2types.Tag
	for _, k := range sorted(tags) {
		list = append(list, ec2types.Tag{Key: aws.String(k), Value: aws.String(tags[k])})
	}
	var out []ec2types.TagSpecification
	for _, kind := range kinds {
		out = append(out, ec2types.TagSpecification{ResourceType: kind, Tags: list})
	}
	return out
}

func machines(s session) *ec2.Client { return ec2.NewFromConfig(s.aws) }

// launchAsks are Karpenter's way from what it reads to a node and back.
func (w *world) launchAsks() []ask {
	m := &w.material
	by := []string{karpenter}
	own := map[string]string{"kubernetes.io/cluster/" + m.clusterName: "owned", "karpenter.sh/nodepool": "general", "eks:eks-cluster-name": m.clusterName}
	another := map[string]string{"kubernetes.io/cluster/another": "owned", "karpenter.sh/nodepool": "general", "eks:eks-cluster-name": "another"}
	asks := []ask{
		{id: "images-find", title: "Images of machines are read by Karpenter", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{m.image}}))
		}},
		{id: "instances-states", title: "The states of instances are read by Karpenter", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeInstanceStatus(ctx, &ec2.DescribeInstanceStatusInput{}))
		}},
		{id: "offerings-list", title: "Where a type is offered is read by Karpenter", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeInstanceTypeOfferings(ctx, &ec2.DescribeInstanceTypeOfferingsInput{
				Filters: []ec2types.Filter{{Name: aws.String("instance-type"), Values: []string{"m6i.xlarge"}}}}))
		}},
		{id: "templates-list", title: "Launch templates are listed by Karpenter", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{}))
		}},
		{id: "spot-prices", title: "Spot prices are read by Karpenter", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DescribeSpotPriceHistory(ctx, &ec2.DescribeSpotPriceHistoryInput{InstanceTypes: []ec2types.InstanceType{ec2types.InstanceTypeM6iXlarge}}))
		}},
		{id: "reservations-list", title: "Capacity reservations may be listed by Karpenter", by: by, do: func(ctx context.Context, s session) error {
			return permitted(machines(s).DescribeCapacityReservations(ctx, &ec2.DescribeCapacityReservationsInput{DryRun: aws.Bool(true)}))
		}},
		{id: "image-name", title: "AWS's own parameters are read by Karpenter", by: by, do: func(ctx context.Context, s session) error {
			return answer(ssm.NewFromConfig(s.aws).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64")}))
		}},
		{id: "parameter-own", title: "A parameter of the account is read by no pod", do: func(ctx context.Context, s session) error {
			return answer(ssm.NewFromConfig(s.aws).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("/fintrack/x")}))
		}},
		{id: "prices-read", title: "The price list is read by Karpenter", by: by, lacks: "no price list", do: func(ctx context.Context, s session) error {
			return answer(pricing.NewFromConfig(s.aws).GetProducts(ctx, &pricing.GetProductsInput{ServiceCode: aws.String("AmazonEC2")}))
		}},
		{id: "interruptions-find", title: "The queue of interruptions is found by Karpenter", by: by, do: func(ctx context.Context, s session) error {
			return answer(sqs.NewFromConfig(s.aws).GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(lastPart(m.interruptions))}))
		}},
		{id: "interruptions-delete", title: "Word of an interruption is put away by Karpenter", by: by, do: w.interruption},
	}
	kinds := []ec2types.ResourceType{ec2types.ResourceTypeInstance, ec2types.ResourceTypeVolume, ec2types.ResourceTypeNetworkInterface}
	return append(asks,
		ask{id: "template-make", title: "A launch template with the cluster's mark is made by Karpenter", by: by, do: w.template("nodes", own, &m.made.template)},
		ask{id: "template-make-foreign", title: "A launch template with another cluster's mark is made by nobody", do: w.template("foreign", another, new(string))},
		ask{id: "fleet-make", title: "A fleet of spot nodes may be asked for by Karpenter", by: by, do: w.fleet(own)},
		ask{id: "fleet-make-foreign", title: "A fleet with another cluster's mark may be asked for by nobody", do: w.fleet(another)},
		ask{id: "node-start", title: "A node is started from an own template, with the nodes' role, by Karpenter", by: by, do: w.node(specs(own, kinds...), &m.made.node)},
		ask{id: "node-start-foreign", title: "A node with another cluster's mark is started by nobody", do: w.node(specs(another, kinds...), new(string))},
		ask{id: "node-start-unmarked", title: "A node without a mark is started by nobody", do: w.node(nil, new(string))},
		ask{id: "node-name", title: "An own node is named by Karpenter", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{m.made.node}, Tags: []ec2types.Tag{{Key: aws.String("Name"), Value: aws.String("node")}}}))
		}},
		ask{id: "node-mark", title: "An own node is given another mark by nobody", do: func(ctx context.Context, s session) error {
			return answer(machines(s).CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{m.made.node}, Tags: []ec2types.Tag{{Key: aws.String("Environment"), Value: aws.String("x")}}}))
		}},
		ask{id: "template-remove", title: "An own launch template is removed by Karpenter", by: by, do: func(ctx context.Context, s session) error {
			return answer(machines(s).DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: &m.made.template}))
		}},
	)
}

// interruption is put into the queue by the administrator, and away by a pod.
func (w *world) interruption(ctx context.Context, s session) error {
	admin, queue := sqs.NewFromConfig(w.s.Sandbox.AWS), &w.material.interruptions
	if err := answer(admin.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: queue, MessageBody: aws.String("{}")})); err != nil {
		return err
	}
	got, err := admin.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue})
	if err != nil {
		return err
	}
	if len(got.Messages) == 0 {
		return errors.New("the message that was just sent is not there")
	}
	return answer(sqs.NewFromConfig(s.aws).DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: queue, ReceiptHandle: got.Messages[0].ReceiptHandle}))
}

func (w *world) template(name string, tags map[string]string, into *string) do {
	return func(ctx context.Context, s session) error {
		m := &w.material
		out, err := machines(s).CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
			LaunchTemplateName: aws.String(m.name + "-" + name),
			LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: &m.image, InstanceType: ec2types.InstanceTypeM6iXlarge,
				IamInstanceProfile: &ec2types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: &m.profile}},
			TagSpecifications: specs(tags, ec2types.ResourceTypeLaunchTemplate),
		})
		if err == nil {
			*into = aws.ToString(out.LaunchTemplate.LaunchTemplateId)
		}
		return err
	}
}

// fleet asks whether a fleet may be made.
func (w *world) fleet(tags map[string]string) do {
	return func(ctx context.Context, s session) error {
		m := &w.material
		return permitted(machines(s).CreateFleet(ctx, &ec2.CreateFleetInput{
			DryRun: aws.Bool(true), Type: ec2types.FleetTypeInstant,
			LaunchTemplateConfigs: []ec2types.FleetLaunchTemplateConfigRequest{{
				LaunchTemplateSpecification: &ec2types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateId: &m.made.template, Version: aws.String("$Latest")},
				Overrides:                   []ec2types.FleetLaunchTemplateOverridesRequest{{SubnetId: &m.private[0], ImageId: &m.image}},
			}},
			TargetCapacitySpecification: &ec2types.TargetCapacitySpecificationRequest{TotalTargetCapacity: aws.Int32(1), DefaultTargetCapacityType: ec2types.DefaultTargetCapacityTypeSpot},
			TagSpecifications: specs(tags, ec2types.ResourceTypeFleet, ec2types.ResourceTypeInstance, ec2types.ResourceTypeVolume,
				ec2types.ResourceTypeNetworkInterface, ec2types.ResourceTypeSpotInstancesRequest),
		}))
	}
}

func (w *world) node(tags []ec2types.TagSpecification, into *string) do {
	return func(ctx context.Context, s session) error {
		m := &w.material
		out, err := machines(s).RunInstances(ctx, &ec2.RunInstancesInput{
			MinCount: aws.Int32(1), MaxCount: aws.Int32(1), TagSpecifications: tags,
			LaunchTemplate:    &ec2types.LaunchTemplateSpecification{LaunchTemplateId: &m.made.template},
			NetworkInterfaces: []ec2types.InstanceNetworkInterfaceSpecification{{DeviceIndex: aws.Int32(0), SubnetId: &m.private[0], DeleteOnTermination: aws.Bool(true)}},
		})
		if err == nil {
			*into = aws.ToString(out.Instances[0].InstanceId)
		}
		return err
	}
}
