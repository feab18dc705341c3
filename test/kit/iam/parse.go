package iam

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The versions of the policy language ("IAM JSON policy elements: Version"). A
// document without one is of the older.
const (
	Version2012 = "2012-10-17"
	Version2008 = "2008-10-17"
)

var (
	policyElements    = []string{"Version", "Id", "Statement"}
	statementElements = []string{
		"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
	}
	actionForm = regexp.MustCompile(`^(\*|[A-Za-z0-9-]+|\*):[A-Za-z0-9_*?-]+$`)
	sidForm    = regexp.MustCompile(`^[A-Za-z0-9]*$`)
)

// largest is how long a document may be; IAM's own limits are below it.
const largest = 128 << 10

// Parse reads a policy document and compiles it. The document may be URL-encoded, as
// IAM returns it. name is what answers call the policy.
//
// It is strict: an element that the kind cannot have, an unknown operator, a value of
// the wrong form or a name that is there twice is an error, which names the policy, the
// statement, the field and the line.
func Parse(kind Kind, name string, document []byte) (*Policy, error) {
	text := string(document)
	if strings.HasPrefix(strings.TrimSpace(text), "%") {
		decoded, err := url.PathUnescape(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%s %q: URL encoding: %w", kind, name, err)
		}
		text = decoded
	}
	p := &Policy{Name: name, Kind: kind, Version: Version2008}
	if len(text) > largest {
		return nil, fmt.Errorf("%s %q: the document has %d bytes; %d are the most", kind, name, len(text), largest)
	}
	root, err := readTree([]byte(text))
	if err == nil {
		err = p.read(root)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", kind, name, err)
	}
	return p, nil
}

func (p *Policy) read(root *node) error {
	if root.kind != objectNode {
		return fmt.Errorf("want an object with Version and Statement, found %s", nodeNames[root.kind])
	}
	var statements *node
	for _, f := range root.fields {
		switch f.name {
		case "Version":
			if f.value.text != Version2012 && f.value.text != Version2008 {
				return inField("Version", " (line %d): %q is no version of the language; want %s, or %s", f.value.line, f.value.text, Version2012, Version2008)
			}
			p.Version = f.value.text
		case "Id":
			p.ID = f.value.text
		case "Statement":
			statements = f.value
		default:
			return fmt.Errorf("line %d: %w", f.value.line, unknown("element", f.name, policyElements))
		}
	}
	if statements == nil {
		return errors.New("no Statement")
	}
	list := statements.items
	if statements.kind == objectNode {
		list = []*node{statements}
	} else if statements.kind != listNode {
		return inField("Statement", " (line %d): want a list of statements, found %s", statements.line, nodeNames[statements.kind])
	}
	if len(list) == 0 {
		return inField("Statement", " (line %d): no statement is in it", statements.line)
	}
	p.Statements = make([]Statement, len(list))
	for i, n := range list {
		s := &p.Statements[i]
		s.Policy, s.Index, s.Line = p, i, n.line
		if err := s.read(n); err != nil {
			if s.Sid != "" {
				return inField("Statement", "[%d] (Sid %s, line %d): %w", i, s.Sid, n.line, err)
			}
			return inField("Statement", "[%d] (line %d): %w", i, n.line, err)
		}
	}
	return p.sids()
}

// sids looks for two statements with one Sid.
func (p *Policy) sids() error {
	seen := map[string]int{}
	for i := range p.Statements {
		sid := p.Statements[i].Sid
		if sid == "" {
			continue
		}
		if first, ok := seen[sid]; ok {
			return inField("Statement", "[%d] (Sid %s, line %d): Statement[%d] has this Sid already", i, sid, p.Statements[i].Line, first)
		}
		seen[sid] = i
	}
	return nil
}

// inField is an error in an element of a policy: its name, then what is wrong.
func inField(name, format string, args ...any) error { return fmt.Errorf(name+format, args...) }

