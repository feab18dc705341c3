package iam_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/iam"
)

const (
	issuer   = "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE"
	provider = "arn:aws:iam::" + account + ":oidc-provider/" + issuer
	podTrust = `{"Version":"2012-10-17","Statement":[{"Sid":"ServiceAccounts","Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity",
		"Principal":{"Federated":"` + provider + `"},
		"Condition":{"StringEquals":{"` + issuer + `:sub":"system:serviceaccount:fintrack:reconciliation-service","` + issuer + `:aud":"sts.amazonaws.com"}}}]}`
	github      = "arn:aws:iam::" + account + ":oidc-provider/token.actions.githubusercontent.com"
	githubTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"` + github + `"},
		"Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},
		"StringLike":{"token.actions.githubusercontent.com:sub":"repo:fintrack/*:ref:refs/heads/main"}}}]}`
	serviceTrust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"config.amazonaws.com"},
		"Condition":{"StringEquals":{"aws:SourceAccount":"` + account + `"}}}]}`
)

// "IAM roles for service accounts" in the EKS guide; "Configuring OpenID Connect in
// Amazon Web Services" in GitHub's documentation; "The confused deputy problem".
func TestWhoMayTakeARole(t *testing.T) {
	token := func(at, sub, aud string) iam.Context {
		var c iam.Context
		if sub != "" {
			c.Set(at+":sub", sub)
		}
		if aud != "" {
			c.Set(at+":aud", aud)
		}
		return c
	}
	pod := iam.WebIdentityOf(provider)
	hub, hubIssuer := iam.WebIdentityOf(github), "token.actions.githubusercontent.com"
	const web, plain, sts = "sts:AssumeRoleWithWebIdentity", "sts:AssumeRole", "sts.amazonaws.com"
	account1 := iam.NewContext(map[string][]string{"aws:SourceAccount": {account}})
	account2 := iam.NewContext(map[string][]string{"aws:SourceAccount": {other}})
	for _, c := range []struct {
		name, trust string
		who         iam.Principal
		action      string
		context     iam.Context
		want        bool
	}{
		{"the service account takes its role", podTrust, pod, web, token(issuer, "system:serviceaccount:fintrack:reconciliation-service", sts), true},
		{"another account of the namespace does not", podTrust, pod, web, token(issuer, "system:serviceaccount:fintrack:reporting-service", sts), false},
		{"the same account of another namespace does not", podTrust, pod, web, token(issuer, "system:serviceaccount:default:reconciliation-service", sts), false},
		{"another account of another namespace does not", podTrust, pod, web, token(issuer, "system:serviceaccount:default:default", sts), false},
		{"a token without an audience does not", podTrust, pod, web, token(issuer, "system:serviceaccount:fintrack:reconciliation-service", ""), false},
		{"a token for another audience does not", podTrust, pod, web, token(issuer, "system:serviceaccount:fintrack:reconciliation-service", "vault"), false},
		{"a token without a subject does not", podTrust, pod, web, token(issuer, "", sts), false},
		{"a token of another cluster does not", podTrust, iam.WebIdentityOf(provider + "2"), web, token(issuer+"2", "system:serviceaccount:fintrack:reconciliation-service", sts), false},
		{"a token of another cluster does not by naming this issuer's keys", podTrust, iam.WebIdentityOf(provider + "2"), web, token(issuer, "system:serviceaccount:fintrack:reconciliation-service", sts), false},
		{"the subject minds the case", podTrust, pod, web, token(issuer, "system:serviceaccount:FinTrack:reconciliation-service", sts), false},
		{"the node's role does not", podTrust, iam.RoleSession("arn:aws:iam::"+account+":role/node", "i-1"), plain, iam.Context{}, false},
		{"the node's role does not by the call of web identities", podTrust, iam.RoleSession("arn:aws:iam::"+account+":role/node", "i-1"), web, token(issuer, "system:serviceaccount:fintrack:reconciliation-service", sts), false},
		{"an anonymous caller does not", podTrust, iam.Principal{}, web, token(issuer, "system:serviceaccount:fintrack:reconciliation-service", sts), false},
		{"the root user of the account does not", podTrust, iam.RootOf(account), plain, iam.Context{}, false},

		{"a pipeline on main takes its role", githubTrust, hub, web, token(hubIssuer, "repo:fintrack/backend:ref:refs/heads/main", sts), true},
		{"a pipeline on another branch does not", githubTrust, hub, web, token(hubIssuer, "repo:fintrack/backend:ref:refs/heads/feature", sts), false},
		{"a branch that ends in main does not", githubTrust, hub, web, token(hubIssuer, "repo:fintrack/backend:ref:refs/heads/not-main", sts), false},
		{"a branch below main does not", githubTrust, hub, web, token(hubIssuer, "repo:fintrack/backend:ref:refs/heads/main/x", sts), false},
		{"a pull request does not", githubTrust, hub, web, token(hubIssuer, "repo:fintrack/backend:pull_request", sts), false},
		{"a tag does not", githubTrust, hub, web, token(hubIssuer, "repo:fintrack/backend:ref:refs/tags/main", sts), false},
		{"a fork does not", githubTrust, hub, web, token(hubIssuer, "repo:someone/backend:ref:refs/heads/main", sts), false},
		{"an organization that begins alike does not", githubTrust, hub, web, token(hubIssuer, "repo:fintrack-evil/backend:ref:refs/heads/main", sts), false},
		{"a pipeline's token for another audience does not", githubTrust, hub, web, token(hubIssuer, "repo:fintrack/backend:ref:refs/heads/main", "https://github.com/fintrack"), false},

		{"a service takes its role for this account", serviceTrust, iam.ServiceNamed("config.amazonaws.com"), plain, account1, true},
		{"a service does not for another account", serviceTrust, iam.ServiceNamed("config.amazonaws.com"), plain, account2, false},
		{"another service does not", serviceTrust, iam.ServiceNamed("ec2.amazonaws.com"), plain, account1, false},
		{"a role is not a service", serviceTrust, iam.RoleSession(role, "pod"), plain, account1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &iam.Policies{
				Resource: []*iam.Policy{parse(t, iam.TrustPolicy, "trust", c.trust)},
				Identity: []*iam.Policy{parse(t, iam.IdentityPolicy, "everything", everything)},
			}
			got := iam.Evaluate(&iam.Request{Action: c.action, Resource: "arn:aws:iam::" + account + ":role/target", Principal: c.who, Context: c.context}, p)
			if (got.Decision == iam.Allowed) != c.want {
				t.Errorf("got %s, want allowed to be %t", got.Reason(), c.want)
			}
		})
	}
}

