// Package policy judges Terraform plans by rules in Rego.
//
// A rule is a member of a set called deny in a package terraform.<topic>: an object
// with rule, address, message, fix and source. A set called not_judged holds the
// addresses about which a topic can say nothing before the apply.
package policy

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// Violation is a rule that a resource of a plan breaks.
type Violation struct {
	Rule    string `json:"rule"`    // topic.rule
	Address string `json:"address"` // of the resource
	Message string `json:"message"` // what is wrong with it
	Fix     string `json:"fix"`     // what to do
	Source  string `json:"source"`  // the page that the rule comes from
}

func (v Violation) String() string {
	return fmt.Sprintf("%s: %s %s\n    fix: %s\n    source: %s", v.Rule, v.Address, v.Message, v.Fix, v.Source)
}

// Verdict is what the rules say of one plan.
type Verdict struct {
	Violations []Violation
	// NotJudged are resources whose documents are known only after the apply.
	NotJudged []string
}

// Rules are compiled rules.
type Rules struct {
	query  rego.PreparedEvalQuery
	topics []string
	ids    []string
}

// shared is the package of what the rules share.
const shared = "plan"

// Load compiles the .rego files at the top of a file system.
func Load(ctx context.Context, files fs.FS) (*Rules, error) {
	names, err := fs.Glob(files, "*.rego")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("load plan policies: there is no .rego file")
	}
	r := &Rules{}
	modules := map[string]string{}
	for _, n := range names {
		text, err := fs.ReadFile(files, n)
		if err != nil {
			return nil, err
		}
		module, err := ast.ParseModule(n, string(text))
		if err != nil {
			return nil, fmt.Errorf("parse plan policy: %w", err)
		}
		modules[n] = string(text)
		topic := strings.TrimPrefix(module.Package.Path.String(), "data.terraform.")
		if want := strings.TrimSuffix(path.Base(n), ".rego"); topic != want {
			return nil, fmt.Errorf("plan policy %s: its package must be terraform.%s", n, want)
		}
		if topic != shared {
			r.topics = append(r.topics, topic)
			r.ids = append(r.ids, declared(topic, module)...)
		}
	}
	options := []func(*rego.Rego){rego.Query("topics = data.terraform"), rego.StrictBuiltinErrors(true)}
	for n, text := range modules {
		options = append(options, rego.Module(n, text))
	}
	if r.query, err = rego.New(options...).PrepareForEval(ctx); err != nil {
		return nil, fmt.Errorf("compile plan policies: %w", err)
	}
	slices.Sort(r.ids)
	return r, nil
}

// declared lists the rules of a topic: the strings that begin a call of violation
// in the head of a deny, or stand under "rule" in it.
func declared(topic string, module *ast.Module) []string {
	var ids []string
	for _, rule := range module.Rules {
		if rule.Head.Name != "deny" && rule.Head.Reference.String() != "deny" {
			continue
		}
		ast.WalkTerms(rule.Head.Key, func(t *ast.Term) bool {
			switch v := t.Value.(type) {
			case ast.Call:
				if v[0].String() == "violation" {
					if s, ok := v[1].Value.(ast.String); ok {
						ids = append(ids, topic+"."+string(s))
					}
				}
			case ast.Object:
				if x := v.Get(ast.StringTerm("rule")); x != nil {
					if s, ok := x.Value.(ast.String); ok {
						ids = append(ids, string(s))
					}
				}
			}
			return false
		})
	}
	return ids
}

// IDs are the names of all rules, sorted.
func (r *Rules) IDs() []string { return slices.Clone(r.ids) }

// Topics are the packages of rules, sorted as their files are.
func (r *Rules) Topics() []string { return slices.Clone(r.topics) }

// Judge judges a plan as `terraform show -json` gives it.
func (r *Rules) Judge(ctx context.Context, plan []byte) (Verdict, error) {
	var input map[string]any
	if err := json.Unmarshal(plan, &input); err != nil {
		return Verdict{}, fmt.Errorf("judge a plan: %w", err)
	}
	if _, ok := input["resource_changes"]; !ok {
		return Verdict{}, fmt.Errorf("judge a plan: it has no resource_changes: give it the output of terraform show -json")
	}
	results, err := r.query.Eval(ctx, rego.EvalInput(input))
	if err != nil {
		return Verdict{}, fmt.Errorf("judge a plan: %w", err)
	}
	if len(results) != 1 {
		return Verdict{}, fmt.Errorf("judge a plan: %d results, want 1", len(results))
	}
	b, err := json.Marshal(results[0].Bindings["topics"])
	if err != nil {
		return Verdict{}, err
	}
	var topics map[string]struct {
		Deny      []Violation `json:"deny"`
		NotJudged []string    `json:"not_judged"`
	}
	if err := json.Unmarshal(b, &topics); err != nil {
		return Verdict{}, fmt.Errorf("read what the rules say: %w", err)
	}
	var v Verdict
	for _, topic := range r.topics {
		v.Violations = append(v.Violations, topics[topic].Deny...)
		v.NotJudged = append(v.NotJudged, topics[topic].NotJudged...)
	}
	slices.SortFunc(v.Violations, func(a, b Violation) int {
		return cmp.Or(strings.Compare(a.Rule, b.Rule), strings.Compare(a.Address, b.Address), strings.Compare(a.Message, b.Message))
	})
	slices.Sort(v.NotJudged)
	return v, nil
}