func unknown(what, name string, known []string) error {
	if hint := nearest(name, known); hint != "" {
		return fmt.Errorf("unknown %s %q; did you mean %s?", what, name, hint)
	}
	return fmt.Errorf("unknown %s %q; known are %s", what, name, strings.Join(known, ", "))
}

func (s *Statement) read(n *node) error {
	if n.kind != objectNode {
		return fmt.Errorf("want a statement, found %s", nodeNames[n.kind])
	}
	elements := map[string]*node{}
	for _, f := range n.fields {
		if !slices.Contains(statementElements, f.name) {
			return unknown("element", f.name, statementElements)
		}
		elements[f.name] = f.value
	}
	if sid := elements["Sid"]; sid != nil {
		if sid.kind != stringNode {
			return inField("Sid", ": want a string, found %s", nodeNames[sid.kind])
		}
		s.Sid = sid.text
		if _, may := s.Policy.Kind.principals(); !may && !sidForm.MatchString(s.Sid) {
			return inField("Sid", " %q: only letters and digits are allowed in an IAM policy", s.Sid)
		}
	}
	for _, read := range []func(map[string]*node) error{s.readEffect, s.readPrincipals, s.readActions, s.readResources, s.readConditions} {
		if err := read(elements); err != nil {
			return err
		}
	}
	return nil
}

func (s *Statement) readEffect(elements map[string]*node) error {
	n := elements["Effect"]
	switch {
	case n == nil:
		return errors.New("no Effect; want Allow or Deny")
	case n.text == "Deny":
		s.Deny = true
	case n.text != "Allow":
		return inField("Effect", ": %q is neither Allow nor Deny", n.text)
	}
	return nil
}

// either finds the one of two elements that exclude each other.
func either(elements map[string]*node, name string) (n *node, field string, not bool, err error) {
	n, other := elements[name], elements["Not"+name]
	switch {
	case n != nil && other != nil:
		return nil, "", false, fmt.Errorf("%s and Not%s exclude each other", name, name)
	case other != nil:
		return other, "Not" + name, true, nil
	}
	return n, name, false, nil
}

func (s *Statement) readActions(elements map[string]*node) error {
	n, field, not, err := either(elements, "Action")
	if err != nil {
		return err
	}
	if n == nil {
		return errors.New("neither Action nor NotAction")
	}
	s.NotActions = not
	if s.Actions, err = n.strings(false); err == nil {
		s.actions, err = compileAll(s.Actions, naming, func(v string) error {
			if v == "*" || actionForm.MatchString(v) {
				return nil
			}
			return fmt.Errorf("%q is no action; want service:Name, such as s3:GetObject, or *", v)
		})
	}
	if err != nil {
		return fmt.Errorf("%s%w", field, spaced(err))
	}
	return nil
}

func (s *Statement) readResources(elements map[string]*node) error {
	must, may := s.Policy.Kind.resources()
	n, field, not, err := either(elements, "Resource")
	switch {
	case err != nil:
		return err
	case n == nil && must:
		return errors.New("neither Resource nor NotResource")
	case n == nil:
		return nil
	case !may:
		return fmt.Errorf("%s: a %s has none: it is about the role that it belongs to", field, s.Policy.Kind)
	}
	s.NotResources = not
	x := resource
	x.variables = s.Policy.Version == Version2012
	if s.Resources, err = n.strings(false); err == nil {
		s.resources, err = compileAll(s.Resources, x, validResource)
	}
	if err != nil {
		return fmt.Errorf("%s%w", field, spaced(err))
	}
	return nil
}

func validResource(v string) error {
	if v == "*" || strings.HasPrefix(v, "arn:") && (strings.Count(v, ":") >= 5 || strings.HasSuffix(v, "*")) {
		return nil
	}
	if strings.HasPrefix(v, "${") || strings.Trim(v, "*") == "" {
		return nil
	}
	return fmt.Errorf("%q is no resource; want arn:partition:service:region:account:resource, or *", v)
}

