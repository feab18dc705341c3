package eks_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/fintrack/platform/test/kit/policydoc"
)

// controlPlane reads what the cluster is and who reaches it.
func (p platform) controlPlane(ctx context.Context) {
	got, err := p.api.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &p.out.Name})
	if err != nil {
		p.Checks.Err(promise("exists", "The cluster exists", cluster, "CC8.1"), p.out.Name, err)
		return
	}
	c := got.Cluster
	p.Checks.Equal(promise("version", "The control plane runs the version that was asked for", cluster, "CC7.1", "CC8.1"), "1.35", aws.ToString(c.Version))
	var encrypted []string
	for _, e := range c.EncryptionConfig {
		encrypted = append(encrypted, aws.ToString(e.Provider.KeyArn))
	}
	p.Checks.Equal(promise("secrets-encrypted", "Kubernetes secrets are encrypted under the customer's key", cluster, "CC6.1", "C1.1"), []string{p.keys["secrets"]}, encrypted)
	v := c.ResourcesVpcConfig
	p.Checks.Equal(promise("endpoint", "The API server is reached from within, and from outside by the named networks alone", cluster, "CC6.6"),
		[]any{true, true, []string{"203.0.113.0/24"}}, []any{v.EndpointPrivateAccess, v.EndpointPublicAccess, v.PublicAccessCidrs})
	var subnets []string
	p.OutputAs("subnet_ids", &subnets)
	slices.Sort(subnets)
	slices.Sort(v.SubnetIds)
	p.Checks.Equal(promise("private-subnets", "The control plane's interfaces stand in the given private subnets", cluster, "CC6.6", "A1.2"), subnets, v.SubnetIds)
	var logs []string
	for _, l := range c.Logging.ClusterLogging {
		if aws.ToBool(l.Enabled) {
			for _, kind := range l.Types {
				logs = append(logs, string(kind))
			}
		}
	}
	slices.Sort(logs)
	p.Checks.Equal(promise("logged", "All five kinds of control-plane logs are on", cluster, "CC7.2", "CC7.3"), []string{"api", "audit", "authenticator", "controllerManager", "scheduler"}, logs)
	var access []any
	if a := c.AccessConfig; a != nil {
		access = []any{a.AuthenticationMode, aws.ToBool(a.BootstrapClusterCreatorAdminPermissions)}
	}
	p.Checks.Equal(promise("access-entries-only", "Access is by entries alone: aws-auth is not read, and the cluster's maker has no rights by that", cluster, "CC6.1", "CC6.2"), []any{types.AuthenticationModeApi, false}, access)
	want := map[string]string{"Name": p.Name}
	for k, tag := range p.Sandbox.Tags {
		want[k] = tag
	}
	p.Checks.Equal(promise("tags", "The cluster carries the given tags", cluster, "CC8.1"), want, c.Tags)
	p.clusterRole(ctx, aws.ToString(c.RoleArn))
}

// role reads a role's trust and the names of all its policies.
func (p platform) role(ctx context.Context, arn string) (trust []policydoc.Statement, policies []string, err error) {
	api, name := iam.NewFromConfig(p.AWS), aws.String(arn[strings.LastIndex(arn, "/")+1:])
	role, err := api.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	if err != nil {
		return nil, nil, err
	}
	if trust, err = policydoc.Read(aws.ToString(role.Role.AssumeRolePolicyDocument)); err != nil {
		return nil, nil, err
	}
	attached, err := api.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: name})
	if err != nil {
		return nil, nil, err
	}
	for _, a := range attached.AttachedPolicies {
		policies = append(policies, aws.ToString(a.PolicyArn))
	}
	inline, err := api.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: name})
	if err != nil {
		return nil, nil, err
	}
	for _, n := range inline.PolicyNames {
		policies = append(policies, "inline "+n)
	}
	slices.Sort(policies)
	return trust, policies, nil
}

// holds records that a role trusts exactly one statement and has exactly these policies.
func (p platform) holds(ctx context.Context, id, title, subject, arn string, trust policydoc.Statement, policies ...string) {
	c := promise(id, title, subject, "CC6.1", "CC6.3")
	gotTrust, gotPolicies, err := p.role(ctx, arn)
	if err != nil {
		p.Checks.Err(c, "the role "+arn, err)
		return
	}
	slices.Sort(policies)
	p.Checks.Equal(c, []any{[]policydoc.Statement{trust}, policies}, []any{gotTrust, gotPolicies})
}

const managed = "arn:aws:iam::aws:policy/"

