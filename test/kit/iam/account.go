package iam

import (
	"fmt"
	"slices"
	"strings"
)

// Account is what an account holds that decides who may do what in it.
type Account struct {
	ID string
	// Identities are its roles and users.
	Identities []*Identity
	// Attached are the policies of its resources.
	Attached []Attached
	// Delegates says that a key whose policy is not among them leaves the decision to
	// identity policies. It is for questions about identities alone.
	Delegates bool
	// ServiceControl and ResourceControl are those of its organization, by level.
	ServiceControl, ResourceControl [][]*Policy
}

// Identity is a role or a user.
type Identity struct {
	// ARN is of the form arn:aws:iam::<account>:role/<path><name>, or user/.
	ARN string
	// Policies are the inline and attached ones, of a user also its groups'.
	Policies []*Policy
	// Boundary is the permissions boundary, nil when there is none.
	Boundary *Policy
	// Trust is a role's trust policy; nil for a user.
	Trust *Policy
	Tags  map[string]string
}

// Attached is the policy of a resource.
type Attached struct {
	// Resource is the ARN of what it is attached to: a bucket's is also about its objects.
	Resource string
	Policy   *Policy
}

// Name is the last part of the identity's ARN.
func (i *Identity) Name() string { return lastOf(i.ARN, '/') }

// Principal is a caller with the identity: a session of a role, or the user.
func (i *Identity) Principal() Principal {
	p := UserWith(i.ARN)
	if parts, ok := SplitARN(i.ARN); ok && strings.HasPrefix(parts.Resource, "role/") {
		p = RoleSession(i.ARN, "session")
	}
	p.Tags = i.Tags
	return p
}

// Find returns an identity by its ARN or its name. An unknown one is an error that
// names the nearest.
func (a *Account) Find(name string) (*Identity, error) {
	names := make([]string, 0, len(a.Identities))
	for _, i := range a.Identities {
		if i.ARN == name || i.Name() == name {
			return i, nil
		}
		names = append(names, i.Name())
	}
	slices.Sort(names)
	return nil, unknown("role or user", name, names)
}

// Of are the policies that bear on a request of an identity of the account.
func (a *Account) Of(i *Identity, r *Request) *Policies {
	p := &Policies{Identity: i.Policies, Boundary: i.Boundary, ServiceControl: a.ServiceControl, ResourceControl: a.ResourceControl}
	p.Resource = a.At(r.Resource)
	p.Delegated = a.Delegates && len(p.Resource) == 0 && strings.Contains(r.Resource, ":key/")
	return p
}

// At are the policies that are attached to a resource, a role's trust policy among
// them.
func (a *Account) At(resource string) []*Policy {
	var out []*Policy
	for _, at := range a.Attached {
		if rest, ok := strings.CutPrefix(resource, at.Resource); ok && (rest == "" || rest[0] == '/') {
			out = append(out, at.Policy)
		}
	}
	for _, i := range a.Identities {
		if i.ARN == resource && i.Trust != nil {
			out = append(out, i.Trust)
		}
	}
	return out
}

// Can decides a request of an identity. The request's principal is set to it.
func (a *Account) Can(i *Identity, r Request) Result {
	r.Principal = i.Principal()
	return Evaluate(&r, a.Of(i, &r))
}

// Answer is what WhoCan says of one identity.
type Answer struct {
	Identity *Identity
	// Result is the decision in the context that was given.
	Result Result
	// Possible says that some context would allow it.
	Possible bool
}

// WhoCan lists the identities that may do an action on a resource in a context, and
// those that could in another one.
func (a *Account) WhoCan(action, resource string, context Context) []Answer {
	var out []Answer
	for _, i := range a.Identities {
		r := Request{Action: action, Resource: resource, Context: context, Principal: i.Principal(), ResourceAccount: a.ID}
		p := a.Of(i, &r)
		answer := Answer{Identity: i, Result: Evaluate(&r, p)}
		answer.Possible = answer.Result.Decision == Allowed || Possible(&r, p).Decision == Allowed
		if answer.Possible {
			out = append(out, answer)
		}
	}
	return out
}

// Permission is one action that an identity's policies allow, with the statement that
// does: on which resources and under which conditions is the statement's.
type Permission struct {
	Action    *Action
	Statement *Statement
}

// String says what may be done.
func (p Permission) String() string {
	on := strings.Join(p.Statement.Resources, ", ")
	if p.Statement.NotResources {
		on = "all but " + on
	}
	out := fmt.Sprintf("%s on %s", p.Action.Name, on)
	for i, c := range p.Statement.Conditions {
		out += []string{" and ", " if "}[choose01(i == 0)] + c.String()
	}
	return out
}

func choose01(b bool) int {
	if b {
		return 1
	}
	return 0
}

// WhatCan lists, over the whole catalogue, what an identity's policies allow. An action
// that the boundary allows nowhere, or that is denied on every resource without a
// condition, is left out. Policies of resources are not looked at.
func (i *Identity) WhatCan(c *Catalogue) []Permission {
	var out []Permission
	for _, p := range i.Policies {
		for s := range p.Statements {
			statement := &p.Statements[s]
			if statement.Deny {
				continue
			}
			for _, action := range c.Of(statement) {
				if (i.Boundary == nil || i.Boundary.speaksOf(action.Name, false)) && !i.always(action.Name) {
					out = append(out, Permission{action, statement})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Permission) int { return strings.Compare(a.Action.Name, b.Action.Name) })
	return out
}

// speaksOf says whether a statement of that effect is about the action.
func (p *Policy) speaksOf(action string, deny bool) bool {
	for i := range p.Statements {
		if s := &p.Statements[i]; s.Deny == deny && s.MatchesAction(action) {
			return true
		}
	}
	return false
}

// always says whether the action is denied wherever and however it is called.
func (i *Identity) always(action string) bool {
	for _, p := range i.Policies {
		if p.denies(action) {
			return true
		}
	}
	return i.Boundary != nil && i.Boundary.denies(action)
}

func (p *Policy) denies(action string) bool {
	for i := range p.Statements {
		s := &p.Statements[i]
		if s.Deny && len(s.Conditions) == 0 && !s.NotResources && slices.Contains(s.Resources, "*") && s.MatchesAction(action) {
			return true
		}
	}
	return false
}
