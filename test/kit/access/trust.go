package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/iam"
)

// Attempt is somebody who tries to take a role.
type Attempt struct {
	// What says who, in words.
	What string
	// Want says whether it must succeed.
	Want    bool
	Action  string
	Who     iam.Principal
	Context iam.Context
}

const (
	webIdentity = "sts:AssumeRoleWithWebIdentity"
	forSTS      = "sts.amazonaws.com"
)

// Attempts are those who try to take a role: its own taker, and everybody else that one
// would think of. others are further identities of the account.
func Attempts(d Declared, f Facts, others []*iam.Identity) []Attempt {
	var out []Attempt
	switch t := d.Role.TakenBy; {
	case t.ServiceAccount != "":
		out = ofPods(f, t.ServiceAccount)
	case t.GitHub != "":
		out = ofPipelines(d, f)
	default:
		out = ofServices(d, f)
	}
	for _, i := range others {
		if i.ARN == d.ARN {
			continue
		}
		out = append(out, Attempt{What: "role " + i.Name(), Action: "sts:AssumeRole", Who: i.Principal()})
	}
	return append(out,
		Attempt{What: "the root user of another account", Action: "sts:AssumeRole", Who: iam.RootOf("999988887777")},
		Attempt{What: "a role of another account", Action: "sts:AssumeRole", Who: iam.RoleSession("arn:aws:iam::999988887777:role/any", "s")},
		Attempt{What: "an anonymous caller", Action: "sts:AssumeRole", Who: iam.Principal{}},
		Attempt{What: "the service ecs-tasks.amazonaws.com", Action: "sts:AssumeRole", Who: iam.ServiceNamed("ecs-tasks.amazonaws.com"),
			Context: iam.NewContext(map[string][]string{"aws:SourceAccount": {f.Account}})},
	)
}

// token is a try with a web identity token.
func token(f Facts, what string, want bool, issuer string, claims map[string]string) Attempt {
	a := Attempt{What: what, Want: want, Action: webIdentity, Who: iam.WebIdentityOf(Provider(f, issuer))}
	for claim, value := range claims {
		a.Context.Set(issuer+":"+claim, value)
	}
	return a
}

// ofPods are the four cells of namespace and account, tokens that lack something, and
// those of other issuers.
func ofPods(f Facts, own string) []Attempt {
	namespace, account, _ := strings.Cut(own, "/")
	sub := func(n, a string) string { return "system:serviceaccount:" + n + ":" + a }
	right := sub(namespace, account)
	return []Attempt{
		token(f, "its service account", true, f.Issuer, map[string]string{"sub": right, "aud": forSTS}),
		token(f, "another account of its namespace", false, f.Issuer, map[string]string{"sub": sub(namespace, "another"), "aud": forSTS}),
		token(f, "an account of its name in another namespace", false, f.Issuer, map[string]string{"sub": sub("another", account), "aud": forSTS}),
		token(f, "another account in another namespace", false, f.Issuer, map[string]string{"sub": sub("another", "another"), "aud": forSTS}),
		token(f, "an account whose name begins like its own", false, f.Issuer, map[string]string{"sub": right + "-2", "aud": forSTS}),
		token(f, "the default account of its namespace", false, f.Issuer, map[string]string{"sub": sub(namespace, "default"), "aud": forSTS}),
		token(f, "its service account by a token without an audience", false, f.Issuer, map[string]string{"sub": right}),
		token(f, "its service account by a token for another audience", false, f.Issuer, map[string]string{"sub": right, "aud": "vault"}),
		token(f, "its service account by a token without a subject", false, f.Issuer, map[string]string{"aud": forSTS}),
		token(f, "its service account in another cluster", false, f.Issuer+"OTHER", map[string]string{"sub": right, "aud": forSTS}),
		token(f, "its service account by a token of GitHub", false, GitHubIssuer, map[string]string{"sub": right, "aud": forSTS}),
	}
}

