package access

import (
	"maps"
	"slices"
	"strings"
)

// ClusterAccount is what a service account of the cluster may do in the API of
// Kubernetes, beside what every account may ask about itself.
type ClusterAccount struct {
	Says string         `yaml:"says"`
	May  []ClusterGrant `yaml:"may"`
	// Borne are the dangerous rights among them, each with its reason.
	Borne []BorneRight `yaml:"borne"`
}

// ClusterGrant is verbs on resources.
type ClusterGrant struct {
	Verbs []string `yaml:"verbs"`
	// Resources are "plural.group", "plural" for the core, with "/subresource"; "*" for
	// all, "*.group" for all of a group.
	Resources []string `yaml:"resources"`
	// In is the namespace, every one and the cluster itself when empty.
	In string `yaml:"in"`
	// Names are those of the objects, all when empty.
	Names []string `yaml:"names"`
}

// Strangers are the accounts that rights are declared for and that the cluster does not
// have.
func (i *Intent) Strangers(accounts []string) (out []string) {
	for _, account := range slices.Sorted(maps.Keys(i.Cluster)) {
		if !slices.Contains(accounts, account) {
			out = append(out, account)
		}
	}
	return out
}

// ClusterVerbs are those that a right can be of ("Authorization Overview" and "Using RBAC
// Authorization" in the Kubernetes documentation).
var ClusterVerbs = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "bind", "escalate", "impersonate", "approve", "sign"}

// Question is a right that may be asked for.
type Question struct {
	Verb, Resource string
	// Namespace is empty for all of them; Name for every object.
	Namespace, Name string
}

func (q Question) String() string {
	out := q.Verb + " " + q.Resource
	if q.Name != "" {
		out += " " + q.Name
	}
	if q.Namespace != "" {
		return out + " in " + q.Namespace
	}
	return out + " everywhere"
}

// Allows reports that the account is meant to have the right.
func (a ClusterAccount) Allows(q Question) bool {
	for _, g := range a.May {
		if slices.Contains(g.Verbs, q.Verb) && slices.ContainsFunc(g.Resources, q.about) &&
			(g.In == "" || g.In == q.Namespace) && (len(g.Names) == 0 || slices.Contains(g.Names, q.Name)) {
			return true
		}
	}
	return false
}

// about reports that the question is about what a grant names.
func (q Question) about(resource string) bool {
	group, all := strings.CutPrefix(resource, "*.")
	if resource == "*" || resource == q.Resource {
		return true
	}
	_, of, _ := strings.Cut(q.Resource, ".")
	return all && of == group
}

// Differs says how an answer is not what is meant, "" when it is.
func (a ClusterAccount) Differs(q Question, granted bool) string {
	switch meant := a.Allows(q); {
	case granted && !meant:
		return "may " + q.String() + ", which is not declared"
	case !granted && meant:
		return "may not " + q.String() + ", which is declared"
	}
	return ""
}

func (a ClusterAccount) check(name string, say func(string, string, ...any)) {
	at := "\n  " + name + ":"
	if !accountForm.MatchString(name) {
		say(at, "cluster account %q: want namespace/name", name)
	}
	if a.Says == "" || len(a.May) == 0 {
		say(at, "cluster account %s: want what it does in words (says) and what it may (may); one that may nothing is not named", name)
	}
	for _, b := range a.Borne {
		known := slices.Contains(rights(), b.Right) || strings.HasPrefix(b.Right, everything+" of ")
		if !known || strings.TrimSpace(b.Because) == "" {
			say(at, "cluster account %s: borne %q: want a dangerous right and its reason (because); known are %s", name, b.Right, strings.Join(rights(), ", "))
		}
	}
	for _, g := range a.May {
		if len(g.Verbs) == 0 || len(g.Resources) == 0 {
			say(at, "cluster account %s: a grant wants verbs and resources", name)
		}
		for _, v := range g.Verbs {
			if !slices.Contains(ClusterVerbs, v) {
				say(at, "cluster account %s: unknown verb %q; known are %s", name, v, strings.Join(ClusterVerbs, ", "))
			}
		}
		for _, r := range g.Resources {
			if s, _ := strings.CutPrefix(r, "*"); strings.Contains(s, "*") || r != strings.ToLower(r) || r == "" {
				say(at, "cluster account %s: resource %q: want plural.group in small letters, * or *.group", name, r)
			}
			if r == "*" && slices.ContainsFunc(g.Verbs, func(v string) bool { return v != "get" && v != "list" && v != "watch" }) {
				say(at, "cluster account %s: all resources may be read, not written: name them", name)
			}
		}
	}
}