// "Policies and permissions in IAM", "Granting a user permissions to switch roles":
// within an account the trust policy may name the role, or the account and leave it to
// identity policies.
func TestAssumeRoleNeedsTheTrustPolicy(t *testing.T) {
	for _, c := range []struct {
		name, identity, trust, who string
		want                       bool
	}{
		{"an identity policy alone does not", everything, "", "role reader", false},
		{"a trust policy that names the account leaves it to the identity policy", everything, account, "role reader", true},
		{"a trust policy that names the account gives nothing alone", "", account, "role reader", false},
		{"a trust policy that names the role is enough", "", role, "role reader", true},
		{"a trust policy that names another role is not", everything, "arn:aws:iam::" + account + ":role/writer", "role reader", false},
		{"across accounts the trust policy alone is not enough", "", other, "other role reader", false},
		{"across accounts both are", everything, other, "other role reader", true},
		{"across accounts the identity policy alone is not enough", everything, account, "other role reader", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &iam.Policies{}
			if c.identity != "" {
				p.Identity = []*iam.Policy{parse(t, iam.IdentityPolicy, "identity", c.identity)}
			}
			if c.trust != "" {
				p.Resource = []*iam.Policy{parse(t, iam.TrustPolicy, "trust", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"`+c.trust+`"},"Action":"sts:AssumeRole"}}`)}
			}
			got := iam.Evaluate(&iam.Request{Action: "sts:AssumeRole", Resource: "arn:aws:iam::" + account + ":role/target", Principal: caller(t, c.who)}, p)
			if (got.Decision == iam.Allowed) != c.want {
				t.Errorf("got %s, want allowed to be %t", got.Reason(), c.want)
			}
		})
	}
}

// "Granting a user permissions to pass a role to an AWS service".
func TestATrustPolicyDoesNotDecideWhoPassesTheRole(t *testing.T) {
	p := &iam.Policies{
		Resource: []*iam.Policy{parse(t, iam.TrustPolicy, "trust", serviceTrust)},
		Identity: []*iam.Policy{parse(t, iam.IdentityPolicy, "identity", everything)},
	}
	if got := iam.Evaluate(&iam.Request{Action: "iam:PassRole", Resource: "arn:aws:iam::" + account + ":role/target", Principal: iam.RoleSession(role, "pod")}, p); got.Decision != iam.Allowed {
		t.Errorf("got %s, want allowed", got.Reason())
	}
}

// "Grants in AWS KMS", "Using grant constraints".
func TestGrantsOfKeys(t *testing.T) {
	grant := func(who string, change func(*iam.Grant)) []iam.Grant {
		g := iam.Grant{Grantee: who, Operations: []string{"Decrypt", "GenerateDataKey"}}
		if change != nil {
			change(&g)
		}
		return []iam.Grant{g}
	}
	same := func(g *iam.Grant) { g.ContextEquals = map[string]string{"app": "a"} }
	subset := func(g *iam.Grant) { g.ContextSubset = map[string]string{"app": "a"} }
	for _, c := range []struct {
		name, action string
		grants       []iam.Grant
		context      map[string]string
		denied       bool
		want         bool
	}{
		{"a grant lets its grantee decrypt", "kms:Decrypt", grant(role, nil), nil, false, true},
		{"a grant names its operations", "kms:Encrypt", grant(role, nil), nil, false, false},
		{"a grant is for its grantee alone", "kms:Decrypt", grant("arn:aws:iam::"+account+":role/writer", nil), nil, false, false},
		{"a grant without a grantee is for nobody", "kms:Decrypt", grant("", nil), nil, false, false},
		{"a grant may name a session", "kms:Decrypt", grant(session, nil), nil, false, true},
		{"a deny beats a grant", "kms:Decrypt", grant(role, nil), nil, true, false},
		{"an equal context is let through", "kms:Decrypt", grant(role, same), map[string]string{"app": "a"}, false, true},
		{"a larger context is not equal", "kms:Decrypt", grant(role, same), map[string]string{"app": "a", "b": "c"}, false, false},
		{"another context is not equal", "kms:Decrypt", grant(role, same), map[string]string{"app": "b"}, false, false},
		{"a context that minds its case is not equal", "kms:Decrypt", grant(role, same), map[string]string{"app": "A"}, false, false},
		{"no context is not equal", "kms:Decrypt", grant(role, same), nil, false, false},
		{"a larger context holds the subset", "kms:Decrypt", grant(role, subset), map[string]string{"app": "a", "b": "c"}, false, true},
		{"another context does not hold the subset", "kms:Decrypt", grant(role, subset), map[string]string{"b": "c"}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &iam.Policies{Grants: c.grants, Resource: []*iam.Policy{short(t, iam.KeyPolicy, "other@"+account)}}
			if c.denied {
				p.Identity = []*iam.Policy{parse(t, iam.IdentityPolicy, "deny", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"kms:*","Resource":"*"}}`)}
			}
			got := iam.Evaluate(&iam.Request{
				Action: c.action, Resource: "arn:aws:kms:us-east-1:" + account + ":key/1", Principal: iam.RoleSession(role, "pod"), EncryptionContext: c.context,
			}, p)
			if (got.Decision == iam.Allowed) != c.want {
				t.Errorf("got %s, want allowed to be %t", got.Reason(), c.want)
			}
		})
	}
}