// ofPipelines are runs on the branch that the role is for, and all others.
func ofPipelines(d Declared, f Facts) []Attempt {
	subject := ""
	for _, c := range d.Trust.Statements[0].Conditions {
		if c.Key == GitHubIssuer+":sub" {
			subject = c.Values[0]
		}
	}
	right := strings.Replace(subject, "*", "backend", 1)
	organization, repository, _ := strings.Cut(strings.TrimPrefix(right, "repo:"), "/")
	repository, _, _ = strings.Cut(repository, ":")
	repo := "repo:" + organization + "/" + repository
	try := func(what string, want bool, sub string) Attempt {
		return token(f, what, want, GitHubIssuer, map[string]string{"sub": sub, "aud": forSTS})
	}
	out := []Attempt{
		try("its own workflow ("+right+")", true, right),
		try("another branch", false, repo+":ref:refs/heads/feature"),
		try("a branch whose name ends in main", false, repo+":ref:refs/heads/not-main"),
		try("a branch below main", false, repo+":ref:refs/heads/main/x"),
		try("a tag", false, repo+":ref:refs/tags/main"),
		try("a pull request", false, repo+":pull_request"),
		try("another environment", false, repo+":environment:another"),
		try("a fork", false, strings.Replace(right, organization+"/", "someone/", 1)),
		try("an organization whose name begins alike", false, strings.Replace(right, organization+"/", organization+"-2/", 1)),
		token(f, "its own workflow by a token for another audience", false, GitHubIssuer, map[string]string{"sub": right, "aud": "https://github.com/" + organization}),
		token(f, "its own workflow by a token without an audience", false, GitHubIssuer, map[string]string{"sub": right}),
		token(f, "its own workflow by a token of the cluster", false, f.Issuer, map[string]string{"sub": right, "aud": forSTS}),
	}
	if subject == right {
		out = append(out, try("another repository of the organization", false, strings.Replace(right, "/"+repository, "/another", 1)))
		if !strings.HasSuffix(right, "refs/heads/main") {
			out = append(out, try("main without the environment", false, repo+":ref:refs/heads/main"))
		}
	}
	return out
}

// ofServices are the service for this account, and for another one.
func ofServices(d Declared, f Facts) []Attempt {
	s := &d.Trust.Statements[0]
	service := iam.ServiceNamed(d.Role.TakenBy.Service)
	right := contexts(s, iam.Context{})[0]
	out := []Attempt{{What: "the service " + service.Service, Want: true, Action: "sts:AssumeRole", Who: service, Context: right}}
	for i, c := range otherContexts(s, right) {
		condition := s.Conditions[i/2]
		out = append(out, Attempt{What: "the service " + service.Service + " with " + fmt.Sprint([]string{"no ", "another "}[i%2], condition.Key), Action: "sts:AssumeRole", Who: service, Context: c})
	}
	return append(out, token(f, "a service account of the cluster", false, f.Issuer, map[string]string{"sub": "system:serviceaccount:fintrack:auth-service", "aud": forSTS}))
}

// CompareTrust tries a role's trust policy with all attempts, and looks that every
// statement of it is declared.
func CompareTrust(d Declared, got *iam.Identity, account *iam.Account, f Facts, outsiders []Outsider) []Finding {
	c := comparison{d: d, got: got, account: account}
	if got.Trust == nil {
		c.say(Shut, "", "", "it has no trust policy")
		return c.found
	}
	for _, a := range Attempts(d, f, account.Identities) {
		r := iam.Request{Action: a.Action, Resource: got.ARN, Principal: a.Who, Context: a.Context, ResourceAccount: account.ID}
		p := &iam.Policies{Resource: []*iam.Policy{got.Trust}}
		for _, i := range account.Identities {
			if i.Principal().ARN == a.Who.ARN && a.Who.ARN != "" {
				p.Identity, p.Boundary = i.Policies, i.Boundary
			}
		}
		result := iam.Evaluate(&r, p)
		switch {
		case a.Want && result.Decision != iam.Allowed:
			c.say(Shut, "", "", "%s cannot take it: %s", a.What, result.Reason())
		case !a.Want && result.Decision == iam.Allowed:
			c.say(Open, "", "", "%s can take it: %s", a.What, result.Reason())
		}
	}
	c.declaredTrust(outsiders)
	return c.found
}

// declaredTrust holds each statement of a trust policy against the declared one.
func (c *comparison) declaredTrust(outsiders []Outsider) {
	want := &c.d.Trust.Statements[0]
	for i := range c.got.Trust.Statements {
		s := &c.got.Trust.Statements[i]
		if s.Deny {
			continue
		}
		for _, p := range s.Principals {
			known := !s.NotPrincipals && (slices.Contains(want.Principals, p) ||
				slices.ContainsFunc(outsiders, func(o Outsider) bool { return o.Role == c.d.Name && o.Principal == p.Value }))
			if !known {
				c.say(Open, "", "", "%s trusts %s %s, which is not declared", s, p.Type, p.Value)
			}
		}
		for n := range want.Conditions {
			if !slices.ContainsFunc(s.Conditions, func(got iam.Condition) bool { return got.Implies(&want.Conditions[n]) }) {
				c.say(Open, "", "", "%s lacks the condition %s", s, want.Conditions[n])
			}
		}
		for _, action := range s.Actions {
			if !slices.Contains(want.Actions, action) {
				c.say(Open, "", "", "%s allows %s; declared is %s", s, action, strings.Join(want.Actions, ", "))
			}
		}
	}
}
