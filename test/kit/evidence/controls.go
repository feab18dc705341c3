// Package evidence turns the results of checks into evidence: it says which
// criterion each check bears on and whether any is without one, and it writes,
// signs, verifies, compares and joins bundles that an auditor can read without us.
//
// A bundle is a set of named files. All here is pure over such sets; Folder reads
// and writes them on a disk.
package evidence

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/check"
	"go.yaml.in/yaml/v3"
)

// Intent is what policies/intent/controls.yaml declares.
type Intent struct {
	// Criteria are the SOC 2 criteria in scope, in the order of the file.
	Criteria []Criterion
	// Retired are checks that were taken away on purpose.
	Retired []Retired
}

// Retired are checks that earlier runs made and later ones do not.
type Retired struct {
	// Checks is a pattern of check ids, Why the reason.
	Checks, Why string

	line int
}

// Criterion is one trust services criterion (AICPA TSP section 100), in our words.
type Criterion struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	// Means says in our own words what the criterion asks of this platform.
	Means string `json:"means"`
	// Checks are patterns of check ids; * stands for any run of characters. Each
	// must select a check that ran and that names this criterion itself.
	Checks []string `json:"checks"`
	// Populations are kinds of resources of which each one must be checked.
	Populations []Population `json:"populations,omitempty"`
	// CannotShow says what no check of this suite can show.
	CannotShow []string `json:"cannot_show"`

	line  int
	lines map[string]int // of each pattern
}

// Population is a kind of resource of which every one must be the subject of a
// check that bears on the criterion.
type Population struct {
	What string `json:"what"`
	// Resources are Terraform types.
	Resources []string `json:"resources"`
	// Except are addresses, as <folder>:<type>.<name>, with the reason why.
	Except map[string]string `json:"except,omitempty"`

	line int
}

// ReadIntent reads the file of controls. Each error names the file and the line.
// All criteria of check.Controls must be there, each once.
func ReadIntent(name string, text []byte) (Intent, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return Intent{}, fmt.Errorf("%s: %w", name, err)
	}
	r := &reader{name: name}
	var in Intent
	if len(doc.Content) == 1 {
		r.fields(doc.Content[0], "the file", map[string]func(*yaml.Node){
			"criteria": func(n *yaml.Node) {
				for _, c := range r.list(n, "criteria") {
					in.Criteria = append(in.Criteria, r.criterion(c))
				}
			},
			"retired": func(n *yaml.Node) {
				for _, c := range r.list(n, "retired") {
					in.Retired = append(in.Retired, r.retired(c))
				}
			},
		})
	}
	r.whole(in)
	if err := errors.Join(r.errs...); err != nil {
		return Intent{}, err
	}
	return in, nil
}

type reader struct {
	name string
	errs []error
}

func (r *reader) errorf(line int, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: "+format, append([]any{r.name, line}, args...)...))
}

// fields hands each value of a mapping to its reader.
func (r *reader) fields(n *yaml.Node, where string, known map[string]func(*yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.errorf(n.Line, "%s must be a mapping", where)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		read, ok := known[key.Value]
		switch {
		case !ok:
			r.errorf(key.Line, "%s has no field %q; it has %s", where, key.Value, strings.Join(sortedKeys(known), ", "))
		case seen[key.Value]:
			r.errorf(key.Line, "%s gives %s twice", where, key.Value)
		default:
			read(n.Content[i+1])
		}
		seen[key.Value] = true
	}
}

func (r *reader) list(n *yaml.Node, where string) []*yaml.Node {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		r.errorf(n.Line, "%s must be a list with at least one entry", where)
		return nil
	}
	return n.Content
}

func (r *reader) text(n *yaml.Node, where string) string {
	v := strings.TrimSpace(n.Value)
	if n.Kind != yaml.ScalarNode || v == "" {
		r.errorf(n.Line, "%s must be a text", where)
	}
	return v
}

func (r *reader) texts(n *yaml.Node, where string) (out []string) {
	for _, v := range r.list(n, where) {
		out = append(out, r.text(v, where))
	}
	return out
}

