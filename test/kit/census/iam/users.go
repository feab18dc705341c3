package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/fintrack/platform/test/kit/census"
)

func listUsers(ctx context.Context, c *iam.Client) ([]census.Resource, error) {
	return census.Each(ctx, iam.NewListUsersPaginator(c, &iam.ListUsersInput{}),
		func(p *iam.ListUsersOutput) []types.User { return p.Users },
		func(u types.User) census.Resource {
			name := aws.ToString(u.UserName)
			return census.Resource{
				ID: name, Name: name, ARN: aws.ToString(u.Arn),
				ReadTags: tagged(c.ListUserTags, &iam.ListUserTagsInput{UserName: &name}, func(o *iam.ListUserTagsOutput) []types.Tag { return o.Tags }),
				Delete:   func(ctx context.Context) error { return deleteUser(ctx, c, name) },
			}
		})
}

// deleteUser empties the user first ("Remove an IAM user").
func deleteUser(ctx context.Context, c *iam.Client, name string) error {
	keys, err := census.Collect(ctx, iam.NewListAccessKeysPaginator(c, &iam.ListAccessKeysInput{UserName: &name}),
		func(p *iam.ListAccessKeysOutput) []types.AccessKeyMetadata { return p.AccessKeyMetadata })
	if err != nil {
		return err
	}
	attached, err := census.Collect(ctx, iam.NewListAttachedUserPoliciesPaginator(c, &iam.ListAttachedUserPoliciesInput{UserName: &name}),
		func(p *iam.ListAttachedUserPoliciesOutput) []types.AttachedPolicy { return p.AttachedPolicies })
	if err != nil {
		return err
	}
	inline, err := census.Collect(ctx, iam.NewListUserPoliciesPaginator(c, &iam.ListUserPoliciesInput{UserName: &name}),
		func(p *iam.ListUserPoliciesOutput) []string { return p.PolicyNames })
	if err != nil {
		return err
	}
	groups, err := census.Collect(ctx, iam.NewListGroupsForUserPaginator(c, &iam.ListGroupsForUserInput{UserName: &name}),
		func(p *iam.ListGroupsForUserOutput) []types.Group { return p.Groups })
	if err != nil {
		return err
	}
	steps := emptying{}
	steps.add("delete the password", census.Deleter(c.DeleteLoginProfile, &iam.DeleteLoginProfileInput{UserName: &name}))
	for _, k := range keys {
		steps.add("delete access key "+aws.ToString(k.AccessKeyId), census.Deleter(c.DeleteAccessKey, &iam.DeleteAccessKeyInput{UserName: &name, AccessKeyId: k.AccessKeyId}))
	}
	for _, p := range attached {
		steps.add("detach "+aws.ToString(p.PolicyName), census.Deleter(c.DetachUserPolicy, &iam.DetachUserPolicyInput{UserName: &name, PolicyArn: p.PolicyArn}))
	}
	for _, p := range inline {
		steps.add("delete policy "+p, census.Deleter(c.DeleteUserPolicy, &iam.DeleteUserPolicyInput{UserName: &name, PolicyName: &p}))
	}
	for _, g := range groups {
		steps.add("leave group "+aws.ToString(g.GroupName), census.Deleter(c.RemoveUserFromGroup, &iam.RemoveUserFromGroupInput{UserName: &name, GroupName: g.GroupName}))
	}
	if err := steps.run(ctx); err != nil {
		return err
	}
	_, err = c.DeleteUser(ctx, &iam.DeleteUserInput{UserName: &name})
	return err
}

// listGroups lists what IAM has no tags for.
func listGroups(ctx context.Context, c *iam.Client) ([]census.Resource, error) {
	return census.Each(ctx, iam.NewListGroupsPaginator(c, &iam.ListGroupsInput{}),
		func(p *iam.ListGroupsOutput) []types.Group { return p.Groups },
		func(g types.Group) census.Resource {
			name := aws.ToString(g.GroupName)
			return census.Resource{
				ID: name, Name: name, ARN: aws.ToString(g.Arn),
				Delete: func(ctx context.Context) error { return deleteGroup(ctx, c, name) },
			}
		})
}

// deleteGroup does not take away users that are not the run's.
func deleteGroup(ctx context.Context, c *iam.Client, name string) error {
	attached, err := census.Collect(ctx, iam.NewListAttachedGroupPoliciesPaginator(c, &iam.ListAttachedGroupPoliciesInput{GroupName: &name}),
		func(p *iam.ListAttachedGroupPoliciesOutput) []types.AttachedPolicy { return p.AttachedPolicies })
	if err != nil {
		return err
	}
	inline, err := census.Collect(ctx, iam.NewListGroupPoliciesPaginator(c, &iam.ListGroupPoliciesInput{GroupName: &name}),
		func(p *iam.ListGroupPoliciesOutput) []string { return p.PolicyNames })
	if err != nil {
		return err
	}
	steps := emptying{}
	for _, p := range attached {
		steps.add("detach "+aws.ToString(p.PolicyName), census.Deleter(c.DetachGroupPolicy, &iam.DetachGroupPolicyInput{GroupName: &name, PolicyArn: p.PolicyArn}))
	}
	for _, p := range inline {
		steps.add("delete policy "+p, census.Deleter(c.DeleteGroupPolicy, &iam.DeleteGroupPolicyInput{GroupName: &name, PolicyName: &p}))
	}
	if err := steps.run(ctx); err != nil {
		return err
	}
	_, err = c.DeleteGroup(ctx, &iam.DeleteGroupInput{GroupName: &name})
	return err
}
