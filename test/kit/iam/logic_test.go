package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/iam"
)

// The texts of these cases are short: "allow", "deny" and "other" stand for a statement
// about the action of the request, or about another one; what follows a colon is the
// Principal of a resource's policy.
const action, elsewhere = "svc:Do", "svc:Else"

const (
	role    = "arn:aws:iam::" + account + ":role/reader"
	session = "arn:aws:sts::" + account + ":assumed-role/reader/pod"
	user    = "arn:aws:iam::" + account + ":user/alice"
	// in the other account
	farRole = "arn:aws:iam::" + other + ":role/reader"
)

func short(t *testing.T, kind iam.Kind, words string) *iam.Policy {
	t.Helper()
	if words == "" {
		return nil
	}
	var statements []string
	for _, word := range strings.Fields(words) {
		verb, who, named := strings.Cut(word, "@")
		effect, does := "Allow", action
		switch verb {
		case "deny":
			effect = "Deny"
		case "other":
			does = elsewhere
		case "allow":
		default:
			t.Fatalf("%q", word)
		}
		s := fmt.Sprintf(`{"Effect":%q,"Action":%q`, effect, does)
		if kind != iam.TrustPolicy {
			s += `,"Resource":"*"`
		}
		switch {
		case who == "*":
			s += `,"Principal":"*"`
		case strings.HasPrefix(who, "!"):
			s += fmt.Sprintf(`,"NotPrincipal":{"AWS":%s}`, text(strings.Split(who[1:], ",")))
		case named:
			s += fmt.Sprintf(`,"Principal":{"AWS":%s}`, text(strings.Split(who, ",")))
		}
		statements = append(statements, s+"}")
	}
	return parse(t, kind, kind.String(), `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`)
}

type logic struct {
	name, who                                           string
	identity, boundary, session, scp, rcp, at, key, vpc string
	elsewhere                                           bool // the resource is the other account's
	want                                                string
}

const (
	allowedBy = "allowed by "
	refusedBy = "implicitly denied by "
	deniedBy  = "explicitly denied by "
)

