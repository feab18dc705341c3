package iam

import (
	"fmt"
	"strings"
)

// Decision is the outcome of an evaluation. Its zero value is a denial.
type Decision uint8

const (
	// ImplicitlyDenied means that nothing allows the request.
	ImplicitlyDenied Decision = iota
	// ExplicitlyDenied means that a statement denies it.
	ExplicitlyDenied
	// Allowed means that it is allowed.
	Allowed
)

var decisionNames = [...]string{"implicitly denied", "explicitly denied", "allowed"}

// String is the decision in words.
func (d Decision) String() string { return decisionNames[d%3] }

// Layer is the kind of policies at which a request was decided.
type Layer uint8

// The layers, in the order of evaluation.
const (
	NoLayer Layer = iota
	ResourceControlLayer
	ServiceControlLayer
	EndpointLayer
	ResourceLayer
	IdentityLayer
	BoundaryLayer
	SessionLayer
	// RootLayer allows what the root user of the account asks.
	RootLayer
)

var layerNames = [...]string{
	"no policy", "resource control policies", "service control policies", "the endpoint's policy", "the resource's policy",
	"identity policies", "the permissions boundary", "session policies", "the root user",
}

// String is the layer in words.
func (l Layer) String() string { return layerNames[int(l)%len(layerNames)] }

// Part is the part of a statement that did not match. The larger, the nearer the
// statement came to applying.
type Part uint8

const (
	// NoPart means that no statement came near.
	NoPart Part = iota
	// ResourcePart means that the action matched, but not the resource.
	ResourcePart
	// PrincipalPart means that action and resource matched, but not the principal.
	PrincipalPart
	// ConditionPart means that only a condition did not hold.
	ConditionPart
)

// String names the part.
func (p Part) String() string {
	return [...]string{"nothing", "resource", "principal", "condition"}[p%4]
}

// Near is the Allow that came nearest to allowing a request that was denied.
type Near struct {
	Statement *Statement
	Part      Part
	// Condition is the first that does not hold, when Part is ConditionPart.
	Condition *Condition
}

// String says what kept the statement from allowing.
func (n Near) String() string {
	switch n.Part {
	case ResourcePart:
		return n.Statement.String() + " would allow the action on " + strings.Join(n.Statement.Resources, ", ")
	case PrincipalPart:
		return n.Statement.String() + " would allow it to another principal"
	case ConditionPart:
		return n.Statement.String() + " would allow it if " + n.Condition.String()
	}
	return "no statement allows the action"
}

// Result is the answer to a request.
type Result struct {
	Decision Decision
	// Layer is where it was decided.
	Layer Layer
	// Statement is what decided it; nil where nothing allowed, where the root user or a
	// grant did.
	Statement *Statement
	// Near is what nearly allowed it, for an implicit denial.
	Near Near
}

// Reason says in words why the request was decided so.
func (r Result) Reason() string {
	switch {
	case r.Decision == ImplicitlyDenied:
		return fmt.Sprintf("not allowed by %s: %s", r.Layer, r.Near)
	case r.Statement != nil:
		return fmt.Sprintf("%s by %s", r.Decision, r.Statement)
	case r.Layer == RootLayer:
		return "allowed: the root user of the account"
	}
	return fmt.Sprintf("%s by a grant of the key", r.Decision)
}
