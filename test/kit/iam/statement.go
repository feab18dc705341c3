package iam

import (
	"fmt"
	"strings"
)

// Policy is a policy document, read and compiled. It is not changed after Parse.
type Policy struct {
	// Name is what the policy is called in answers: its name, or its ARN.
	Name string
	Kind Kind
	// Version is the version of the policy language: 2012-10-17 or 2008-10-17.
	Version string
	// ID is the Id element.
	ID         string
	Statements []Statement
}

// Statement is one statement of a policy.
type Statement struct {
	// Policy is the policy that the statement belongs to.
	Policy *Policy
	// Index is the statement's place in it, from 0.
	Index int
	// Line is where the statement begins in the document, from 1.
	Line int
	Sid  string
	// Deny tells the Effect.
	Deny bool
	// Actions are as written; with NotActions all but those.
	Actions    []string
	NotActions bool
	// Resources are as written; with NotResources all but those. A statement without any
	// is about the resource that it is attached to.
	Resources    []string
	NotResources bool
	// Principals are as written; with NotPrincipals all but those.
	Principals    []PrincipalElement
	NotPrincipals bool
	// Conditions must all hold.
	Conditions []Condition

	actions, resources []*pattern
	principals         []principalEntry
	narrowsIdentity    bool // a condition on aws:PrincipalArn
}

// PrincipalElement is one value of a Principal element, such as AWS and an ARN. A
// plain "*" has the type "*".
type PrincipalElement struct{ Type, Value string }

// Condition is one operator with one key and its values.
type Condition struct {
	// Operator is as written, with set prefix and IfExists.
	Operator string
	Key      string
	Values   []string

	operator operator
	key      contextKey
	tests    []test
}

// String names the statement by policy, place and Sid.
func (s *Statement) String() string {
	if s == nil {
		return "no statement"
	}
	out := fmt.Sprintf("%s %s, statement %d", s.Policy.Kind, s.Policy.Name, s.Index)
	if s.Sid != "" {
		out += " (" + s.Sid + ")"
	}
	return out
}

// Effect is Allow or Deny.
func (s *Statement) Effect() string {
	if s.Deny {
		return "Deny"
	}
	return "Allow"
}

// String is the condition in short.
func (c Condition) String() string {
	return c.Operator + " " + c.Key + " = " + strings.Join(c.Values, " or ")
}

// MatchesAction says whether the statement is about an action.
func (s *Statement) MatchesAction(action string) bool {
	for _, p := range s.actions {
		if p.match(action, true, nil) == matches {
			return !s.NotActions
		}
	}
	return s.NotActions
}

func (s *Statement) matchesResource(e *evaluation) bool {
	if len(s.resources) == 0 {
		return true
	}
	open := false
	for _, p := range s.resources {
		switch p.match(e.request.Resource, false, e) {
		case matches:
			return !s.NotResources
		case unresolved:
			open = true
		}
	}
	if open && e.some && !s.Deny {
		return true
	}
	return s.NotResources && !open
}

// failing is the first condition that does not hold, or nil.
func (s *Statement) failing(e *evaluation) *Condition {
	for i := range s.Conditions {
		if !s.Conditions[i].holds(e) {
			return &s.Conditions[i]
		}
	}
	return nil
}
