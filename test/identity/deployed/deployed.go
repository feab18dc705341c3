// Package deployed reads back, through the APIs of AWS, what decides who may do what in
// an account: roles with their policies, and the policies of resources.
package deployed

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	service "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/fintrack/platform/test/kit/iam"
)

// Roles reads the roles of the account for which of says true, by name and by when they
// were made. A path or a name is no reason to leave one out: whoever makes a role behind
// the platform's back names it as they like.
func Roles(ctx context.Context, c aws.Config, account string, of func(name string, made time.Time) bool) (*iam.Account, error) {
	r := reader{client: service.NewFromConfig(c), managed: map[string]*iam.Policy{}}
	out := &iam.Account{ID: account}
	for p := service.NewListRolesPaginator(r.client, &service.ListRolesInput{}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list roles: %w", err)
		}
		for _, role := range page.Roles {
			if !of(aws.ToString(role.RoleName), aws.ToTime(role.CreateDate)) {
				continue
			}
			i, err := r.role(ctx, role)
			if err != nil {
				return nil, fmt.Errorf("role %s: %w", aws.ToString(role.RoleName), err)
			}
			out.Identities = append(out.Identities, i)
		}
	}
	return out, nil
}

type reader struct {
	client  *service.Client
	mu      sync.Mutex
	managed map[string]*iam.Policy // by ARN; several roles share one
}

func (r *reader) role(ctx context.Context, listed types.Role) (*iam.Identity, error) {
	got, err := r.client.GetRole(ctx, &service.GetRoleInput{RoleName: listed.RoleName}) // a list leaves the boundary out
	if err != nil {
		return nil, err
	}
	role := got.Role
	i := &iam.Identity{ARN: aws.ToString(role.Arn), Tags: map[string]string{}}
	for _, t := range role.Tags {
		i.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	if i.Trust, err = iam.Parse(iam.TrustPolicy, aws.ToString(role.RoleName), []byte(aws.ToString(role.AssumeRolePolicyDocument))); err != nil {
		return nil, err
	}
	if b := role.PermissionsBoundary; b != nil {
		if i.Boundary, err = r.policy(ctx, iam.BoundaryPolicy, aws.ToString(b.PermissionsBoundaryArn)); err != nil {
			return nil, err
		}
	}
	for p := service.NewListAttachedRolePoliciesPaginator(r.client, &service.ListAttachedRolePoliciesInput{RoleName: role.RoleName}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, a := range page.AttachedPolicies {
			policy, err := r.policy(ctx, iam.IdentityPolicy, aws.ToString(a.PolicyArn))
			if err != nil {
				return nil, err
			}
			i.Policies = append(i.Policies, policy)
		}
	}
	return i, r.inline(ctx, i, role.RoleName)
}

func (r *reader) inline(ctx context.Context, i *iam.Identity, role *string) error {
	for p := service.NewListRolePoliciesPaginator(r.client, &service.ListRolePoliciesInput{RoleName: role}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, name := range page.PolicyNames {
			got, err := r.client.GetRolePolicy(ctx, &service.GetRolePolicyInput{RoleName: role, PolicyName: &name})
			if err != nil {
				return err
			}
			policy, err := iam.Parse(iam.IdentityPolicy, aws.ToString(role)+"/"+name, []byte(aws.ToString(got.PolicyDocument)))
			if err != nil {
				return err
			}
			i.Policies = append(i.Policies, policy)
		}
	}
	return nil
}

// policy reads a managed policy in its default version.
func (r *reader) policy(ctx context.Context, kind iam.Kind, arn string) (*iam.Policy, error) {
	key := kind.String() + " " + arn
	r.mu.Lock()
	known := r.managed[key]
	r.mu.Unlock()
	if known != nil {
		return known, nil
	}
	got, err := r.client.GetPolicy(ctx, &service.GetPolicyInput{PolicyArn: &arn})
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", arn, err)
	}
	version, err := r.client.GetPolicyVersion(ctx, &service.GetPolicyVersionInput{PolicyArn: &arn, VersionId: got.Policy.DefaultVersionId})
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", arn, err)
	}
	policy, err := iam.Parse(kind, arn, []byte(aws.ToString(version.PolicyVersion.Document)))
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.managed[key] = policy
	r.mu.Unlock()
	return policy, nil
}
