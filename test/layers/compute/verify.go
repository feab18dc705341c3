// Package compute holds what the layer compute promises beyond its modules: the
// cluster as the environment says, who reaches its API, the way of the pods to the
// data tier, and the six repositories.
package compute

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	_ "github.com/fintrack/platform/test/kit/census/ec2"    // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/ecr"    // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/eks"    // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/events" // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/iam"    // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/logs"   // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/sqs"    // lists what is left
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

const drRegion = "us-west-2"

// services are the six services of the platform.
var services = []string{"reconciliation-service", "reporting-service", "notification-service", "auth-service", "transaction-worker", "ml-anomaly-detector"}

// Layer is the layer for the runner.
func Layer() deploy.Layer {
	return deploy.Layer{
		Name: "compute", Regions: []string{drRegion}, Verify: verify,
		Vars: map[string]any{"dr_region": drRegion},
		Prepare: func(_ context.Context, d *deploy.Deployment) (map[string]any, error) {
			return map[string]any{"repository_prefix": d.Name + "/"}, nil
		},
	}
}

type layer struct {
	d    *deploy.Deployment
	keys map[string]string
}

func verify(ctx context.Context, d *deploy.Deployment) {
	l := layer{d: d}
	d.Stack.Deployment("security").OutputAs("kms_key_arns", &l.keys)
	l.cluster(ctx)
	l.nodes(ctx)
	l.access(ctx)
	l.ways(ctx)
	l.repositories(ctx)
}

func (l layer) check(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "compute." + id, Title: title, Subject: subject, Controls: controls}
}

func (l layer) cluster(ctx context.Context) {
	const subject = "module.eks.aws_eks_cluster.this"
	version := l.check("cluster-version", "The cluster runs the Kubernetes version that the environment says", subject, "CC7.1")
	secrets := l.check("cluster-key", "Kubernetes secrets are encrypted with the layer security's key", subject, "CC6.1", "C1.1")
	endpoint := l.check("cluster-endpoint", "The API is private, and public for the networks that the environment names alone", subject, "CC6.6")
	subnets := l.check("cluster-subnets", "The cluster is in the private subnets of the layer networking", subject, "CC6.6", "A1.1")
	issuer := l.check("cluster-issuer", "Other layers are told the issuer that the cluster has", "output.oidc_issuer", "CC6.1")
	out, err := eks.NewFromConfig(l.d.AWS).DescribeCluster(ctx, &eks.DescribeClusterInput{Name: aws.String(l.d.Output("cluster_name"))})
	if err != nil {
		for _, c := range []check.Check{version, secrets, endpoint, subnets, issuer} {
			l.d.Checks.Err(c, "a cluster", err)
		}
		return
	}
	k := out.Cluster
	var want string
	l.d.Variable("kubernetes_version", &want)
	l.d.Checks.Equal(version, want, aws.ToString(k.Version))
	var key []string
	for _, e := range k.EncryptionConfig {
		key = append(key, aws.ToString(e.Provider.KeyArn))
	}
	l.d.Checks.Equal(secrets, []string{l.keys["eks"]}, key)
	cidrs := []string{}
	l.d.Variable("public_access_cidrs", &cidrs)
	got := []any{k.ResourcesVpcConfig.EndpointPrivateAccess, k.ResourcesVpcConfig.EndpointPublicAccess}
	if k.ResourcesVpcConfig.EndpointPublicAccess {
		got = append(got, k.ResourcesVpcConfig.PublicAccessCidrs)
		l.d.Checks.Equal(endpoint, []any{true, true, cidrs}, got)
	} else {
		l.d.Checks.Equal(endpoint, []any{true, len(cidrs) > 0}, got)
	}
	var private []string
	l.d.Stack.Deployment("networking").OutputAs("private_subnet_ids", &private)
	l.d.Checks.Equal(subnets, slices.Sorted(slices.Values(private)), slices.Sorted(slices.Values(k.ResourcesVpcConfig.SubnetIds)))
	l.d.Checks.Equal(issuer, aws.ToString(k.Identity.Oidc.Issuer), l.d.Output("oidc_issuer"))
}

