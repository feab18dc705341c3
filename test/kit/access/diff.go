package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/iam"
)

// facets are everything that a role is given, one line for each action on each
// resource, and who takes it.
func facets(d Declared) []string {
	out := append(lines(d.Policy, ""), lines(d.Trust, "is taken by ")...)
	for _, p := range d.AWSPolicies {
		out = append(out, "AWS's policy "+p)
	}
	if d.Boundary == "" {
		out = append(out, "no boundary")
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// lines are a policy's statements, one line for each action on each resource.
func lines(p *iam.Policy, verb string) []string {
	if p == nil {
		return nil
	}
	var out []string
	for i := range p.Statements {
		s := &p.Statements[i]
		under := ""
		if len(s.Conditions) > 0 {
			var all []string
			for _, c := range s.Conditions {
				all = append(all, c.String())
			}
			slices.Sort(all)
			under = " if " + strings.Join(all, " and ")
		}
		for _, action := range values(s.Actions, s.NotActions) {
			for _, on := range append(values(s.Resources, s.NotResources), principals(s)...) {
				out = append(out, fmt.Sprintf("%s%s %s%s", map[bool]string{true: "not "}[s.Deny], verb+action, on, under))
			}
		}
	}
	return out
}

// values are those, or in one what all but them are.
func values(values []string, not bool) []string {
	if not {
		return []string{"all but " + strings.Join(values, ", ")}
	}
	return slices.Clone(values)
}

func principals(s *iam.Statement) []string {
	var out []string
	for _, p := range s.Principals {
		out = append(out, p.Type+" "+p.Value)
	}
	return out
}

// Diff says what each role gains (+) and loses (-) from one intent to another.
func Diff(before, after []Declared) []string {
	old, now := map[string][]string{}, map[string][]string{}
	var names []string
	for _, d := range before {
		old[d.Name], names = facets(d), append(names, d.Name)
	}
	for _, d := range after {
		now[d.Name], names = facets(d), append(names, d.Name)
	}
	return changes(slices.Compact(slices.Sorted(slices.Values(names))), old, now)
}

// changes are the lines that each role has now and had not (+), or had and has not (-).
func changes(names []string, old, now map[string][]string) []string {
	var out []string
	for _, name := range names {
		_, was := old[name]
		_, is := now[name]
		switch {
		case !was:
			out = append(out, "+ "+name+": a new role")
		case !is:
			out = append(out, "- "+name+": the role is gone")
		}
		for _, f := range now[name] {
			if !slices.Contains(old[name], f) {
				out = append(out, "+ "+name+": "+f)
			}
		}
		for _, f := range old[name] {
			if !slices.Contains(now[name], f) {
				out = append(out, "- "+name+": "+f)
			}
		}
	}
	return out
}

// Unused lists the actions that a role is given and that no record of a trail shows it
// to have used. Roles are told by the last part of their ARN, since a trail comes from
// an environment with other accounts and names: it counts when that ends alike.
func Unused(declared []Declared, records []iam.Record) []string {
	var out []string
	for _, d := range declared {
		if d.Policy == nil {
			continue
		}
		used := map[string]bool{}
		for _, r := range records {
			if r.Allowed && (strings.HasSuffix(r.Role, "-"+d.Name) || strings.HasSuffix(r.Role, "/"+d.Name) || r.Role == d.ARN) {
				used[strings.ToLower(r.Action)] = true
			}
		}
		for i := range d.Policy.Statements {
			s := &d.Policy.Statements[i]
			for _, action := range s.Actions {
				if !s.Deny && !used[strings.ToLower(action)] {
					out = append(out, fmt.Sprintf("%s: %s on %s (%s) was never used", d.Name, action, strings.Join(s.Resources, ", "), s.Sid))
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