// spaced puts a colon and a space before an error, unless it begins with an index.
func spaced(err error) error {
	if strings.HasPrefix(err.Error(), "[") {
		return err
	}
	return fmt.Errorf(": %w", err)
}

func (s *Statement) readPrincipals(elements map[string]*node) error {
	must, may := s.Policy.Kind.principals()
	n, field, not, err := either(elements, "Principal")
	switch {
	case err != nil:
		return err
	case n == nil && must:
		return fmt.Errorf("neither Principal nor NotPrincipal, which a %s needs", s.Policy.Kind)
	case n == nil:
		s.principals = []principalEntry{{kind: everybody}}
		return nil
	case !may:
		return fmt.Errorf("%s: a %s has none: it is about whom it is attached to", field, s.Policy.Kind)
	}
	s.NotPrincipals = not
	add := func(kind, value string) error {
		entry, err := entryOf(kind, value)
		s.Principals = append(s.Principals, PrincipalElement{kind, value})
		s.principals = append(s.principals, entry)
		return err
	}
	if n.kind == stringNode {
		if n.text != "*" {
			return fmt.Errorf("%s: %q; want * or an object such as {\"AWS\": \"111122223333\"}", field, n.text)
		}
		return add("*", "*")
	}
	if n.kind != objectNode || len(n.fields) == 0 {
		return fmt.Errorf("%s: want * or an object of AWS, Service, Federated or CanonicalUser", field)
	}
	for _, f := range n.fields {
		if !slices.Contains(principalKeys, f.name) {
			return fmt.Errorf("%s: %w", field, unknown("kind of principal", f.name, principalKeys))
		}
		values, err := f.value.strings(false)
		if err == nil && len(values) == 0 {
			err = errNoPattern
		}
		for i := 0; err == nil && i < len(values); i++ {
			if err = add(f.name, values[i]); err != nil {
				err = fmt.Errorf("[%d]: %w", i, err)
			}
		}
		if err != nil {
			return fmt.Errorf("%s.%s%w", field, f.name, spaced(err))
		}
	}
	return nil
}

func (s *Statement) readConditions(elements map[string]*node) error {
	n := elements["Condition"]
	if n == nil {
		return nil
	}
	if n.kind != objectNode {
		return inField("Condition", ": want an object of operators, found %s", nodeNames[n.kind])
	}
	for _, f := range n.fields {
		o, err := operatorOf(f.name)
		if err != nil {
			return inField("Condition", ".%s (line %d): %w", f.name, f.value.line, err)
		}
		if f.value.kind != objectNode {
			return inField("Condition", ".%s (line %d): want an object of keys, found %s", f.name, f.value.line, nodeNames[f.value.kind])
		}
		for _, k := range f.value.fields {
			c, err := s.condition(o, f.name, k)
			if err != nil {
				return inField("Condition", ".%s.%s (line %d)%w", f.name, k.name, k.value.line, spaced(err))
			}
			s.Conditions = append(s.Conditions, c)
		}
	}
	return nil
}

func (s *Statement) condition(o operator, written string, k field) (Condition, error) {
	c := Condition{Operator: written, Key: k.name, operator: o, key: newContextKey(k.name)}
	if k.name == "" || strings.ContainsAny(k.name, " \t\n*") {
		return c, fmt.Errorf("%q is no condition key", k.name)
	}
	var err error
	if c.Values, err = k.value.strings(true); err != nil {
		return c, err
	}
	if len(c.Values) == 0 {
		return c, errNoPattern
	}
	for i, v := range c.Values {
		t, err := o.test(v, s.Policy.Version == Version2012)
		if err != nil {
			return c, fmt.Errorf("[%d]: %w", i, err)
		}
		c.tests = append(c.tests, t)
	}
	if c.key.from == fromPrincipalARN && !o.negated && o.family <= arnFamily {
		s.narrowsIdentity = true
	}
	return c, nil
}
