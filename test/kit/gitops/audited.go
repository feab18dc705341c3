package gitops

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// subjectOfPolicy is a kind that Gatekeeper must read, and the object that says so.
type subjectOfPolicy struct {
	group, kind string
	of          Object
	path        []string
}

// Audited finds kinds that a policy is about and that the account may not get, list and
// watch: audit leaves out what it cannot list, with a line in its log alone. A policy is
// about the kinds that a constraint matches, those that an ExpansionTemplate makes pods
// of, and those that the Config lets policies look up ("Audit" and "Syncing Data" in
// Gatekeeper's documentation). seen is how many there are.
func (t Tree) Audited(namespace, account string) (out []Finding, seen int) {
	rules := t.rulesOf(namespace, account)
	for _, s := range t.subjectsOfPolicies() {
		seen++
		if s.kind == "" {
			out = append(out, found(s.of, s.of.Place(s.path...), "name the kinds", "it is about every kind, which %s/%s may not read", namespace, account))
			continue
		}
		plural, _ := meta.UnsafeGuessKindToResource(schema.GroupVersionKind{Group: s.group, Kind: s.kind})
		for _, verb := range []string{"get", "list", "watch"} {
			if !slices.ContainsFunc(rules, func(r any) bool {
				return holds(r, "apiGroups", s.group) && holds(r, "resources", plural.Resource) && holds(r, "verbs", verb) && len(list(at(r, "resourceNames"))) == 0
			}) {
				name := strings.TrimSuffix(plural.Resource+"."+s.group, ".")
				out = append(out, found(s.of, s.of.Place(s.path...), "let a ClusterRole of the account "+verb+" them", "it is about %s, which %s/%s may not %s: audit would leave them out", name, namespace, account, verb))
			}
		}
	}
	return out, seen
}

// holds reports that a rule names a value in a field, or all by *.
func holds(rule any, field, value string) bool {
	return slices.ContainsFunc(list(at(rule, field)), func(v any) bool { return v == "*" || fmt.Sprint(v) == value })
}

// rulesOf are the rules that hold for an account in the whole cluster.
func (t Tree) rulesOf(namespace, account string) (out []any) {
	for _, b := range t.Of("rbac.authorization.k8s.io", "ClusterRoleBinding") {
		if !slices.ContainsFunc(list(b.At("subjects")), func(s any) bool {
			return text(s, "kind") == "ServiceAccount" && text(s, "namespace") == namespace && text(s, "name") == account
		}) {
			continue
		}
		for _, r := range t.Of("rbac.authorization.k8s.io", "ClusterRole") {
			if r.Name() == b.Text("roleRef", "name") {
				out = append(out, list(r.At("rules"))...)
			}
		}
	}
	return out
}

func (t Tree) subjectsOfPolicies() (out []subjectOfPolicy) {
	add := func(o Object, group, kind any, path ...string) {
		s := subjectOfPolicy{group: fmt.Sprint(group), kind: fmt.Sprint(kind), of: o, path: path}
		if s.kind == "*" || s.group == "*" {
			s.kind = ""
		}
		out = append(out, s)
	}
	for _, o := range sorted(t.Objects) {
		switch {
		case o.Group() == "constraints.gatekeeper.sh":
			kinds := list(o.At("spec", "match", "kinds"))
			if len(kinds) == 0 {
				add(o, "*", "*", "spec", "match")
			}
			for _, k := range kinds {
				each(k, "apiGroups", "kinds", func(group, kind any) { add(o, group, kind, "spec", "match", "kinds") })
			}
		case o.Group() == "expansion.gatekeeper.sh" && o.Kind() == "ExpansionTemplate":
			for _, k := range list(o.At("spec", "applyTo")) {
				each(k, "groups", "kinds", func(group, kind any) { add(o, group, kind, "spec", "applyTo") })
			}
		case o.Group() == "config.gatekeeper.sh" && o.Kind() == "Config":
			for _, k := range list(o.At("spec", "sync", "syncOnly")) {
				add(o, text(k, "group"), text(k, "kind"), "spec", "sync", "syncOnly")
			}
		}
	}
	return out
}

// each calls f for every pair of the values of two lists.
func each(v any, first, second string, f func(a, b any)) {
	for _, a := range list(at(v, first)) {
		for _, b := range list(at(v, second)) {
			f(a, b)
		}
	}
}
