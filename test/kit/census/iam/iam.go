// Package iam lists and deletes what AWS IAM holds.
package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/fintrack/platform/test/kit/census"
)

// The orders within IAM: a policy can go when no role has it, as a policy or as
// its boundary.
const (
	principals = census.Identities
	policies   = census.Identities + 10
	settings   = census.Identities + 20
)

func init() {
	census.Register(
		lister(principals, listRoles, []census.Part{
			{Type: "aws_iam_role_policy", Of: "aws_iam_role", Why: "an inline policy is an entry of its role"},
			{Type: "aws_iam_role_policy_attachment", Of: "aws_iam_role", Why: "an attachment is an entry of its role"},
			{Type: "aws_iam_role_policies_exclusive", Of: "aws_iam_role", Why: "says which entries a role has"},
			{Type: "aws_iam_role_policy_attachments_exclusive", Of: "aws_iam_role", Why: "says which entries a role has"},
		}, "aws_iam_role", "aws_iam_service_linked_role"),
		lister(principals, listProfiles, nil, "aws_iam_instance_profile"),
		lister(principals, listUsers, []census.Part{
			{Type: "aws_iam_access_key", Of: "aws_iam_user", Why: "a key is an entry of its user"},
			{Type: "aws_iam_user_policy", Of: "aws_iam_user", Why: "an inline policy is an entry of its user"},
			{Type: "aws_iam_user_policy_attachment", Of: "aws_iam_user", Why: "an attachment is an entry of its user"},
			{Type: "aws_iam_user_login_profile", Of: "aws_iam_user", Why: "the password is an attribute of its user"},
			{Type: "aws_iam_user_group_membership", Of: "aws_iam_user", Why: "a membership is an entry of its user"},
		}, "aws_iam_user"),
		lister(principals+5, listGroups, []census.Part{
			{Type: "aws_iam_group_policy", Of: "aws_iam_group", Why: "an inline policy is an entry of its group"},
			{Type: "aws_iam_group_policy_attachment", Of: "aws_iam_group", Why: "an attachment is an entry of its group"},
			{Type: "aws_iam_group_membership", Of: "aws_iam_group", Why: "a membership is an entry of its group"},
		}, "aws_iam_group"),
		lister(principals, listProviders, nil, "aws_iam_openid_connect_provider"),
		lister(policies, listPolicies, nil, "aws_iam_policy"),
		lister(settings, listAccountAliases, nil, "aws_iam_account_alias"),
		lister(settings, listPasswordPolicy, nil, "aws_iam_account_password_policy"),
	)
}

func lister(order int, list func(context.Context, *iam.Client) ([]census.Resource, error), parts []census.Part, types ...string) census.Lister {
	return census.Lister{
		Service: "iam", Types: types, Order: order, Parts: parts,
		List: census.With(iam.NewFromConfig, list),
	}
}

// tagged makes the ReadTags of a resource from the call that lists its tags.
func tagged[I, R any](call func(context.Context, I, ...func(*iam.Options)) (R, error), in I, tags func(R) []types.Tag) func(context.Context) (map[string]string, error) {
	return func(ctx context.Context) (map[string]string, error) {
		out, err := call(ctx, in)
		if err != nil {
			return nil, err
		}
		return census.Tags(tags(out), func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
	}
}

func listPolicies(ctx context.Context, c *iam.Client) ([]census.Resource, error) {
	return census.Each(ctx, iam.NewListPoliciesPaginator(c, &iam.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal}),
		func(p *iam.ListPoliciesOutput) []types.Policy { return p.Policies },
		func(p types.Policy) census.Resource {
			return census.Resource{
				ID: aws.ToString(p.Arn), ARN: aws.ToString(p.Arn), Name: aws.ToString(p.PolicyName),
				ReadTags: tagged(c.ListPolicyTags, &iam.ListPolicyTagsInput{PolicyArn: p.Arn}, func(o *iam.ListPolicyTagsOutput) []types.Tag { return o.Tags }),
				Delete:   func(ctx context.Context) error { return deletePolicy(ctx, c, p.Arn) },
			}
		})
}

// deletePolicy deletes the older versions first. It does not detach the policy
// from roles that are not the run's.
func deletePolicy(ctx context.Context, c *iam.Client, arn *string) error {
	versions, err := census.Collect(ctx, iam.NewListPolicyVersionsPaginator(c, &iam.ListPolicyVersionsInput{PolicyArn: arn}),
		func(p *iam.ListPolicyVersionsOutput) []types.PolicyVersion { return p.Versions })
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v.IsDefaultVersion {
			continue
		}
		if _, err := c.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: arn, VersionId: v.VersionId}); err != nil && !census.Gone(err) {
			return err
		}
	}
	_, err = c.DeletePolicy(ctx, &iam.DeletePolicyInput{PolicyArn: arn})
	return err
}

func listProviders(ctx context.Context, c *iam.Client) ([]census.Resource, error) {
	out, err := c.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	if err != nil {
		return nil, err
	}
	return census.Map(out.OpenIDConnectProviderList, func(p types.OpenIDConnectProviderListEntry) census.Resource {
		return census.Resource{
			ID: aws.ToString(p.Arn), ARN: aws.ToString(p.Arn), Name: afterSlash(aws.ToString(p.Arn)),
			ReadTags: tagged(c.ListOpenIDConnectProviderTags, &iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: p.Arn},
				func(o *iam.ListOpenIDConnectProviderTagsOutput) []types.Tag { return o.Tags }),
			Delete: census.Deleter(c.DeleteOpenIDConnectProvider, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: p.Arn}),
		}
	}), nil
}

func listAccountAliases(ctx context.Context, c *iam.Client) ([]census.Resource, error) {
	return census.Each(ctx, iam.NewListAccountAliasesPaginator(c, &iam.ListAccountAliasesInput{}),
		func(p *iam.ListAccountAliasesOutput) []string { return p.AccountAliases },
		func(a string) census.Resource {
			return census.Resource{ID: a, Name: a, Delete: census.Deleter(c.DeleteAccountAlias, &iam.DeleteAccountAliasInput{AccountAlias: &a})}
		})
}

// listPasswordPolicy lists a setting of the whole account, which has no name and
// no tags: in a shared account it never belongs to a run.
func listPasswordPolicy(ctx context.Context, c *iam.Client) ([]census.Resource, error) {
	_, err := c.GetAccountPasswordPolicy(ctx, &iam.GetAccountPasswordPolicyInput{})
	if census.Gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []census.Resource{{
		ID: "account", Delete: census.Deleter(c.DeleteAccountPasswordPolicy, &iam.DeleteAccountPasswordPolicyInput{}),
	}}, nil
}
