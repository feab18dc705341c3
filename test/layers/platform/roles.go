package platform

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/fintrack/platform/test/kit/policydoc"
)

// roles reads the role of every pod: who may take it, what bounds it, and all that it
// may do.
func (l layer) roles(ctx context.Context) {
	client := iam.NewFromConfig(l.d.AWS)
	want := map[string]string{
		// These come with the cluster; here it is proven that they are told rightly.
		"karpenter/karpenter":               l.role("karpenter"),
		"kube-system/ebs-csi-controller-sa": l.role("ebs-csi"),
	}
	for service, allowed := range l.services() {
		account := "fintrack/" + service
		want[account] = l.role(service)
		l.bounded(ctx, client, account, service)
		l.permitted(ctx, client, account, service, allowed)
	}
	for name, a := range l.addons() {
		want[a.account] = l.role(name)
		l.bounded(ctx, client, a.account, name)
		l.permitted(ctx, client, a.account, name, permissions{name: a.allowed})
	}
	var got map[string]string
	l.d.OutputAs("irsa_role_arns", &got)
	l.d.Checks.Equal(l.check("roles", "Every pod that needs AWS has a role of its own: the six services, and ten add-ons", "output.irsa_role_arns", "CC6.1", "CC6.3"), want, got)
	for account, arn := range want {
		l.trusted(ctx, client, account, arn[strings.LastIndex(arn, "/")+1:])
	}
	l.noOther(ctx, client, want)
}

// dotted is a service account as part of a check's id.
func dotted(account string) string { return strings.ReplaceAll(account, "/", ".") }

func (l layer) role(name string) string {
	return "arn:aws:iam::" + l.d.Sandbox.Account + ":role/" + l.d.Name + "-" + name
}

// trusted reads who may take a role: the token of its service account for AWS STS.
func (l layer) trusted(ctx context.Context, client *iam.Client, account, role string) {
	c := l.check("role-trust."+dotted(account), "The role is taken by its service account alone, with a token for AWS STS: "+account, "aws_iam_role.this", "CC6.1", "CC6.2", "CC6.3")
	r, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &role})
	if err != nil {
		l.d.Checks.Err(c, "a role", err)
		return
	}
	got, err := policydoc.Read(aws.ToString(r.Role.AssumeRolePolicyDocument))
	if err != nil {
		l.d.Checks.Err(c, "a policy", err)
		return
	}
	issuer := strings.TrimPrefix(l.of("compute", "oidc_issuer"), "https://")
	l.d.Checks.Equal(c, []policydoc.Statement{{
		"Sid": "ServiceAccounts", "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
		"Principal": map[string]any{"Federated": l.of("compute", "oidc_provider_arn")},
		"Condition": equalsAll(issuer+":sub", "system:serviceaccount:"+strings.Replace(account, "/", ":", 1), issuer+":aud", "sts.amazonaws.com"),
	}}, got)
}

func equalsAll(pairs ...string) map[string]any {
	keys := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		keys[pairs[i]] = pairs[i+1]
	}
	return map[string]any{"StringEquals": keys}
}

func (l layer) bounded(ctx context.Context, client *iam.Client, account, name string) {
	c := l.check("role-bounded."+dotted(account), "The role can never be given more than the boundary: "+account, "aws_iam_role.this", "CC6.3")
	role := aws.String(l.d.Name + "-" + name)
	r, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: role})
	if err != nil {
		l.d.Checks.Err(c, "a role", err)
		return
	}
	boundary := "none"
	if b := r.Role.PermissionsBoundary; b != nil {
		boundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	l.d.Checks.Equal(c, []any{l.of("security", "permissions_boundary_arn"), int32(3600)}, []any{boundary, aws.ToInt32(r.Role.MaxSessionDuration)})
}

// permitted reads every policy of a role.
func (l layer) permitted(ctx context.Context, client *iam.Client, account, name string, want permissions) {
	c := l.check("role-permissions."+dotted(account), "The role may do what its pods do, and nothing else: "+account, "aws_iam_policy", "CC6.1", "CC6.3", "C1.1")
	got, err := attached(ctx, client, l.d.Name+"-"+name)
	if err != nil {
		l.d.Checks.Err(c, "policies", err)
		return
	}
	expected := permissions{}
	for policy, list := range want {
		for _, s := range list {
			policydoc.Normal(s)
		}
		expected[l.d.Name+"-"+policy] = list
	}
	l.d.Checks.Equal(c, expected, got)
}

// attached are a role's managed policies, by name. An inline one is an error.
func attached(ctx context.Context, client *iam.Client, role string) (permissions, error) {
	inline, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &role})
	if err != nil {
		return nil, err
	}
	if len(inline.PolicyNames) > 0 {
		return nil, fmt.Errorf("role %s has inline policies: %s", role, strings.Join(inline.PolicyNames, ", "))
	}
	list, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &role})
	if err != nil {
		return nil, err
	}
	out := permissions{}
	for _, a := range list.AttachedPolicies {
		p, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: a.PolicyArn})
		if err != nil {
			return nil, err
		}
		v, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: a.PolicyArn, VersionId: p.Policy.DefaultVersionId})
		if err != nil {
			return nil, err
		}
		if out[aws.ToString(a.PolicyName)], err = policydoc.BySid(aws.ToString(v.PolicyVersion.Document)); err != nil {
			return nil, fmt.Errorf("policy %s: %w", aws.ToString(a.PolicyName), err)
		}
	}
	return out, nil
}

// noOther looks for roles that the cluster's tokens open and nobody told of.
func (l layer) noOther(ctx context.Context, client *iam.Client, told map[string]string) {
	c := l.check("roles-no-other", "The cluster's tokens open no other role", "aws_iam_role", "CC6.1", "CC6.3")
	// The network plugin's is known to its add-on alone.
	want := slices.Sorted(maps.Values(told))
	want = append(want, l.role("vpc-cni"))
	slices.Sort(want)
	var got []string
	for p := iam.NewListRolesPaginator(client, &iam.ListRolesInput{}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			l.d.Checks.Err(c, "roles", err)
			return
		}
		for _, r := range page.Roles {
			trust, err := policydoc.Read(aws.ToString(r.AssumeRolePolicyDocument))
			if err != nil {
				l.d.Checks.Err(c, "a trust policy", err)
				return
			}
			for _, s := range trust {
				if strings.Contains(fmt.Sprint(s["Principal"]), l.of("compute", "oidc_provider_arn")) {
					got = append(got, aws.ToString(r.Arn))
				}
			}
		}
	}
	slices.Sort(got)
	l.d.Checks.Equal(c, want, got)
}
