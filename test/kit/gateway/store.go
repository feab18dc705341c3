package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/smithy-go"
	engine "github.com/fintrack/platform/test/kit/iam"
)

// store reads what decides requests from the emulator, and remembers it until its
// service is written to or it is too old.
type store struct {
	config Config

	mu     sync.Mutex
	epochs map[string]int64 // writes that were seen, by service

	roles     cache[*role]
	policies  cache[*engine.Policy]
	resources cache[*resource]
	texts     cache[string]
	tags      cache[map[string]string]
}

func newStore(c Config) *store { return &store{config: c, epochs: map[string]int64{}} }

func (s *store) wrote(service string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epochs[service]++
}

func (s *store) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epochs[""]++
}

// epoch grows whenever one of the services was written to.
func (s *store) epoch(services ...string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.epochs[""]
	for _, x := range services {
		n += s.epochs[x]
	}
	return n
}

// in returns the SDK's settings for a region.
func (s *store) in(region string) aws.Config {
	c := s.config.AWS.Copy()
	if region != "" {
		c.Region = region
	}
	return c
}

// role is what IAM holds of a role.
type role struct {
	arn, id    string
	maxSession time.Duration
	trust      *engine.Policy
	boundary   *engine.Policy
	identity   []*engine.Policy
	tags       map[string]string
}

var errNoRole = errors.New("no such role")

// role reads a role by its name; errNoRole when there is none.
func (s *store) role(ctx context.Context, name string) (*role, error) {
	return s.roles.get(name, s.epoch("iam"), s.config.Now(), func() (*role, error) {
		r, err := s.readRole(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("read the role %s: %w", name, err)
		}
		return r, nil
	})
}

func (s *store) readRole(ctx context.Context, name string) (*role, error) {
	client := iam.NewFromConfig(s.in(""))
	out, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &name})
	if code(err) == "NoSuchEntity" {
		return nil, errNoRole
	}
	if err != nil {
		return nil, err
	}
	r := &role{
		arn: aws.ToString(out.Role.Arn), id: aws.ToString(out.Role.RoleId), tags: map[string]string{},
		maxSession: time.Duration(aws.ToInt32(out.Role.MaxSessionDuration)) * time.Second,
	}
	for _, t := range out.Role.Tags {
		r.tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	if r.trust, err = engine.Parse(engine.TrustPolicy, name, []byte(aws.ToString(out.Role.AssumeRolePolicyDocument))); err != nil {
		return nil, err
	}
	if b := out.Role.PermissionsBoundary; b != nil {
		if r.boundary, err = s.managed(ctx, engine.BoundaryPolicy, aws.ToString(b.PermissionsBoundaryArn)); err != nil {
			return nil, err
		}
	}
	for p := iam.NewListAttachedRolePoliciesPaginator(client, &iam.ListAttachedRolePoliciesInput{RoleName: &name}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, a := range page.AttachedPolicies {
			policy, err := s.managed(ctx, engine.IdentityPolicy, aws.ToString(a.PolicyArn))
			if err != nil {
				return nil, err
			}
			r.identity = append(r.identity, policy)
		}
	}
	for p := iam.NewListRolePoliciesPaginator(client, &iam.ListRolePoliciesInput{RoleName: &name}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, inline := range page.PolicyNames {
			got, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &name, PolicyName: &inline})
			if err != nil {
				return nil, err
			}
			policy, err := engine.Parse(engine.IdentityPolicy, name+"/"+inline, []byte(aws.ToString(got.PolicyDocument)))
			if err != nil {
				return nil, err
			}
			r.identity = append(r.identity, policy)
		}
	}
	return r, nil
}

// managed reads the default version of a managed policy, as a policy of that kind.
func (s *store) managed(ctx context.Context, kind engine.Kind, arn string) (*engine.Policy, error) {
	return s.policies.get(kind.String()+" "+arn, s.epoch("iam"), s.config.Now(), func() (*engine.Policy, error) {
		client := iam.NewFromConfig(s.in(""))
		p, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: &arn})
		if err != nil {
			return nil, fmt.Errorf("read the policy %s: %w", arn, err)
		}
		v, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &arn, VersionId: p.Policy.DefaultVersionId})
		if err != nil {
			return nil, fmt.Errorf("read the policy %s: %w", arn, err)
		}
		return engine.Parse(kind, arn[strings.LastIndexByte(arn, '/')+1:], []byte(aws.ToString(v.PolicyVersion.Document)))
	})
}

// code is the error code of a service, or "".
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