func service(sid, name string) policydoc.Statement {
	return policydoc.Statement{"Sid": sid, "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"Service": name}}
}

// token is the trust in one service account of this cluster.
func (p platform) token(namespace, account string) policydoc.Statement {
	return policydoc.Statement{
		"Sid": "ServiceAccounts", "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": map[string]any{"Federated": p.out.Provider},
		"Condition": map[string]any{"StringEquals": map[string]any{
			p.out.issuer() + ":sub": "system:serviceaccount:" + namespace + ":" + account, p.out.issuer() + ":aud": "sts.amazonaws.com",
		}},
	}
}

func (p platform) clusterRole(ctx context.Context, arn string) {
	p.holds(ctx, "cluster-role", "The control plane has AWS's policy for it and no other, and EKS alone assumes its role", "module.eks.aws_iam_role.cluster", arn,
		policydoc.Statement{"Sid": "ControlPlane", "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"Service": "eks.amazonaws.com"}, "Condition": map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": p.Sandbox.Account}, "ArnEquals": map[string]any{"aws:SourceArn": p.out.ARN},
		}}, managed+"AmazonEKSClusterPolicy")
}

// log reads where the control plane's log is kept.
func (p platform) log(ctx context.Context) {
	c := promise("log-kept", "The control plane's log is encrypted under the customer's key and kept for a year", "module.eks.aws_cloudwatch_log_group.this", "CC7.2", "C1.1")
	found, err := cloudwatchlogs.NewFromConfig(p.AWS).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &p.out.Log})
	if err != nil {
		p.Checks.Err(c, "365 days", err)
		return
	}
	var have []any
	for _, g := range found.LogGroups {
		if aws.ToString(g.LogGroupName) == "/aws/eks/"+p.Name+"/cluster" {
			have = []any{aws.ToString(g.KmsKeyId), aws.ToInt32(g.RetentionInDays)}
		}
	}
	p.Checks.Equal(c, []any{p.keys["secrets"], int32(365)}, have)
}

// access reads every entry: who has one that was not named would be in the cluster.
func (p platform) access(ctx context.Context) {
	c := promise("access", "The named principals are in the cluster with what was named, Karpenter's nodes as nodes, and nobody else", "module.eks.aws_eks_access_entry.this", "CC6.1", "CC6.2", "CC6.3")
	var people map[string]string
	p.OutputAs("people_role_arns", &people)
	list, err := p.api.ListAccessEntries(ctx, &eks.ListAccessEntriesInput{ClusterName: &p.out.Name})
	if err != nil {
		p.Checks.Err(c, "three entries", err)
		return
	}
	got := map[string]string{}
	for _, principal := range list.AccessEntries {
		e, err := p.api.DescribeAccessEntry(ctx, &eks.DescribeAccessEntryInput{ClusterName: &p.out.Name, PrincipalArn: aws.String(principal)})
		if err != nil {
			p.Checks.Err(c, principal, err)
			return
		}
		policies, err := p.api.ListAssociatedAccessPolicies(ctx, &eks.ListAssociatedAccessPoliciesInput{ClusterName: &p.out.Name, PrincipalArn: aws.String(principal)})
		if err != nil {
			p.Checks.Err(c, principal, err)
			return
		}
		text := aws.ToString(e.AccessEntry.Type)
		if text == "STANDARD" {
			text += fmt.Sprint(" ", e.AccessEntry.KubernetesGroups)
		}
		for _, x := range policies.AssociatedAccessPolicies {
			text += fmt.Sprintf(" %s in %s %v", aws.ToString(x.PolicyArn), x.AccessScope.Type, x.AccessScope.Namespaces)
		}
		got[principal] = text
	}
	const policy = "arn:aws:eks::aws:cluster-access-policy/"
	want := map[string]string{
		people["platform"]:       "STANDARD [] " + policy + "AmazonEKSClusterAdminPolicy in cluster []",
		people["ci"]:             "STANDARD [deployers] " + policy + "AmazonEKSViewPolicy in namespace [fintrack]",
		p.out.Karpenter.NodeRole: "EC2_LINUX",
	}
	// EKS makes the entry of a managed node group itself (Create access entries).
	delete(got, p.out.NodeRole)
	p.Checks.Equal(c, want, got)
}

// provider reads that IAM knows the cluster's tokens.
func (p platform) provider(ctx context.Context) {
	c := promise("oidc-provider", "IAM takes the cluster's own tokens, for AWS STS alone", "module.eks.aws_iam_openid_connect_provider.this", "CC6.1")
	got, err := iam.NewFromConfig(p.AWS).GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &p.out.Provider})
	if err != nil {
		p.Checks.Err(c, p.out.issuer(), err)
		return
	}
	p.Checks.Equal(c, []string{p.out.issuer(), "sts.amazonaws.com"}, append([]string{strings.TrimPrefix(aws.ToString(got.Url), "https://")}, got.ClientIDList...))
}