func (l layer) nodes(ctx context.Context) {
	c := l.check("system-nodes", "The system nodes have the kinds and numbers that the environment says", "module.eks.aws_eks_node_group.system", "A1.1")
	client := eks.NewFromConfig(l.d.AWS)
	list, err := client.ListNodegroups(ctx, &eks.ListNodegroupsInput{ClusterName: aws.String(l.d.Output("cluster_name"))})
	if err != nil || len(list.Nodegroups) != 1 {
		l.d.Checks.Err(c, "one node group", err)
		return
	}
	g, err := client.DescribeNodegroup(ctx, &eks.DescribeNodegroupInput{ClusterName: aws.String(l.d.Output("cluster_name")), NodegroupName: &list.Nodegroups[0]})
	if err != nil {
		l.d.Checks.Err(c, "the node group", err)
		return
	}
	var want struct {
		Types []string `json:"instance_types"`
		Min   int32    `json:"min_size"`
		Max   int32    `json:"max_size"`
	}
	l.d.Variable("system_nodes", &want)
	l.d.Checks.Equal(c, []any{want.Types, want.Min, want.Max},
		[]any{g.Nodegroup.InstanceTypes, aws.ToInt32(g.Nodegroup.ScalingConfig.MinSize), aws.ToInt32(g.Nodegroup.ScalingConfig.MaxSize)})
}

// access reads who may use the cluster's API.
func (l layer) access(ctx context.Context) {
	c := l.check("cluster-access", "The pipeline may look into the services' namespace and is in a group of its own, the environment's administrators may do all, EKS has its nodes, and nobody else is let in", "module.eks.aws_eks_access_entry.this", "CC6.1", "CC6.2", "CC6.3")
	client, name := eks.NewFromConfig(l.d.AWS), aws.String(l.d.Output("cluster_name"))
	var roles map[string]string
	l.d.Stack.Deployment("security").OutputAs("github_role_arns", &roles)
	var administrators map[string]string
	l.d.Variable("administrator_role_arns", &administrators)
	want := map[string][]string{roles["ci"]: {"group fintrack:pipelines", "AmazonEKSViewPolicy fintrack"}}
	for _, arn := range administrators {
		want[arn] = []string{"AmazonEKSClusterAdminPolicy "}
	}
	got := map[string][]string{}
	list, err := client.ListAccessEntries(ctx, &eks.ListAccessEntriesInput{ClusterName: name})
	if err != nil {
		l.d.Checks.Err(c, "access entries", err)
		return
	}
	for _, arn := range list.AccessEntries {
		entry, err := client.DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: name, PrincipalArn: &arn})
		if err != nil {
			l.d.Checks.Err(c, "an access entry", err)
			return
		}
		if aws.ToString(entry.AccessEntry.Type) != "STANDARD" {
			want[arn], got[arn] = []string{"nodes"}, []string{"nodes"}
			if !strings.Contains(arn, l.d.Name) {
				want[arn] = nil
			}
			continue
		}
		p, err := client.ListAssociatedAccessPolicies(ctx, &eks.ListAssociatedAccessPoliciesInput{ClusterName: name, PrincipalArn: &arn})
		if err != nil {
			l.d.Checks.Err(c, "its policies", err)
			return
		}
		for _, g := range entry.AccessEntry.KubernetesGroups {
			got[arn] = append(got[arn], "group "+g)
		}
		for _, a := range p.AssociatedAccessPolicies {
			policy := aws.ToString(a.PolicyArn)
			scope := slices.Sorted(slices.Values(a.AccessScope.Namespaces))
			got[arn] = append(got[arn], policy[strings.LastIndex(policy, "/")+1:]+" "+strings.Join(scope, ","))
		}
	}
	l.d.Checks.Equal(c, want, got)
}

