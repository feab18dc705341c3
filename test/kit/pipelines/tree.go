package pipelines

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// tree is what our rules need of a workflow, each word with its line.
type tree struct {
	on          []word
	permissions *permissions
	env         []pair
	concurrency bool
	shell       string
	jobs        []job
}

type word struct {
	value string
	line  int
}

type pair struct{ name, value word }

type permissions struct {
	// all is "read-all" or "write-all", or empty.
	all    string
	scopes []pair
}

type job struct {
	id          word
	permissions *permissions
	env         []pair
	environment string
	timeout     bool
	uses        word
	inherits    bool
	steps       []step
}

type step struct {
	name, condition  string
	run, uses, shell word
	env, with        []pair
}

// action is the action's name without its version.
func (s step) action() string {
	name, _, _ := strings.Cut(s.uses.value, "@")
	return name
}

func (s step) input(name string) string {
	for _, p := range s.with {
		if p.name.value == name {
			return p.value.value
		}
	}
	return ""
}

type treeReader struct {
	file string
	errs []error
}

func (r *treeReader) errorf(n *yaml.Node, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: "+format, append([]any{r.file, n.Line}, args...)...))
}

// each calls f for every entry of a mapping. Anchors are an error: a rule must see
// what is written where it is written.
func (r *treeReader) each(n *yaml.Node, where string, f func(name word, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.errorf(n, "%s must be a mapping", where)
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if v.Kind == yaml.AliasNode || k.Value == "<<" {
			r.errorf(k, "%s uses an alias: write it out", where)
			continue
		}
		f(word{k.Value, k.Line}, v)
	}
}

func (r *treeReader) word(n *yaml.Node) word {
	line := n.Line
	if n.Style == yaml.LiteralStyle || n.Style == yaml.FoldedStyle {
		line++
	}
	return word{n.Value, line}
}

func (r *treeReader) pairs(n *yaml.Node, where string) (out []pair) {
	r.each(n, where, func(name word, v *yaml.Node) {
		out = append(out, pair{name, r.word(v)})
	})
	return out
}

func (r *treeReader) permissions(n *yaml.Node) *permissions {
	if n.Kind == yaml.ScalarNode {
		return &permissions{all: n.Value}
	}
	return &permissions{scopes: r.pairs(n, "permissions")}
}

func (r *treeReader) workflow(n *yaml.Node) (t tree) {
	r.each(n, "a workflow", func(name word, v *yaml.Node) {
		switch name.value {
		case "on":
			t.on = r.events(v)
		case "permissions":
			t.permissions = r.permissions(v)
		case "env":
			t.env = r.pairs(v, "env")
		case "concurrency":
			t.concurrency = true
		case "defaults":
			r.each(v, "defaults", func(_ word, run *yaml.Node) {
				for _, p := range r.pairs(run, "defaults.run") {
					if p.name.value == "shell" {
						t.shell = p.value.value
					}
				}
			})
		case "jobs":
			r.each(v, "jobs", func(id word, j *yaml.Node) { t.jobs = append(t.jobs, r.job(id, j)) })
		}
	})
	if len(t.on) == 0 || len(t.jobs) == 0 {
		r.errorf(n, "has no events or no jobs: it is no workflow")
	}
	return t
}

func (r *treeReader) events(n *yaml.Node) (out []word) {
	switch n.Kind {
	case yaml.ScalarNode:
		out = append(out, r.word(n))
	case yaml.SequenceNode:
		for _, e := range n.Content {
			out = append(out, r.word(e))
		}
	default:
		r.each(n, "on", func(name word, _ *yaml.Node) { out = append(out, name) })
	}
	return out
}

func (r *treeReader) job(id word, n *yaml.Node) job {
	j := job{id: id}
	r.each(n, "a job", func(name word, v *yaml.Node) {
		switch name.value {
		case "permissions":
			j.permissions = r.permissions(v)
		case "env":
			j.env = r.pairs(v, "env")
		case "timeout-minutes":
			j.timeout = true
		case "uses":
			j.uses = r.word(v)
		case "secrets":
			j.inherits = v.Value == "inherit"
		case "environment":
			j.environment = r.environment(v)
		case "steps":
			for _, s := range v.Content {
				j.steps = append(j.steps, r.step(s))
			}
		}
	})
	return j
}

func (r *treeReader) environment(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return n.Value
	}
	for _, p := range r.pairs(n, "environment") {
		if p.name.value == "name" {
			return p.value.value
		}
	}
	r.errorf(n, "environment has no name")
	return ""
}

func (r *treeReader) step(n *yaml.Node) (s step) {
	r.each(n, "a step", func(name word, v *yaml.Node) {
		switch name.value {
		case "name":
			s.name = v.Value
		case "if":
			s.condition = v.Value
		case "run":
			s.run = r.word(v)
		case "uses":
			s.uses = r.word(v)
		case "shell":
			s.shell = r.word(v)
		case "env":
			s.env = r.pairs(v, "env")
		case "with":
			s.with = r.pairs(v, "with")
		}
	})
	return s
}
