package eks_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/eks"
)

func TestMain(m *testing.M) { censustest.Main(m) }

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func TestEKS(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: makeCluster,
		Types: []string{
			"aws_eks_cluster", "aws_eks_node_group", "aws_eks_fargate_profile", "aws_eks_addon", "aws_eks_pod_identity_association", "aws_eks_access_entry",
		},
	})
}

func makeCluster(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
	must, c := censustest.Must(t), eks.NewFromConfig(cfg)
	role := censustest.Do(t, ctx, iam.NewFromConfig(cfg).CreateRole, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust)}).Role.Arn
	var subnets []string
	for _, s := range censustest.Do(t, ctx, ec2.NewFromConfig(cfg).DescribeSubnets, &ec2.DescribeSubnetsInput{}).Subnets {
		subnets = append(subnets, *s.SubnetId)
	}
	must(c.CreateCluster(ctx, &eks.CreateClusterInput{
		Name: &name, RoleArn: role, ResourcesVpcConfig: &types.VpcConfigRequest{SubnetIds: subnets}, Tags: tags, DeletionProtection: aws.Bool(true),
		AccessConfig: &types.CreateAccessConfigRequest{AuthenticationMode: types.AuthenticationModeApi},
	}))
	must(c.CreateNodegroup(ctx, &eks.CreateNodegroupInput{ClusterName: &name, NodegroupName: aws.String("system"), NodeRole: role, Subnets: subnets, Tags: tags}))
	must(c.CreateFargateProfile(ctx, &eks.CreateFargateProfileInput{
		ClusterName: &name, FargateProfileName: aws.String("batch"), PodExecutionRoleArn: role, Subnets: subnets[:1], Tags: tags,
		Selectors: []types.FargateProfileSelector{{Namespace: aws.String("batch")}},
	}))
	must(c.CreateAddon(ctx, &eks.CreateAddonInput{ClusterName: &name, AddonName: aws.String("coredns"), Tags: tags}))
	must(c.CreatePodIdentityAssociation(ctx, &eks.CreatePodIdentityAssociationInput{
		ClusterName: &name, Namespace: aws.String("fintrack"), ServiceAccount: aws.String("reporting"), RoleArn: role, Tags: tags,
	}))
	must(c.CreateAccessEntry(ctx, &eks.CreateAccessEntryInput{ClusterName: &name, PrincipalArn: role, Tags: tags}))
}