func (r *reader) criterion(n *yaml.Node) Criterion {
	c := Criterion{line: n.Line, lines: map[string]int{}}
	r.fields(n, "a criterion", map[string]func(*yaml.Node){
		"id":          func(v *yaml.Node) { c.ID = r.text(v, "id") },
		"title":       func(v *yaml.Node) { c.Title = r.text(v, "title") },
		"means":       func(v *yaml.Node) { c.Means = r.text(v, "means") },
		"cannot-show": func(v *yaml.Node) { c.CannotShow = r.texts(v, "cannot-show") },
		"checks": func(v *yaml.Node) {
			for _, p := range r.list(v, "checks") {
				c.Checks = append(c.Checks, r.pattern(p, &c))
			}
		},
		"populations": func(v *yaml.Node) {
			for _, p := range r.list(v, "populations") {
				c.Populations = append(c.Populations, r.population(p))
			}
		},
	})
	for what, missing := range map[string]bool{
		"id": c.ID == "", "title": c.Title == "", "means": c.Means == "",
		"checks": len(c.Checks) == 0, "cannot-show": len(c.CannotShow) == 0,
	} {
		if missing {
			r.errorf(c.line, "criterion %q lacks %s", c.ID, what)
		}
	}
	if c.ID != "" && !slices.Contains(check.Controls, c.ID) {
		r.errorf(c.line, "unknown criterion %q; in scope are %s", c.ID, strings.Join(check.Controls, ", "))
	}
	return c
}

func (r *reader) pattern(n *yaml.Node, c *Criterion) string {
	p := r.text(n, "checks")
	if _, err := path.Match(p, ""); err != nil || strings.ContainsAny(p, "[]?\\/ ") || !strings.Contains(p, ".") {
		r.errorf(n.Line, "%q is no pattern of check ids: want <suite>.<promise>, with * for any characters", p)
	}
	if _, twice := c.lines[p]; twice {
		r.errorf(n.Line, "criterion %s lists %s twice", c.ID, p)
	}
	c.lines[p] = n.Line
	return p
}

func (r *reader) retired(n *yaml.Node) Retired {
	x := Retired{line: n.Line}
	r.fields(n, "a retired check", map[string]func(*yaml.Node){
		"checks": func(v *yaml.Node) { x.Checks = r.text(v, "checks") },
		"why":    func(v *yaml.Node) { x.Why = r.text(v, "why") },
	})
	if x.Checks == "" || x.Why == "" {
		r.errorf(x.line, "a retired check needs checks and why")
	}
	return x
}

func (r *reader) population(n *yaml.Node) Population {
	p := Population{line: n.Line, Except: map[string]string{}}
	r.fields(n, "a population", map[string]func(*yaml.Node){
		"what":      func(v *yaml.Node) { p.What = r.text(v, "what") },
		"resources": func(v *yaml.Node) { p.Resources = r.texts(v, "resources") },
		"except": func(v *yaml.Node) {
			if v.Kind != yaml.MappingNode {
				r.errorf(v.Line, "except must map addresses to reasons")
				return
			}
			for i := 0; i+1 < len(v.Content); i += 2 {
				p.Except[v.Content[i].Value] = r.text(v.Content[i+1], "the reason for "+v.Content[i].Value)
			}
		},
	})
	if p.What == "" || len(p.Resources) == 0 {
		r.errorf(p.line, "a population needs what and resources")
	}
	return p
}

// whole reports criteria that are given twice or not at all.
func (r *reader) whole(in Intent) {
	first := map[string]int{}
	for _, c := range in.Criteria {
		if line, twice := first[c.ID]; twice {
			r.errorf(c.line, "criterion %s is given twice, first in line %d", c.ID, line)
			continue
		}
		first[c.ID] = c.line
	}
	for _, id := range check.Controls {
		if _, ok := first[id]; !ok {
			r.errorf(1, "criterion %s is in scope and is not here", id)
		}
	}
}
