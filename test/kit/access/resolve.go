package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/iam"
)

// Facts are what the names of an intent stand for in one environment.
type Facts struct {
	Account, Region, Partition string
	// Named are further plain facts: name, environment, long_name, dr_region, domain,
	// github_role_prefix.
	Named map[string]string
	// Outputs are the layers' outputs, by layer.
	Outputs map[string]map[string]any
	// Issuer is the issuer of the tokens of the cluster, without https://.
	Issuer string
}

// LongNames are the environments' names in the paths of secrets and in roles.
var LongNames = map[string]string{"dev": "development", "staging": "staging", "prod": "production"}

// Declared is one role of an intent in an environment.
type Declared struct {
	// Name is the role's in the intent, ARN its own.
	Name, ARN string
	Role      Role
	// Policy holds what the role may, as one identity policy whose statements are called
	// after the permissions; nil when it has AWS's policies alone.
	Policy *iam.Policy
	// Trust is who may take it.
	Trust *iam.Policy
	// Boundary is the ARN of its boundary, or "".
	Boundary string
	// AWSPolicies are the ARNs of AWS's policies.
	AWSPolicies []string
	// Through is kms:ViaService of the statements that are asked through a service, by Sid.
	Through map[string]string
}

// GitHubIssuer is the issuer of the tokens of GitHub's pipelines.
const GitHubIssuer = "token.actions.githubusercontent.com"

// Resolve puts an environment's facts in place of the names, for the roles of some
// layers (all when none is named) that the environment has. A name that nothing stands for is an error that lists
// what there is.
func (in *Intent) Resolve(f Facts, layers ...string) ([]Declared, error) {
	r := resolver{facts: f, names: in.Names}
	var out []Declared
	for _, name := range slices.Sorted(maps.Keys(in.Roles)) {
		role := in.Roles[name]
		if len(layers) > 0 && !slices.Contains(layers, role.Layer) || len(role.Environments) > 0 && !slices.Contains(role.Environments, f.Named["environment"]) {
			continue
		}
		d, err := in.declare(&r, name, role)
		if err != nil {
			return nil, fmt.Errorf("role %s of the intent: %w", name, err)
		}
		out = append(out, d)
	}
	return out, nil
}

func (in *Intent) declare(r *resolver, name string, role Role) (Declared, error) {
	d := Declared{Name: name, Role: role, Through: map[string]string{}}
	called, err := r.text(role.Role)
	if err != nil {
		return d, err
	}
	d.ARN = "arn:" + r.facts.Partition + ":iam::" + r.facts.Account + ":role/" + called
	if role.Bounded {
		if d.Boundary, err = r.text(in.Boundary); err != nil {
			return d, err
		}
	}
	for _, p := range role.AWSPolicies {
		d.AWSPolicies = append(d.AWSPolicies, "arn:"+r.facts.Partition+":iam::aws:policy/"+p)
	}
	if d.Trust, err = r.trust(name, role.TakenBy); err != nil {
		return d, err
	}
	if len(role.May) == 0 {
		return d, nil
	}
	var statements []statement
	for _, p := range role.May {
		for effect, grants := range map[string][]Grant{"Allow": in.Permissions[p].Allow, "Deny": in.Permissions[p].Deny} {
			for i, g := range grants {
				s, err := r.statement(effect, sid(p, effect, i), g)
				if err != nil {
					return d, fmt.Errorf("permission %s: %w", p, err)
				}
				statements = append(statements, s)
				if g.Through != "" {
					d.Through[s.Sid] = g.Through + "." + r.facts.Region + ".amazonaws.com"
				}
			}
		}
	}
	slices.SortFunc(statements, func(a, b statement) int { return strings.Compare(a.Sid, b.Sid) })
	d.Policy, err = document(iam.IdentityPolicy, "intent of "+name, statements)
	return d, err
}

// statement is one of a policy document.
type statement struct {
	Sid       string `json:",omitempty"`
	Effect    string
	Principal map[string]string `json:",omitempty"`
	Action    any
	Resource  []string                     `json:",omitempty"`
	Condition map[string]map[string]Values `json:",omitempty"`
}