// ways reads who may connect to the data tier, now that the cluster is there.
func (l layer) ways(ctx context.Context) {
	data := l.d.Stack.Deployment("data")
	pods := l.d.Output("cluster_security_group_id")
	l.way(ctx, l.check("way-to-database", "The database admits the pods and the rotation function on its port, and nobody else", `aws_vpc_security_group_ingress_rule.data["database"]`, "CC6.1", "CC6.6"),
		data.Output("rds_security_group_id"), []string{"5432-5432 from " + pods, "5432-5432 from rotation"})
	l.way(ctx, l.check("way-to-cache", "The cache admits the pods on its port, and nobody else", `aws_vpc_security_group_ingress_rule.data["cache"]`, "CC6.1", "CC6.6"),
		data.Output("elasticache_security_group_id"), []string{"6379-6379 from " + pods})
}

func (l layer) way(ctx context.Context, c check.Check, group string, want []string) {
	client := ec2.NewFromConfig(l.d.AWS)
	out, err := client.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{Filters: []ec2types.Filter{{Name: aws.String("group-id"), Values: []string{group}}}})
	if err != nil {
		l.d.Checks.Err(c, "rules", err)
		return
	}
	got := []string{}
	for _, r := range out.SecurityGroupRules {
		if aws.ToBool(r.IsEgress) {
			continue
		}
		from := aws.ToString(r.CidrIpv4) + aws.ToString(r.CidrIpv6) + aws.ToString(r.PrefixListId)
		if r.ReferencedGroupInfo != nil {
			from = aws.ToString(r.ReferencedGroupInfo.GroupId)
			if from != l.d.Output("cluster_security_group_id") {
				from = l.groupName(ctx, client, from)
			}
		}
		got = append(got, portRange(r)+" from "+from)
	}
	l.d.Checks.Equal(c, slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got)))
}

// groupName is the purpose in the name of a group of the platform.
func (l layer) groupName(ctx context.Context, client *ec2.Client, id string) string {
	out, err := client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{id}})
	if err != nil || len(out.SecurityGroups) != 1 {
		return id
	}
	if strings.HasPrefix(aws.ToString(out.SecurityGroups[0].GroupName), l.d.Name+"-rotation-") {
		return "rotation"
	}
	return id
}

func portRange(r ec2types.SecurityGroupRule) string {
	return strings.Join([]string{itoa(r.FromPort), itoa(r.ToPort)}, "-")
}

func (l layer) repositories(ctx context.Context) {
	var urls map[string]string
	l.d.OutputAs("ecr_repository_urls", &urls)
	client := ecr.NewFromConfig(l.d.AWS)
	c := l.check("repositories", "There is a repository for each of the six services, immutable, scanned, under the layer security's key", "module.ecr.aws_ecr_repository.this", "CC6.1", "CC6.8", "CC7.1")
	out, err := client.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{})
	if err != nil {
		l.d.Checks.Err(c, "six repositories", err)
		return
	}
	want, got := map[string][]any{}, map[string][]any{}
	for _, s := range services {
		want[l.d.Name+"/"+s] = []any{urls[s], types.ImageTagMutabilityImmutable, true, types.EncryptionTypeKms, l.keys["ecr"]}
	}
	for _, r := range out.Repositories {
		got[aws.ToString(r.RepositoryName)] = []any{aws.ToString(r.RepositoryUri), r.ImageTagMutability, r.ImageScanningConfiguration.ScanOnPush, r.EncryptionConfiguration.EncryptionType, aws.ToString(r.EncryptionConfiguration.KmsKey)}
	}
	l.d.Checks.Equal(c, want, got)

	c = l.check("images-copied", "Every image is copied to the other Region", "module.ecr.aws_ecr_replication_configuration.this", "A1.2")
	registry, err := client.DescribeRegistry(ctx, &ecr.DescribeRegistryInput{})
	if err != nil {
		l.d.Checks.Err(c, drRegion, err)
		return
	}
	var regions []string
	if registry.ReplicationConfiguration != nil {
		for _, r := range registry.ReplicationConfiguration.Rules {
			for _, d := range r.Destinations {
				regions = append(regions, aws.ToString(d.Region))
			}
		}
	}
	l.d.Checks.Equal(c, []string{drRegion}, regions)
}

func itoa(n *int32) string { return strconv.Itoa(int(aws.ToInt32(n))) }
