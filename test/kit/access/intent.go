// Package access reads what every role of the platform is meant to do, from
// policies/intent/access.yaml, and compares it with what is deployed: with the policies
// that the IAM API gives back, or with those of a plan. It is pure; package iam decides.
package access

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/iam"
	"go.yaml.in/yaml/v3"
)

// Intent is who may do what, as it is written.
type Intent struct {
	// Names stand for what no layer gives as an output.
	Names map[string]string `yaml:"names"`
	// Boundary is the ARN of the permissions boundary of roles that are bounded.
	Boundary    string                `yaml:"boundary"`
	Permissions map[string]Permission `yaml:"permissions"`
	Roles       map[string]Role       `yaml:"roles"`
	// Cluster are the service accounts that may do something in the API of Kubernetes, by
	// namespace/name. Another may nothing.
	Cluster map[string]ClusterAccount `yaml:"cluster"`
	// Outsiders are principals outside the account that a role may trust.
	Outsiders []Outsider `yaml:"outsiders"`
	// Borne are the ways by which a role could gain more that are known and borne.
	Borne []Borne `yaml:"borne"`
}

// Permission is what a role may do, in words and in IAM's.
type Permission struct {
	Says  string  `yaml:"says"`
	Allow []Grant `yaml:"allow"`
	Deny  []Grant `yaml:"deny"`
}

// Grant is one statement: actions on resources under conditions.
type Grant struct {
	Actions   []string  `yaml:"actions"`
	Resources []string  `yaml:"resources"`
	When      Condition `yaml:"when"`
	// Through is the service by which the role asks, such as ec2, where the key's policy
	// lets no direct call through and the role's own says nothing of it.
	Through string `yaml:"through"`
}

// Condition is values by operator and key, as in a policy.
type Condition map[string]map[string]Values

// Values are one or several.
type Values []string

// UnmarshalYAML takes a list or the one value that stands for it.
func (v *Values) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		var list []string
		err := n.Decode(&list)
		*v = list
		return err
	}
	var one string
	err := n.Decode(&one)
	*v = Values{one}
	return err
}

// Role is one role: what it is called in AWS, who takes it, and what it may.
type Role struct {
	// Role is its name in AWS, Layer the layer that makes it.
	Role    string `yaml:"role"`
	Layer   string `yaml:"layer"`
	TakenBy Taker  `yaml:"taken-by"`
	// Environments are those that have it; all when empty.
	Environments []string `yaml:"environments"`
	// Bounded says that the boundary holds it.
	Bounded bool `yaml:"bounded"`
	// May names permissions.
	May []string `yaml:"may"`
	// AWSPolicies are policies that AWS maintains: their path and name. What they allow is
	// AWS's to say.
	AWSPolicies []string `yaml:"aws-policies"`
}

// Taker is who takes a role. One of the three is set.
type Taker struct {
	// ServiceAccount is namespace/name in the cluster.
	ServiceAccount string `yaml:"service-account"`
	// GitHub is the subject of a pipeline's token, with wildcards.
	GitHub string `yaml:"github"`
	// Service is one of AWS's services, under the conditions When.
	Service string    `yaml:"service"`
	When    Condition `yaml:"when"`
}

// Outsider is a principal outside the account.
type Outsider struct {
	Role      string `yaml:"role"`
	Principal string `yaml:"principal"`
	Why       string `yaml:"why"`
}

// Borne is a way by which a role could gain more, and why it is borne.
type Borne struct {
	Role string `yaml:"role"`
	Way  string `yaml:"way"`
	// To is the role of the intent that is gained.
	To  string `yaml:"to"`
	Why string `yaml:"why"`
}