// "Policy evaluation logic": Determining whether a request is allowed or denied
// within an account, Cross-account policy evaluation logic, and "Permissions
// boundaries for IAM entities", "Service control policies", "Resource control policies".
var logics = []logic{
	{name: "nothing allows a user by default", who: "user alice", want: refusedBy + "identity policies"},
	{name: "an identity policy allows", who: "user alice", identity: "allow", want: allowedBy + "identity policies"},
	{name: "an identity policy about another action does not allow", who: "user alice", identity: "other", want: refusedBy + "identity policies"},
	{name: "a deny beats an allow of the same policy", who: "user alice", identity: "allow deny", want: deniedBy + "identity policies"},
	{name: "a deny beats an allow whatever comes first", who: "user alice", identity: "deny allow", want: deniedBy + "identity policies"},
	{name: "a role's policy allows its session", who: "role reader", identity: "allow", want: allowedBy + "identity policies"},
	{name: "the root user may do anything in its account", who: "root", want: allowedBy + "the root user"},
	{name: "a bucket's policy denies the root user", who: "root", at: "deny@*", want: deniedBy + "the resource's policy"},
	{name: "a service control policy binds the root user", who: "root", scp: "other", want: refusedBy + "service control policies"},

	{name: "a boundary alone allows nothing", who: "user alice", boundary: "allow", want: refusedBy + "identity policies"},
	{name: "boundary and identity policy together allow", who: "user alice", identity: "allow", boundary: "allow", want: allowedBy + "identity policies"},
	{name: "a boundary without the action narrows", who: "user alice", identity: "allow", boundary: "other", want: refusedBy + "the permissions boundary"},
	{name: "a deny of the boundary denies", who: "user alice", identity: "allow", boundary: "allow deny", want: deniedBy + "the permissions boundary"},
	{name: "a boundary narrows a role", who: "role reader", identity: "allow", boundary: "other", want: refusedBy + "the permissions boundary"},

	{name: "a session policy narrows a role", who: "role reader", identity: "allow", session: "other", want: refusedBy + "session policies"},
	{name: "a session policy alone allows nothing", who: "role reader", session: "allow", want: refusedBy + "identity policies"},
	{name: "a session policy and the role's together allow", who: "role reader", identity: "allow", session: "allow", want: allowedBy + "identity policies"},
	{name: "a deny of the session policy denies", who: "role reader", identity: "allow", session: "allow deny", want: deniedBy + "session policies"},
	{name: "session, boundary and identity policy must all allow", who: "role reader", identity: "allow", boundary: "allow", session: "allow", want: allowedBy + "identity policies"},
	{name: "a boundary narrows a session with a policy", who: "role reader", identity: "allow", boundary: "other", session: "allow", want: refusedBy + "the permissions boundary"},
	{name: "a federated user without session policies may nothing", who: "federated user", identity: "allow", want: refusedBy + "session policies"},
	{name: "a federated user may what user and session policies allow", who: "federated user", identity: "allow", session: "allow", want: allowedBy + "identity policies"},

	{name: "a service control policy that allows lets through", who: "user alice", identity: "allow", scp: "allow", want: allowedBy + "identity policies"},
	{name: "a service control policy without the action narrows", who: "user alice", identity: "allow", scp: "other", want: refusedBy + "service control policies"},
	{name: "a service control policy alone allows nothing", who: "user alice", scp: "allow", want: refusedBy + "identity policies"},
	{name: "a deny of a service control policy denies", who: "user alice", identity: "allow", scp: "allow deny", want: deniedBy + "service control policies"},
	{name: "every level of service control policies must allow", who: "user alice", identity: "allow", scp: "allow / other", want: refusedBy + "service control policies"},
	{name: "a deny of a higher level denies", who: "user alice", identity: "allow", scp: "allow deny / allow", want: deniedBy + "service control policies"},
	{name: "two levels that allow let through", who: "user alice", identity: "allow", scp: "allow / allow", want: allowedBy + "identity policies"},
	{name: "a service control policy does not bind a role that is linked to a service", who: "role aws-service-role/x.amazonaws.com/X", identity: "allow", scp: "other", want: allowedBy + "identity policies"},
	{name: "a service control policy does not bind a service", who: "service s3.amazonaws.com", scp: "deny", at: "allow@*", want: allowedBy + "the resource's policy"},
	{name: "a service control policy binds what the bucket's policy allows", who: "user alice", scp: "other", at: "allow@" + user, want: refusedBy + "service control policies"},

	{name: "a resource control policy that allows lets through", who: "user alice", identity: "allow", rcp: "allow@*", want: allowedBy + "identity policies"},
	{name: "a deny of a resource control policy denies", who: "user alice", identity: "allow", rcp: "allow@* deny@*", want: deniedBy + "resource control policies"},
	{name: "a resource control policy without the action narrows", who: "user alice", identity: "allow", rcp: "other@*", want: refusedBy + "resource control policies"},
	{name: "a resource control policy binds callers of other accounts", who: "other role reader", identity: "allow", rcp: "allow@* deny@*", at: "allow@" + farRole, want: deniedBy + "resource control policies"},
	{name: "a resource control policy binds a service", who: "service s3.amazonaws.com", rcp: "allow@* deny@*", at: "allow@*", want: deniedBy + "resource control policies"},
	{name: "a resource control policy does not bind a role that is linked to a service", who: "role aws-service-role/x.amazonaws.com/X", identity: "allow", rcp: "deny@*", want: allowedBy + "identity policies"},

	{name: "a bucket's policy allows a user of the account without a policy of his own", who: "user alice", at: "allow@" + user, want: allowedBy + "the resource's policy"},
	{name: "a user whom the bucket's policy names is not held to the boundary", who: "user alice", boundary: "other", at: "allow@" + user, want: allowedBy + "the resource's policy"},
	{name: "a deny of the boundary holds even for whom the bucket's policy names", who: "user alice", boundary: "allow deny", at: "allow@" + user, want: deniedBy + "the permissions boundary"},
	{name: "a role that the bucket's policy names needs no policy of its own", who: "role reader", at: "allow@" + role, want: allowedBy + "the resource's policy"},
	{name: "a role that the bucket's policy names is held to the boundary", who: "role reader", boundary: "other", at: "allow@" + role, want: refusedBy + "the permissions boundary"},
	{name: "a role that the bucket's policy names is held to session policies", who: "role reader", session: "other", at: "allow@" + role, want: refusedBy + "session policies"},
	{name: "a role that the bucket's policy names, within boundary and session", who: "role reader", boundary: "allow", session: "allow", at: "allow@" + role, want: allowedBy + "the resource's policy"},
	{name: "a session that the bucket's policy names is not held to the boundary", who: "role reader", boundary: "other", at: "allow@" + session, want: allowedBy + "the resource's policy"},
	{name: "a session that the bucket's policy names is not held to session policies", who: "role reader", session: "other", at: "allow@" + session, want: allowedBy + "the resource's policy"},
	{name: "a federated user that the bucket's policy names is not held to session policies", who: "federated user", at: "allow@arn:aws:sts::" + account + ":federated-user/phone", want: allowedBy + "the resource's policy"},
	{name: "a federated user reached through its user is held to session policies", who: "federated user", session: "other", at: "allow@" + user, want: refusedBy + "session policies"},
	{name: "a federated user reached through its user, within the session", who: "federated user", session: "allow", at: "allow@" + user, want: allowedBy + "the resource's policy"},
	{name: "a bucket's policy that names the account leaves it to identity policies", who: "user alice", at: "allow@" + account, want: refusedBy + "identity policies"},
	{name: "a bucket's policy that names another role leaves it to identity policies", who: "role reader", identity: "allow", at: "allow@arn:aws:iam::" + account + ":role/writer", want: allowedBy + "identity policies"},
	{name: "a deny of the bucket's policy beats the identity policy", who: "user alice", identity: "allow", at: "deny@*", want: deniedBy + "the resource's policy"},
	{name: "a deny of the bucket's policy for the account denies its users", who: "user alice", identity: "allow", at: "deny@" + account, want: deniedBy + "the resource's policy"},
	{name: "a deny of the bucket's policy for a role denies its sessions", who: "role reader", identity: "allow", at: "deny@" + role, want: deniedBy + "the resource's policy"},
	{name: "a deny of the bucket's policy for another role denies nobody else", who: "role reader", identity: "allow", at: "deny@arn:aws:iam::" + account + ":role/writer", want: allowedBy + "identity policies"},
	{name: "NotPrincipal with Deny spares the user whom it names with her account", who: "user alice", identity: "allow", at: "deny@!" + user + "," + account, want: allowedBy + "identity policies"},
	{name: "NotPrincipal with Deny does not spare a user without her account", who: "user alice", identity: "allow", at: "deny@!" + user, want: deniedBy + "the resource's policy"},
	{name: "NotPrincipal with Deny denies all others", who: "user bob", identity: "allow", at: "deny@!" + user + "," + account, want: deniedBy + "the resource's policy"},
	{name: "NotPrincipal with Deny spares a session named with role and account", who: "role reader", identity: "allow", at: "deny@!" + session + "," + role + "," + account, want: allowedBy + "identity policies"},
	{name: "NotPrincipal with Deny does not spare a session by its role alone", who: "role reader", identity: "allow", at: "deny@!" + role + "," + account, want: deniedBy + "the resource's policy"},

	{name: "across accounts the identity policy alone is not enough", who: "other role reader", identity: "allow", want: refusedBy + "the resource's policy"},
	{name: "across accounts the resource's policy alone is not enough", who: "other role reader", at: "allow@" + farRole, want: refusedBy + "identity policies"},
	{name: "across accounts both together are", who: "other role reader", identity: "allow", at: "allow@" + farRole, want: allowedBy + "identity policies"},
	{name: "across accounts the account may be named instead of the role", who: "other role reader", identity: "allow", at: "allow@" + other, want: allowedBy + "identity policies"},
	{name: "across accounts a star needs the identity policy too", who: "other role reader", at: "allow@*", want: refusedBy + "identity policies"},
	{name: "across accounts a session that is named needs the identity policy too", who: "other role reader", at: "allow@arn:aws:sts::" + other + ":assumed-role/reader/pod", want: refusedBy + "identity policies"},
	{name: "across accounts the boundary at home narrows", who: "other role reader", identity: "allow", boundary: "other", at: "allow@" + farRole, want: refusedBy + "the permissions boundary"},
	{name: "across accounts a deny of either side denies", who: "other role reader", identity: "allow deny", at: "allow@" + farRole, want: deniedBy + "identity policies"},
	{name: "across accounts a service control policy of home narrows", who: "other role reader", identity: "allow", scp: "other", at: "allow@" + farRole, want: refusedBy + "service control policies"},
	{name: "across accounts a root user needs the resource's policy", who: "other root", want: refusedBy + "the resource's policy"},
	{name: "across accounts a root user needs no other policy", who: "other root", at: "allow@" + other, want: allowedBy + "the root user"},
	{name: "a caller asks for another account's resource", who: "user alice", identity: "allow", elsewhere: true, want: refusedBy + "the resource's policy"},

	{name: "an anonymous caller needs a star", who: "anonymous", at: "allow@" + account, want: refusedBy + "the resource's policy"},
	{name: "an anonymous caller is let in by a star", who: "anonymous", at: "allow@*", want: allowedBy + "the resource's policy"},
	{name: "a service has nothing without the resource's policy", who: "service s3.amazonaws.com", identity: "allow", want: refusedBy + "the resource's policy"},

	{name: "a key's policy that names nobody closes the key to identity policies", who: "role reader", identity: "allow", key: "other@*", want: refusedBy + "the resource's policy"},
	{name: "a key's policy that names the account opens it to identity policies", who: "role reader", identity: "allow", key: "allow@" + account, want: allowedBy + "identity policies"},
	{name: "a key's policy that names the account gives nothing by itself", who: "role reader", key: "allow@" + account, want: refusedBy + "identity policies"},
	{name: "a key's policy that names the role needs no identity policy", who: "role reader", key: "allow@" + role, want: allowedBy + "the resource's policy"},
	{name: "a key's policy that names the role is held to the boundary", who: "role reader", boundary: "other", key: "allow@" + role, want: refusedBy + "the permissions boundary"},
	{name: "a key's policy must let the root user in as well", who: "root", key: "allow@" + role, want: refusedBy + "the resource's policy"},
	{name: "a key's policy that names the account lets the root user in", who: "root", key: "allow@" + account, want: allowedBy + "the root user"},
	{name: "a key's policy across accounts needs the identity policy too", who: "other role reader", key: "allow@" + other, want: refusedBy + "identity policies"},
	{name: "a key's policy across accounts and the identity policy allow", who: "other role reader", identity: "allow", key: "allow@" + other, want: allowedBy + "identity policies"},

	{name: "an endpoint's policy that allows lets through", who: "user alice", identity: "allow", vpc: "allow", want: allowedBy + "identity policies"},
	{name: "an endpoint's policy without the action narrows", who: "user alice", identity: "allow", vpc: "other", want: refusedBy + "the endpoint's policy"},
	{name: "a deny of the endpoint's policy denies", who: "user alice", identity: "allow", vpc: "allow deny", want: deniedBy + "the endpoint's policy"},
	{name: "an endpoint's policy may name whom it lets through", who: "role reader", identity: "allow", vpc: "allow@arn:aws:iam::" + account + ":role/writer", want: refusedBy + "the endpoint's policy"},
	{name: "an endpoint's policy alone allows nothing", who: "user alice", vpc: "allow", want: refusedBy + "identity policies"},
}

