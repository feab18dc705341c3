package iam

import (
	"slices"
	"strings"
)

// ContainsResource says whether every resource that a narrower pattern names is one of
// those that a wider pattern names. It never says so wrongly; for patterns with
// variables or with a "?" in the wider one it may fail to see it, unless both are the
// same text.
func ContainsResource(wider, narrower string) bool {
	if wider == narrower || wider == "*" {
		return true
	}
	if strings.ContainsAny(wider, "?$") || strings.Contains(narrower, "${") {
		return false
	}
	p, err := resource.compile(wider)
	if err != nil {
		return false
	}
	// In the narrower text a "*" is a character like others: only a "*" of the wider
	// one takes it. Before the last part one that may go on beyond its colon must meet
	// one that may as well.
	at, colons := 0, 0
	for i := range len(narrower) {
		switch narrower[i] {
		case ':':
			colons++
		case '*':
			at = i
		}
		if narrower[i] == '*' && colons < 5 && (i+1 == len(narrower) || narrower[i+1] == ':') && p.form == globForm && !strings.HasPrefix(wider, narrower[:at+1]) {
			return false
		}
	}
	return p.match(narrower, false, nil) == matches
}

// Implies says whether a condition holds only where another does: the same operator and
// key, with values among the other's. For a negated operator it is the other way round.
func (c *Condition) Implies(other *Condition) bool {
	if c.key.name != other.key.name || c.Operator != other.Operator {
		return false
	}
	few, many := c.Values, other.Values
	if c.operator.negated {
		few, many = many, few
	}
	for _, v := range few {
		if !slices.Contains(many, v) {
			return false
		}
	}
	return true
}

// Within says whether a statement allows an action on a resource only where another one
// does: what is missing is said when not.
func (s *Statement) Within(other *Statement, action, resource string) (string, bool) {
	switch {
	case !other.MatchesAction(action):
		return "action", false
	case other.NotResources || s.NotResources:
		return "NotResource", false
	case !slices.ContainsFunc(other.Resources, func(wider string) bool { return ContainsResource(wider, resource) }):
		return "resource", false
	}
	for i := range other.Conditions {
		want := &other.Conditions[i]
		if !slices.ContainsFunc(s.Conditions, func(c Condition) bool { return c.Implies(want) }) {
			return want.String(), false
		}
	}
	return "", true
}
