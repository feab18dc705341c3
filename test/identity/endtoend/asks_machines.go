package endtoend

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// machineAsks are those to EC2, EKS and Elastic Load Balancing.
func (w *world) machineAsks() []ask {
	m := &w.material
	return []ask{
		{id: "instances-list", title: "Instances are listed by the controllers that need to", by: []string{karpenter, balancer, volumes}, do: func(ctx context.Context, s session) error {
			_, err := ec2.NewFromConfig(s.aws).DescribeInstances(ctx, &ec2.DescribeInstancesInput{})
			return err
		}},
		{id: "types-list", title: "Instance types are listed by Karpenter", by: []string{karpenter}, do: func(ctx context.Context, s session) error {
			_, err := ec2.NewFromConfig(s.aws).DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{InstanceTypes: []ec2types.InstanceType{ec2types.InstanceTypeM6iXlarge}})
			return err
		}},
		{id: "instance-end-foreign", title: "An instance that is not Karpenter's is ended by nobody", do: ended(&m.foreign)},
		{id: "instance-end-own", title: "An instance of Karpenter's is ended by Karpenter", by: []string{karpenter}, do: ended(&m.own)},
		{id: "instance-tag-foreign", title: "An instance that is not Karpenter's is marked as its own by nobody", do: func(ctx context.Context, s session) error {
			_, err := ec2.NewFromConfig(s.aws).CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{m.foreign},
				Tags: []ec2types.Tag{{Key: aws.String("kubernetes.io/cluster/" + m.clusterName), Value: aws.String("owned")}}})
			return err
		}},
		{id: "cluster-find", title: "The API server's address is found by Karpenter", by: []string{karpenter}, do: func(ctx context.Context, s session) error {
			_, err := eks.NewFromConfig(s.aws).DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &m.clusterName})
			return err
		}},
		{id: "profile-read", title: "The nodes' instance profile is read by Karpenter", by: []string{karpenter}, do: func(ctx context.Context, s session) error {
			client := iam.NewFromConfig(s.aws)
			if _, err := client.ListInstanceProfiles(ctx, &iam.ListInstanceProfilesInput{}); err != nil {
				return err
			}
			_, err := client.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &m.profile})
			return err
		}},
		{id: "balancers-list", title: "Load balancers are listed by their controller", by: []string{balancer}, do: func(ctx context.Context, s session) error {
			_, err := elb.NewFromConfig(s.aws).DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{})
			return err
		}},
	}
}

// ended ends an instance.
func ended(id *string) do {
	return func(ctx context.Context, s session) error {
		_, err := ec2.NewFromConfig(s.aws).TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{*id}})
		return err
	}
}

// forbiddenAsks are those that no pod may make.
func (w *world) forbiddenAsks() []ask {
	m := &w.material
	key := m.keys["s3"]
	role := w.roles[detector]
	roleName := role[strings.LastIndexByte(role, '/')+1:]
	return []ask{
		{id: "key-direct", title: "A data key is made directly, not through a service, by nobody", do: func(ctx context.Context, s session) error {
			_, err := kms.NewFromConfig(s.aws).GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &key, KeySpec: "AES_256"})
			return err
		}},
		{id: "buckets-list", title: "The account's buckets are listed by no pod", do: func(ctx context.Context, s session) error {
			_, err := s3.NewFromConfig(s.aws, pathStyle).ListBuckets(ctx, &s3.ListBucketsInput{})
			return err
		}},
		{id: "bucket-policy", title: "A bucket's policy is removed by no pod", do: func(ctx context.Context, s session) error {
			_, err := s3.NewFromConfig(s.aws, pathStyle).DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: aws.String(m.buckets["reports"])})
			return err
		}},
		{id: "role-policy", title: "A role is given a policy by no pod", do: func(ctx context.Context, s session) error {
			_, err := iam.NewFromConfig(s.aws).PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &roleName, PolicyName: aws.String("more"),
				PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)})
			return err
		}},
		{id: "role-assume", title: "Another role is assumed by no pod", do: func(ctx context.Context, s session) error {
			_, err := sts.NewFromConfig(s.aws).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("chained")})
			return err
		}},
		{id: "user-make", title: "A user is made by no pod", do: func(ctx context.Context, s session) error {
			_, err := iam.NewFromConfig(s.aws).CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("intruder")})
			return err
		}},
	}
}