// sid is a permission's name as a Sid: letters and digits.
func sid(permission, effect string, i int) string {
	words := strings.Split(permission, "-")
	for n, w := range words {
		if w != "" {
			words[n] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	if effect == "Deny" {
		words = append(words, "Deny")
	}
	return fmt.Sprintf("%s%02d", strings.Join(words, ""), i)
}

func document(kind iam.Kind, name string, statements []statement) (*iam.Policy, error) {
	text, err := json.Marshal(map[string]any{"Version": iam.Version2012, "Statement": statements})
	if err != nil {
		return nil, err
	}
	return iam.Parse(kind, name, text)
}

type resolver struct {
	facts Facts
	names map[string]string
}

var named = regexp.MustCompile(`\$\{([^}]*)\}`)

// text puts facts in place of the names of a text.
func (r *resolver) text(s string) (string, error) {
	list, err := r.texts(s)
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("%q stands for %d values; want one", s, len(list))
	}
	if err != nil {
		return "", err
	}
	return list[0], nil
}

// texts is the same, but that a name may stand for several values.
func (r *resolver) texts(s string) ([]string, error) {
	var errs []error
	many, list := "", []string(nil)
	out := named.ReplaceAllStringFunc(s, func(m string) string {
		name := m[2 : len(m)-1]
		values, err := r.values(name)
		errs = append(errs, err)
		if len(values) == 1 {
			return values[0]
		}
		many, list = m, values
		return m
	})
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if many == "" {
		return []string{out}, nil
	}
	all := make([]string, 0, len(list))
	for _, v := range list {
		all = append(all, strings.ReplaceAll(out, many, v))
	}
	return all, nil
}

func (r *resolver) values(name string) ([]string, error) {
	plain := map[string]string{"account": r.facts.Account, "region": r.facts.Region, "partition": r.facts.Partition}
	maps.Copy(plain, r.facts.Named)
	if v, ok := plain[name]; ok {
		return []string{v}, nil
	}
	if v, ok := r.names[name]; ok {
		return r.texts(v)
	}
	layer, rest, ok := strings.Cut(name, ".")
	outputs, there := r.facts.Outputs[layer]
	if !ok || !there {
		known := slices.Concat(slices.Collect(maps.Keys(plain)), slices.Collect(maps.Keys(r.names)))
		for l := range r.facts.Outputs {
			known = append(known, l+".<output>")
		}
		slices.Sort(known)
		return nil, fmt.Errorf("${%s} stands for nothing; known are %s", name, strings.Join(known, ", "))
	}
	output, key, deep := strings.Cut(rest, ".")
	value, ok := outputs[output]
	if !ok {
		return nil, fmt.Errorf("${%s}: layer %s has no output %s; it has %s", name, layer, output, strings.Join(slices.Sorted(maps.Keys(outputs)), ", "))
	}
	if !deep {
		return one(name, value)
	}
	table, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("${%s}: output %s of %s is no map", name, output, layer)
	}
	if key == "*" {
		var all []string
		for _, k := range slices.Sorted(maps.Keys(table)) {
			v, err := one(name, table[k])
			if err != nil {
				return nil, err
			}
			all = append(all, v...)
		}
		if len(all) == 0 {
			return nil, fmt.Errorf("${%s}: the map is empty", name)
		}
		return all, nil
	}
	value, ok = table[key]
	if !ok {
		return nil, fmt.Errorf("${%s}: output %s of %s has no %q; it has %s", name, output, layer, key, strings.Join(slices.Sorted(maps.Keys(table)), ", "))
	}
	return one(name, value)
}

func one(name string, value any) ([]string, error) {
	s, ok := value.(string)
	if !ok || s == "" {
		return nil, fmt.Errorf("${%s} is %v; want a text", name, value)
	}
	return []string{s}, nil
}

func (r *resolver) statement(effect, sid string, g Grant) (statement, error) {
	s := statement{Sid: sid, Effect: effect, Action: g.Actions}
	for _, resource := range g.Resources {
		list, err := r.texts(resource)
		if err != nil {
			return s, err
		}
		s.Resource = append(s.Resource, list...)
	}
	var err error
	s.Condition, err = r.condition(g.When)
	return s, err
}

func (r *resolver) condition(c Condition) (map[string]map[string]Values, error) {
	if c == nil {
		return nil, nil
	}
	out := map[string]map[string]Values{}
	for operator, keys := range c {
		out[operator] = map[string]Values{}
		for key, values := range keys {
			k, err := r.text(key)
			if err != nil {
				return nil, err
			}
			for _, v := range values {
				list, err := r.texts(v)
				if err != nil {
					return nil, err
				}
				out[operator][k] = append(out[operator][k], list...)
			}
		}
	}
	return out, nil
}

// trust is the trust policy that a taker calls for.
func (r *resolver) trust(name string, t Taker) (*iam.Policy, error) {
	s := statement{Effect: "Allow", Action: "sts:AssumeRoleWithWebIdentity"}
	var err error
	switch {
	case t.ServiceAccount != "":
		namespace, account, _ := strings.Cut(t.ServiceAccount, "/")
		s.web(r.facts, r.facts.Issuer, "StringEquals", "system:serviceaccount:"+namespace+":"+account)
	case t.GitHub != "":
		subject, err := r.text(t.GitHub)
		if err != nil {
			return nil, err
		}
		operator := "StringEquals"
		if strings.ContainsAny(subject, "*?") {
			operator = "StringLike"
		}
		s.web(r.facts, GitHubIssuer, operator, subject)
	default:
		s.Action, s.Principal = "sts:AssumeRole", map[string]string{"Service": t.Service}
		if s.Condition, err = r.condition(t.When); err != nil {
			return nil, err
		}
	}
	return document(iam.TrustPolicy, "intent of "+name, []statement{s})
}

func (s *statement) web(f Facts, issuer, operator, subject string) {
	s.Principal = map[string]string{"Federated": Provider(f, issuer)}
	s.Condition = map[string]map[string]Values{"StringEquals": {issuer + ":aud": {"sts.amazonaws.com"}}}
	if s.Condition[operator] == nil {
		s.Condition[operator] = map[string]Values{}
	}
	s.Condition[operator][issuer+":sub"] = Values{subject}
}

// Provider is the ARN of the account's OIDC provider of an issuer.
func Provider(f Facts, issuer string) string {
	return "arn:" + f.Partition + ":iam::" + f.Account + ":oidc-provider/" + issuer
}
