package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/iam"
)

// Compare holds a role as deployed against what is declared, both ways. account is what
// bears on its requests beside its own policies, base the keys that every request
// carries.
func Compare(d Declared, got *iam.Identity, account *iam.Account, known *iam.Catalogue, base iam.Context) []Finding {
	c := comparison{d: d, got: got, account: account, known: known, base: base}
	c.attached()
	c.extra()
	c.missing()
	c.neighbours()
	return c.found
}

type comparison struct {
	d       Declared
	got     *iam.Identity
	account *iam.Account
	known   *iam.Catalogue
	base    iam.Context
	found   []Finding
}

func (c *comparison) say(kind Kind, action, resource, format string, args ...any) {
	f := Finding{kind, c.d.Name, action, resource, fmt.Sprintf(format, args...)}
	if !slices.Contains(c.found, f) {
		c.found = append(c.found, f)
	}
}

// ofAWS says whether AWS maintains a policy.
func ofAWS(p *iam.Policy) bool { return strings.Contains(p.Name, ":iam::aws:policy/") }

// attached compares the boundary and AWS's policies.
func (c *comparison) attached() {
	boundary := ""
	if c.got.Boundary != nil {
		boundary = c.got.Boundary.Name
	}
	if boundary != c.d.Boundary {
		c.say(Unbounded, "", "", "its boundary is %q; declared is %q", boundary, c.d.Boundary)
	}
	var have []string
	for _, p := range c.got.Policies {
		if ofAWS(p) {
			have = append(have, p.Name)
		}
	}
	for _, name := range have {
		if !slices.Contains(c.d.AWSPolicies, name) {
			c.say(Foreign, "", "", "%s is attached and not declared", name)
		}
	}
	for _, name := range c.d.AWSPolicies {
		if !slices.Contains(have, name) {
			c.say(Foreign, "", "", "%s is declared and not attached", name)
		}
	}
}

// declared are the statements of the intent.
func (c *comparison) declared() []iam.Statement {
	if c.d.Policy == nil {
		return nil
	}
	return c.d.Policy.Statements
}

// extra looks, over the whole catalogue, for what the role's own policies allow beyond
// the intent: each action on each resource under each statement's conditions must lie
// within one statement that is declared.
func (c *comparison) extra() {
	for _, p := range c.got.Policies {
		if ofAWS(p) {
			continue
		}
		for i := range p.Statements {
			s := &p.Statements[i]
			if s.Deny {
				continue
			}
			if !c.statement(s) {
				c.say(Extra, strings.Join(s.Actions, ", "), strings.Join(s.Resources, ", "), "AWS knows no such action; %s allows it", s)
			}
		}
	}
}

// statement compares one statement; it is false when no action of AWS is in it.
func (c *comparison) statement(s *iam.Statement) bool {
	actions := c.known.Of(s)
	for _, a := range actions {
		action := a.Name
		resources := s.Resources
		if s.NotResources {
			resources = []string{"all but " + strings.Join(s.Resources, ", ")}
		}
		for _, resource := range resources {
			if why, ok := c.within(s, action, resource); !ok {
				c.say(Extra, action, resource, "%s allows it: %s", s, why)
			}
		}
	}
	return len(actions) > 0
}

func (c *comparison) within(s *iam.Statement, action, resource string) (string, bool) {
	why := "the action is not declared"
	declared := c.declared()
	for i := range declared {
		if declared[i].Deny {
			continue
		}
		lacks, ok := s.Within(&declared[i], action, resource)
		switch {
		case ok:
			return "", true
		case lacks == "action":
		case lacks == "resource" || lacks == "NotResource":
			if why == "the action is not declared" {
				why = "it is declared on " + strings.Join(declared[i].Resources, ", ")
			}
		default:
			why = "it is declared under " + lacks
		}
	}
	return why, false
}

// missing asks, for everything that is declared, a request that is just within it: it
// must be allowed by all that bears on it.
func (c *comparison) missing() {
	declared := c.declared()
	for i := range declared {
		s := &declared[i]
		if s.Deny {
			continue
		}
		for _, action := range s.Actions {
			for _, resource := range s.Resources {
				for _, context := range contexts(s, c.baseOf(s)) {
					r := c.request(action, concrete(resource), context)
					if got := c.account.Can(c.got, r); got.Decision != iam.Allowed {
						c.say(Missing, action, resource, "declared by %s; %s", s.Sid, got.Reason())
					}
				}
			}
		}
	}
}

// baseOf are the keys that every request for a declared statement carries.
func (c *comparison) baseOf(s *iam.Statement) iam.Context {
	via, ok := c.d.Through[s.Sid]
	if !ok {
		return c.base
	}
	base := c.base.Clone()
	base.Set("kms:ViaService", via)
	return base
}

func (c *comparison) request(action, resource string, context iam.Context) iam.Request {
	r := iam.Request{Action: action, Resource: resource, Context: context, Principal: c.got.Principal()}
	if parts, ok := iam.SplitARN(resource); !ok || len(parts.Account) != 12 {
		r.ResourceAccount = c.account.ID
	}
	return r
}

// neighbours asks for requests just outside of what is declared: another resource,
// another account, each condition once without its key and once with another value.
// What the intent itself does not allow must be denied.
func (c *comparison) neighbours() {
	for _, p := range c.probes() {
		if c.allowedByIntent(p) {
			continue
		}
		if got := c.account.Can(c.got, p); got.Decision == iam.Allowed {
			c.say(Extra, p.Action, p.Resource, "%s, in a context that is not declared: %s", got.Reason(), difference(p.Context, c.base))
		}
	}
}

func difference(context, base iam.Context) string {
	var out []string
	for _, key := range context.Keys() {
		if v := context.Get(key); !slices.Equal(v, base.Get(key)) {
			out = append(out, key+"="+strings.Join(v, ","))
		}
	}
	if out == nil {
		return "none but what every request carries"
	}
	return strings.Join(out, " ")
}

// allowedByIntent decides a probe by the intent's own policy in the place of the role's.
func (c *comparison) allowedByIntent(r iam.Request) bool {
	meant := &iam.Identity{ARN: c.got.ARN, Tags: c.got.Tags, Boundary: c.got.Boundary}
	if c.d.Policy != nil {
		meant.Policies = []*iam.Policy{c.d.Policy}
	}
	for _, p := range c.got.Policies {
		if ofAWS(p) {
			meant.Policies = append(meant.Policies, p)
		}
	}
	return c.account.Can(meant, r).Decision == iam.Allowed
}

func (c *comparison) probes() []iam.Request {
	var out []iam.Request
	declared := c.declared()
	for i := range declared {
		s := &declared[i]
		for _, action := range s.Actions {
			for _, resource := range s.Resources {
				context := contexts(s, c.baseOf(s))[0]
				if s.Deny { // what is denied is asked for as it is written
					out = append(out, c.request(action, concrete(resource), context))
					continue
				}
				for _, other := range otherResources(resource, c.account.ID) {
					out = append(out, c.request(action, other, context))
				}
				for _, other := range otherContexts(s, context) {
					out = append(out, c.request(action, concrete(resource), other))
				}
			}
		}
	}
	return out
}