// "IAM JSON policy elements: Version".
func TestTheOlderLanguageHasNoVariables(t *testing.T) {
	for _, c := range []struct {
		name, version, resource string
		want                    bool
	}{
		{"2012-10-17 puts the user's name in", `"Version":"2012-10-17",`, "arn:aws:s3:::b/alice", true},
		{"2008-10-17 takes the variable for text", `"Version":"2008-10-17",`, "arn:aws:s3:::b/alice", false},
		{"2008-10-17 finds that text", `"Version":"2008-10-17",`, "arn:aws:s3:::b/${aws:username}", true},
		{"a document without a version is of the older", "", "arn:aws:s3:::b/alice", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := parse(t, iam.IdentityPolicy, "p", `{`+c.version+`"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:username}"}}`)
			got := iam.Evaluate(&iam.Request{Action: "s3:GetObject", Resource: c.resource, Principal: alice()}, &iam.Policies{Identity: []*iam.Policy{p}})
			if (got.Decision == iam.Allowed) != c.want {
				t.Errorf("got %s, want allowed to be %t", got.Reason(), c.want)
			}
		})
	}
}

// "AWS global condition context keys": what follows from the caller and the resource.
func TestKeysThatFollowFromTheRequest(t *testing.T) {
	reader := iam.RoleSession(role, "pod")
	reader.OrgID, reader.UserID, reader.Tags = "o-1", "AROA1:pod", map[string]string{"Team": "red"}
	for _, c := range []struct {
		name, key, value string
		who              iam.Principal
		want             bool
	}{
		{"aws:PrincipalArn of a session is the role's", "aws:PrincipalArn", role, reader, true},
		{"aws:PrincipalArn of a session is not the session's", "aws:PrincipalArn", session, reader, false},
		{"aws:PrincipalArn of a user is hers", "aws:PrincipalArn", user, alice(), true},
		{"aws:PrincipalAccount is the caller's", "aws:PrincipalAccount", account, reader, true},
		{"kms:CallerAccount is the caller's", "kms:CallerAccount", account, reader, true},
		{"aws:PrincipalType of a session", "aws:PrincipalType", "AssumedRole", reader, true},
		{"aws:PrincipalType of a user", "aws:PrincipalType", "User", alice(), true},
		{"aws:PrincipalType of the root user", "aws:PrincipalType", "Account", iam.RootOf(account), true},
		{"aws:PrincipalOrgID is the caller's", "aws:PrincipalOrgID", "o-1", reader, true},
		{"aws:PrincipalOrgID of a caller without one", "aws:PrincipalOrgID", "o-1", alice(), false},
		{"aws:PrincipalTag is found whatever the case of its key", "aws:PrincipalTag/team", "red", reader, true},
		{"aws:PrincipalTag minds the case of its value", "aws:PrincipalTag/team", "RED", reader, false},
		{"aws:userid of a session", "aws:userid", "AROA1:pod", reader, true},
		{"aws:username of a user", "aws:username", "alice", alice(), true},
		{"aws:username of a session is absent", "aws:username", "pod", reader, false},
		{"aws:PrincipalIsAWSService of a service", "aws:PrincipalIsAWSService", "true", iam.ServiceNamed("s3.amazonaws.com"), true},
		{"aws:PrincipalIsAWSService of a user", "aws:PrincipalIsAWSService", "false", alice(), true},
		{"aws:PrincipalServiceName of a service", "aws:PrincipalServiceName", "s3.amazonaws.com", iam.ServiceNamed("s3.amazonaws.com"), true},
		{"aws:ResourceAccount is the ARN's", "aws:ResourceAccount", account, reader, true},
		{"aws:PrincipalAccount of an anonymous caller", "aws:PrincipalAccount", "anonymous", iam.Principal{}, true},
		{"aws:FederatedProvider of a web identity", "aws:FederatedProvider", provider, iam.WebIdentityOf(provider), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := parse(t, iam.KeyPolicy, "p", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"svc:Do","Resource":"*","Condition":{"StringEquals":{"`+c.key+`":"`+c.value+`"}}}}`)
			got := iam.Evaluate(&iam.Request{Action: "svc:Do", Resource: "arn:aws:svc:us-east-1:" + account + ":thing/a", Principal: c.who}, &iam.Policies{Resource: []*iam.Policy{p}})
			if (got.Decision == iam.Allowed) != c.want {
				t.Errorf("got %s, want allowed to be %t", got.Reason(), c.want)
			}
		})
	}
	t.Run("a condition on aws:PrincipalArn makes a star mean that role, held to its boundary", func(t *testing.T) {
		p := parse(t, iam.ResourcePolicy, "p", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"svc:Do","Resource":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"`+role+`"}}}}`)
		got := iam.Evaluate(&iam.Request{Action: "svc:Do", Resource: "arn:aws:svc:us-east-1:" + account + ":thing/a", Principal: reader},
			&iam.Policies{Resource: []*iam.Policy{p}, Boundary: short(t, iam.BoundaryPolicy, "other")})
		if got.Layer != iam.BoundaryLayer || got.Decision != iam.ImplicitlyDenied {
			t.Errorf("got %s, want it refused by the boundary", got.Reason())
		}
	})
}
