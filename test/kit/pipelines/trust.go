package pipelines

import (
	"fmt"
	"regexp"

	"github.com/fintrack/platform/test/kit/iam"
)

const configureAWS = "aws-actions/configure-aws-credentials"

// Assumption is a job that assumes a role.
type Assumption struct {
	File string
	Line int
	Job  string
	// Role is the role's name.
	Role string
	// Environment is the job's environment on GitHub; it changes the claims.
	Environment string
}

var roleShape = regexp.MustCompile(`^arn:aws:iam::(?:\d{12}|\$\{\{[^{}]+\}\}):role/([A-Za-z0-9+=,.@_-]+)$`)

// roleName takes the role's name out of an ARN whose account may be an expression.
func roleName(arn string) (string, error) {
	m := roleShape.FindStringSubmatch(arn)
	if m == nil {
		return "", fmt.Errorf("role-to-assume %q: want arn:aws:iam::<account>:role/<name>", arn)
	}
	return m[1], nil
}

// Assumptions lists every job that assumes a role.
func Assumptions(ws []Workflow) ([]Assumption, error) {
	var out []Assumption
	for _, w := range ws {
		for _, j := range w.tree.jobs {
			for _, s := range j.steps {
				if s.action() != configureAWS {
					continue
				}
				role, err := roleName(s.input("role-to-assume"))
				if err != nil {
					return nil, fmt.Errorf("%s:%d: %w", w.File, s.uses.line, err)
				}
				out = append(out, Assumption{File: w.File, Line: s.uses.line, Job: j.id.value, Role: role, Environment: j.environment})
			}
		}
	}
	return out, nil
}

// Claims are what GitHub's token says of a run ("About security hardening with
// OpenID Connect", the example subject claims).
type Claims struct {
	// Repository is owner/name.
	Repository string
	// Environment is the job's; a job that has one has no branch in its subject.
	Environment string
	// PullRequest is a run for a pull request.
	PullRequest bool
	// Ref is such as refs/heads/main.
	Ref string
	// Audience is whom the token is for; the AWS action asks for sts.amazonaws.com.
	Audience string
}

// Subject is the claim sub.
func (c Claims) Subject() string {
	switch {
	case c.Environment != "":
		return "repo:" + c.Repository + ":environment:" + c.Environment
	case c.PullRequest:
		return "repo:" + c.Repository + ":pull_request"
	}
	return "repo:" + c.Repository + ":ref:" + c.Ref
}

// Issuer is who signs GitHub's tokens.
const Issuer = "token.actions.githubusercontent.com"

// Admits asks our IAM engine whether a role's trust policy admits a token with the
// claims, and returns the reason.
func Admits(account string, trust *iam.Policy, c Claims) (bool, string) {
	got := iam.Evaluate(&iam.Request{
		Action:    "sts:AssumeRoleWithWebIdentity",
		Resource:  "arn:aws:iam::" + account + ":role/pipeline",
		Principal: iam.WebIdentityOf("arn:aws:iam::" + account + ":oidc-provider/" + Issuer),
		Context: iam.NewContext(map[string][]string{
			Issuer + ":sub": {c.Subject()},
			Issuer + ":aud": {c.Audience},
		}),
	}, &iam.Policies{Resource: []*iam.Policy{trust}})
	return got.Decision == iam.Allowed, got.Reason()
}

// Attempt is a token that somebody else could have.
type Attempt struct {
	Who    string
	Claims Claims
}

// Others are the tokens that a job's role must refuse. Shared is for a role that all
// repositories of the organization use from their main branch; such a role must then
// refuse every other organization.
func Others(rightful Claims, shared bool) []Attempt {
	change := func(who string, f func(*Claims)) Attempt {
		c := rightful
		f(&c)
		return Attempt{who, c}
	}
	owner, name := split(rightful.Repository)
	branch := func(c *Claims, ref string) { c.Environment, c.Ref = "", ref }
	out := []Attempt{
		change("a fork", func(c *Claims) { c.Repository = "someone/" + name }),
		change("an organization that begins alike", func(c *Claims) { c.Repository = owner + "-evil/" + name }),
		change("another branch", func(c *Claims) { branch(c, "refs/heads/feature") }),
		change("a branch that ends alike", func(c *Claims) { branch(c, "refs/heads/x/main") }),
		change("a tag named main", func(c *Claims) { branch(c, "refs/tags/main") }),
		change("a pull request", func(c *Claims) { c.Environment, c.Ref, c.PullRequest = "", "", true }),
		change("another environment", func(c *Claims) { c.Environment = "anything" }),
		change("another audience", func(c *Claims) { c.Audience = "https://github.com/" + owner }),
	}
	if rightful.Environment != "" {
		out = append(out, change("main without the environment", func(c *Claims) { branch(c, "refs/heads/main") }))
	}
	if !shared {
		out = append(out, change("another repository", func(c *Claims) { c.Repository = owner + "/other" }))
	}
	return out
}

func split(repository string) (owner, name string) {
	for i, c := range repository {
		if c == '/' {
			return repository[:i], repository[i+1:]
		}
	}
	return repository, ""
}
