package iam

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/fintrack/platform/test/kit/census"
)

// Paths under which AWS keeps roles of its own ("Service-linked roles", and the
// roles that IAM Identity Center makes).
const (
	serviceLinked = "/aws-service-role/"
	reserved      = "/aws-reserved/"
)

func afterSlash(arn string) string {
	_, name, _ := strings.Cut(arn, "/")
	return name
}

func listRoles(ctx context.Context, c *iam.Client) ([]census.Resource, error) {
	return census.Each(ctx, iam.NewListRolesPaginator(c, &iam.ListRolesInput{}),
		func(p *iam.ListRolesOutput) []types.Role { return p.Roles },
		func(r types.Role) census.Resource {
			name := aws.ToString(r.RoleName)
			res := census.Resource{
				ID: name, Name: name, ARN: aws.ToString(r.Arn),
				ReadTags: tagged(c.ListRoleTags, &iam.ListRoleTagsInput{RoleName: r.RoleName}, func(o *iam.ListRoleTagsOutput) []types.Tag { return o.Tags }),
				Delete:   func(ctx context.Context) error { return deleteRole(ctx, c, name) },
			}
			switch path := aws.ToString(r.Path); {
			case strings.HasPrefix(path, reserved):
				return census.Resource{}
			case strings.HasPrefix(path, serviceLinked):
				res.Type = "aws_iam_service_linked_role"
				res.Delete = census.Deleter(c.DeleteServiceLinkedRole, &iam.DeleteServiceLinkedRoleInput{RoleName: &name})
			}
			return res
		})
}

// deleteRole empties the role first ("Delete roles or instance profiles").
func deleteRole(ctx context.Context, c *iam.Client, name string) error {
	profiles, err := census.Collect(ctx, iam.NewListInstanceProfilesForRolePaginator(c, &iam.ListInstanceProfilesForRoleInput{RoleName: &name}),
		func(p *iam.ListInstanceProfilesForRoleOutput) []types.InstanceProfile { return p.InstanceProfiles })
	if err != nil {
		return err
	}
	attached, err := census.Collect(ctx, iam.NewListAttachedRolePoliciesPaginator(c, &iam.ListAttachedRolePoliciesInput{RoleName: &name}),
		func(p *iam.ListAttachedRolePoliciesOutput) []types.AttachedPolicy { return p.AttachedPolicies })
	if err != nil {
		return err
	}
	inline, err := census.Collect(ctx, iam.NewListRolePoliciesPaginator(c, &iam.ListRolePoliciesInput{RoleName: &name}),
		func(p *iam.ListRolePoliciesOutput) []string { return p.PolicyNames })
	if err != nil {
		return err
	}
	steps := emptying{}
	for _, p := range profiles {
		steps.add("remove it from instance profile "+aws.ToString(p.InstanceProfileName), census.Deleter(c.RemoveRoleFromInstanceProfile,
			&iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: p.InstanceProfileName, RoleName: &name}))
	}
	for _, p := range attached {
		steps.add("detach "+aws.ToString(p.PolicyName), census.Deleter(c.DetachRolePolicy, &iam.DetachRolePolicyInput{RoleName: &name, PolicyArn: p.PolicyArn}))
	}
	for _, p := range inline {
		steps.add("delete policy "+p, census.Deleter(c.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: &p}))
	}
	if err := steps.run(ctx); err != nil {
		return err
	}
	_, err = c.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: &name})
	return err
}

// emptying is what must go before a principal can.
type emptying []struct {
	what string
	do   func(context.Context) error
}

func (e *emptying) add(what string, do func(context.Context) error) {
	*e = append(*e, struct {
		what string
		do   func(context.Context) error
	}{what, do})
}

// run takes every step, those after a failed one too.
func (e emptying) run(ctx context.Context) error {
	var errs []error
	for _, s := range e {
		if err := s.do(ctx); err != nil && !census.Gone(err) {
			errs = append(errs, fmt.Errorf("%s: %w", s.what, err))
		}
	}
	return errors.Join(errs...)
}

func listProfiles(ctx context.Context, c *iam.Client) ([]census.Resource, error) {
	return census.Each(ctx, iam.NewListInstanceProfilesPaginator(c, &iam.ListInstanceProfilesInput{}),
		func(p *iam.ListInstanceProfilesOutput) []types.InstanceProfile { return p.InstanceProfiles },
		func(p types.InstanceProfile) census.Resource {
			return census.Resource{
				ID: aws.ToString(p.InstanceProfileName), Name: aws.ToString(p.InstanceProfileName), ARN: aws.ToString(p.Arn),
				ReadTags: tagged(c.GetInstanceProfile, &iam.GetInstanceProfileInput{InstanceProfileName: p.InstanceProfileName},
					func(o *iam.GetInstanceProfileOutput) []types.Tag { return o.InstanceProfile.Tags }),
				Delete: func(ctx context.Context) error {
					steps := emptying{}
					for _, r := range p.Roles {
						steps.add("remove role "+aws.ToString(r.RoleName), census.Deleter(c.RemoveRoleFromInstanceProfile,
							&iam.RemoveRoleFromInstanceProfileInput{InstanceProfileName: p.InstanceProfileName, RoleName: r.RoleName}))
					}
					if err := steps.run(ctx); err != nil {
						return err
					}
					_, err := c.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: p.InstanceProfileName})
					return err
				},
			}
		})
}