// Parse reads an intent. Every error gives its place; all that are found are returned
// together. An unknown action is refused with the nearest known ones.
func Parse(file string, text []byte, known *iam.Catalogue) (*Intent, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	in := &Intent{}
	if err := d.Decode(in); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var errs []error
	say := func(what, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s%s: %s", file, place(text, what), fmt.Sprintf(format, args...)))
	}
	used := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(in.Roles)) {
		in.Roles[name].check(name, in, used, say)
	}
	for _, name := range slices.Sorted(maps.Keys(in.Permissions)) {
		in.Permissions[name].check(name, known, say)
		if !used[name] {
			say(name+":", "permission %s: no role has it; give it to one or remove it", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Cluster)) {
		in.Cluster[name].check(name, say)
	}
	for _, b := range in.Borne {
		_, from := in.Roles[b.Role]
		if _, to := in.Roles[b.To]; !from || !to || b.Way == "" || b.Why == "" {
			say("borne:", "borne %q: want a role that is declared, the way, the role that is gained (to), and why it is borne", b.Role)
		}
	}
	for _, o := range in.Outsiders {
		if _, ok := in.Roles[o.Role]; !ok || o.Principal == "" || o.Why == "" {
			say("outsiders:", "outsider %q: want a role that is declared, the principal, and why it is trusted", o.Principal)
		}
	}
	return in, errors.Join(errs...)
}

// place is ":<line>" of the first line that has the words, or "".
func place(text []byte, words string) string {
	at := bytes.Index(text, []byte(words))
	if at < 0 {
		return ""
	}
	at += len(words) - len(strings.TrimLeft(words, "\n "))
	return fmt.Sprintf(":%d", 1+bytes.Count(text[:at], []byte{'\n'}))
}

var accountForm = regexp.MustCompile(`^[a-z0-9-]+/[a-z0-9.-]+$`)

func (r Role) check(name string, in *Intent, used map[string]bool, say func(string, string, ...any)) {
	at := "\n  " + name + ":"
	if r.Role == "" || r.Layer == "" {
		say(at, "role %s: want its name in AWS (role) and the layer that makes it (layer)", name)
	}
	for _, e := range r.Environments {
		if _, ok := LongNames[e]; !ok {
			say(at, "role %s: unknown environment %q; known are %s", name, e, strings.Join(slices.Sorted(maps.Keys(LongNames)), ", "))
		}
	}
	takers := 0
	for _, t := range []string{r.TakenBy.ServiceAccount, r.TakenBy.GitHub, r.TakenBy.Service} {
		if t != "" {
			takers++
		}
	}
	switch {
	case takers != 1:
		say(at, "role %s: taken-by wants one of service-account, github and service", name)
	case r.TakenBy.ServiceAccount != "" && !accountForm.MatchString(r.TakenBy.ServiceAccount):
		say(r.TakenBy.ServiceAccount, "role %s: service-account %q: want namespace/name", name, r.TakenBy.ServiceAccount)
	case r.TakenBy.Service == "" && r.TakenBy.When != nil:
		say(at, "role %s: taken-by.when is for a service alone; a token's conditions follow from its subject", name)
	}
	if len(r.May) == 0 && len(r.AWSPolicies) == 0 {
		say(at, "role %s: it may nothing; give it a permission or remove it", name)
	}
	for _, p := range r.May {
		used[p] = true
		if _, ok := in.Permissions[p]; !ok {
			say(p, "role %s: unknown permission %q; known are %s", name, p, strings.Join(slices.Sorted(maps.Keys(in.Permissions)), ", "))
		}
	}
}

func (p Permission) check(name string, known *iam.Catalogue, say func(string, string, ...any)) {
	at := "\n  " + name + ":"
	if p.Says == "" || len(p.Allow) == 0 {
		say(at, "permission %s: want what it is for (says) and what it allows (allow)", name)
	}
	for _, g := range slices.Concat(p.Allow, p.Deny) {
		if len(g.Actions) == 0 || len(g.Resources) == 0 {
			say(at, "permission %s: a grant wants actions and resources", name)
		}
		for _, action := range g.Actions {
			if _, ok := known.Action(action); ok {
				continue
			}
			near := "no action has a name like it"
			if list := known.Nearest(action); len(list) > 0 {
				near = "did you mean " + strings.Join(list, " or ") + "?"
			}
			say(action, "permission %s: unknown action %q; %s", name, action, near)
		}
	}
}