func TestDecisions(t *testing.T) {
	for _, c := range logics {
		t.Run(c.name, func(t *testing.T) {
			one := func(kind iam.Kind, words string) []*iam.Policy {
				if p := short(t, kind, words); p != nil {
					return []*iam.Policy{p}
				}
				return nil
			}
			levels := func(kind iam.Kind, words string) (out [][]*iam.Policy) {
				for _, level := range strings.Split(words, " / ") {
					if p := one(kind, level); p != nil {
						out = append(out, p)
					}
				}
				return out
			}
			p := &iam.Policies{
				Identity: one(iam.IdentityPolicy, c.identity), Boundary: short(t, iam.BoundaryPolicy, c.boundary), Session: one(iam.SessionPolicy, c.session),
				ServiceControl: levels(iam.ServiceControlPolicy, c.scp), ResourceControl: levels(iam.ResourceControlPolicy, c.rcp),
				Resource: append(one(iam.ResourcePolicy, c.at), one(iam.KeyPolicy, c.key)...), Endpoint: one(iam.EndpointPolicy, c.vpc),
			}
			owner := account
			if c.elsewhere {
				owner = other
			}
			who := caller(t, c.who)
			if path, ok := strings.CutPrefix(c.who, "role aws-service-role/"); ok {
				who = iam.RoleSession("arn:aws:iam::"+account+":role/aws-service-role/"+path, "pod")
			}
			r := &iam.Request{Action: action, Resource: "arn:aws:svc:us-east-1:" + owner + ":thing/a", Principal: who}
			got := iam.Evaluate(r, p)
			if said := got.Decision.String() + " by " + got.Layer.String(); said != c.want {
				t.Errorf("got %s (%s), want %s", said, got.Reason(), c.want)
			}
			if iam.Allows(r, p) != (got.Decision == iam.Allowed) {
				t.Error("Allows and Evaluate answer differently")
			}
		})
	}
}
