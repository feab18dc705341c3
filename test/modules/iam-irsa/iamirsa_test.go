// Package iamirsa_test proves the module iam-irsa: who may assume the roles that
// it makes and what they may do, read from IAM, and what it refuses.
package iamirsa_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	_ "github.com/fintrack/platform/test/kit/census/iam"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/policydoc"
)

func TestMain(m *testing.M) { deploy.Main(m) }

func TestModule(t *testing.T) {
	deploy.Module(t, deploy.Spec{Module: "iam-irsa", Verify: verify})
}

// outputs are the module's outputs as the example passes them on.
type outputs struct {
	ARN         string            `json:"role_arn"`
	Name        string            `json:"role_name"`
	ID          string            `json:"role_id"`
	Subjects    []string          `json:"subjects"`
	Annotations map[string]string `json:"service_account_annotations"`
}

// role is one role of the example and what it must be.
type role struct {
	key      string // the example's module
	subjects any
	policies []string // names in the output policy_arns
	boundary string   // likewise
	session  int32
}

var roles = []role{
	{key: "reporting", subjects: "system:serviceaccount:fintrack:reporting-service", policies: []string{"reports"}, boundary: "boundary", session: 3600},
	{key: "workers", subjects: []any{"system:serviceaccount:fintrack:reconciliation-service", "system:serviceaccount:fintrack:transaction-worker"}, policies: []string{"queue", "reports"}, session: 7200},
}

func (r role) promise(id, title string, controls ...string) check.Check {
	return check.Check{ID: "iam-irsa." + r.key + "-" + id, Title: title, Controls: controls, Subject: "module." + r.key + ".aws_iam_role.this"}
}

func verify(ctx context.Context, d *deploy.Deployment) {
	api := iam.NewFromConfig(d.AWS)
	var arns map[string]string
	d.OutputAs("policy_arns", &arns)
	for _, r := range roles {
		var out outputs
		d.OutputAs(r.key, &out)
		r.verify(ctx, d, api, out, arns)
	}
	verifyProvider(ctx, d, api)
	d.Checks.NotProven(check.Check{
		ID: "iam-irsa.tokens-judged", Title: "A token of another service account, namespace, audience or issuer is refused",
		Controls: []string{"CC6.1", "CC6.3"}, Subject: "module.reporting.aws_iam_role.this",
	}, "aws", "the emulator gives a role to whoever asks: it evaluates no trust policy; what is proven here is the exact policy")
}

func (r role) verify(ctx context.Context, d *deploy.Deployment, api *iam.Client, out outputs, arns map[string]string) {
	got, err := api.GetRole(ctx, &iam.GetRoleInput{RoleName: &out.Name})
	if err != nil {
		d.Checks.Err(r.promise("exists", "The role exists", "CC6.1"), out.Name, err)
		return
	}
	issuer := d.Output("issuer")
	trust, err := policydoc.Read(aws.ToString(got.Role.AssumeRolePolicyDocument))
	if c := r.promise("trust", "The named service accounts alone assume the role, by a token of this cluster for AWS", "CC6.1", "CC6.2", "CC6.3"); err != nil {
		d.Checks.Err(c, "a trust policy", err)
	} else {
		d.Checks.Equal(c, []policydoc.Statement{{
			"Sid": "ServiceAccounts", "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
			"Principal": map[string]any{"Federated": d.Output("oidc_provider_arn")},
			"Condition": map[string]any{"StringEquals": map[string]any{issuer + ":sub": r.subjects, issuer + ":aud": "sts.amazonaws.com"}},
		}}, trust)
	}
	d.Checks.Equal(r.promise("session", "A session lasts as long as was asked, an hour by default", "CC6.1"), r.session, aws.ToInt32(got.Role.MaxSessionDuration))
	boundary := ""
	if b := got.Role.PermissionsBoundary; b != nil {
		boundary = aws.ToString(b.PermissionsBoundaryArn)
	}
	d.Checks.Equal(r.promise("boundary", "The role has the boundary that was named, and otherwise none", "CC6.1", "CC6.3"), arns[r.boundary], boundary)
	tags := map[string]string{}
	for _, t := range got.Role.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	d.Checks.Equal(r.promise("tags", "The role carries the given tags", "CC8.1"), maps.Clone(d.Sandbox.Tags), tags)
	d.Checks.Equal(r.promise("annotation", "The annotation for Kubernetes names the role", "CC6.1"), map[string]string{"eks.amazonaws.com/role-arn": aws.ToString(got.Role.Arn)}, out.Annotations)
	d.Checks.Equal(r.promise("role-id", "The output role_id is the role's unique id", "CC6.1"), aws.ToString(got.Role.RoleId), out.ID)
	r.verifyPolicies(ctx, d, api, out, arns)
}

func (r role) verifyPolicies(ctx context.Context, d *deploy.Deployment, api *iam.Client, out outputs, arns map[string]string) {
	want := []string{}
	for _, name := range r.policies {
		want = append(want, arns[name])
	}
	slices.Sort(want)
	c := r.promise("policies", "The role has the named managed policies and no others", "CC6.1", "CC6.3")
	attached, err := api.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: &out.Name})
	if err != nil {
		d.Checks.Err(c, fmt.Sprint(want), err)
	} else {
		got := []string{}
		for _, p := range attached.AttachedPolicies {
			got = append(got, aws.ToString(p.PolicyArn))
		}
		slices.Sort(got)
		d.Checks.Equal(c, want, got)
	}
	c = r.promise("no-inline-policy", "The role has no inline policy", "CC6.1", "CC6.3")
	inline, err := api.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: &out.Name})
	if err != nil {
		d.Checks.Err(c, "none", err)
		return
	}
	d.Checks.Equal(c, 0, len(inline.PolicyNames))
}

// verifyProvider reads the provider that the roles trust.
func verifyProvider(ctx context.Context, d *deploy.Deployment, api *iam.Client) {
	c := check.Check{
		ID: "iam-irsa.provider-audience", Title: "The trusted provider takes tokens for AWS STS alone, of the one issuer",
		Controls: []string{"CC6.1"}, Subject: "aws_iam_openid_connect_provider.cluster",
	}
	p, err := api.GetOpenIDConnectProvider(ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(d.Output("oidc_provider_arn"))})
	if err != nil {
		d.Checks.Err(c, "a provider", err)
		return
	}
	d.Checks.Equal(c, []string{d.Output("issuer"), "sts.amazonaws.com"}, append([]string{aws.ToString(p.Url)}, p.ClientIDList...))
}
