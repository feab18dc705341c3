// Package layers reads the Terraform layers of the platform: what each one takes,
// gives, and reads from the state of others. It looks at the configuration alone;
// nothing is applied.
package layers

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// EnvironmentsFolder holds one folder an environment, with one tfvars a layer.
const EnvironmentsFolder = "environments"

// Layer is one root module with a state of its own.
type Layer struct {
	Name string
	// Variables are what it takes, by name.
	Variables map[string]Variable
	// Outputs are what it gives, by name.
	Outputs map[string]Output
	// References are its reads of other layers' outputs, in the order of the files.
	References []Reference
	// States are the layers whose state it reads, by the name of the data source.
	States map[string]State
	// Needed are the layers that its local value "needs" lists; nil without one.
	Needed []string
	// Key is the state's key in the bucket.
	Key string
	// Locked says that the backend locks the state (use_lockfile).
	Locked bool
	// Modules are the sources of the modules it calls.
	Modules []string
}

// Variable is an input of a layer.
type Variable struct {
	Required bool
	// Type and Defaults are its type constraint and the defaults of optional
	// attributes in it; Default is its own, cty.NilVal when it is required.
	Type     cty.Type
	Defaults *typeexpr.Defaults
	Default  cty.Value
	Place    Place
}

// Output is what a layer gives to others.
type Output struct {
	// Value is the expression, as it was written.
	Value hclsyntax.Expression
	Place Place
}

// State is a data source "terraform_remote_state".
type State struct {
	// Layer is the layer that its key names.
	Layer string
	Place Place
}

// Reference is one read of another layer's output.
type Reference struct {
	// Layer and Output are what is read; Rest is what follows, as ".a" or "[...]".
	Layer, Output string
	// Uses says how the value is used right there: by attribute, by index, as a whole.
	Use   Use
	Place Place
}

// Place is a line of a file.
type Place struct {
	File string
	Line int
}

func (p Place) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Platform is all layers.
type Platform struct{ Layers map[string]Layer }

// Load reads every layer of the folder: each folder in it that has Terraform
// files, EnvironmentsFolder apart. All files that cannot be read are named.
func Load(terraform fs.FS) (*Platform, error) {
	entries, err := fs.ReadDir(terraform, ".")
	if err != nil {
		return nil, fmt.Errorf("read the layers: %w", err)
	}
	p := &Platform{Layers: map[string]Layer{}}
	var errs []error
	for _, e := range entries {
		if !e.IsDir() || e.Name() == EnvironmentsFolder {
			continue
		}
		files, err := fs.Glob(terraform, path.Join(e.Name(), "*.tf"))
		if err != nil || len(files) == 0 {
			errs = append(errs, err)
			continue
		}
		l, err := read(terraform, e.Name(), files)
		errs = append(errs, err)
		p.Layers[l.Name] = l
	}
	return p, errors.Join(errs...)
}

// Names lists the layers, sorted.
func (p *Platform) Names() []string {
	names := make([]string, 0, len(p.Layers))
	for n := range p.Layers {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// Needs lists the layers whose state the named one reads itself, sorted.
func (p *Platform) Needs(name string) []string {
	var needs []string
	for _, s := range p.Layers[name].States {
		needs = append(needs, s.Layer)
	}
	slices.Sort(needs)
	return slices.Compact(needs)
}

// Order lists the layers so that each comes after what it needs; those that could
// change places are in the order of their names. Given names, it lists these and
// all that they need. A cycle, and a state of a layer that is not there, are errors.
func (p *Platform) Order(names ...string) ([]string, error) {
	if len(names) == 0 {
		names = p.Names()
	}
	var order []string
	state := map[string]int{} // 1: under way, 2: done
	var visit func(name string, from []string) error
	visit = func(name string, from []string) error {
		if _, ok := p.Layers[name]; !ok {
			if len(from) == 0 {
				return fmt.Errorf("no layer %q: there are %s", name, strings.Join(p.Names(), ", "))
			}
			return fmt.Errorf("layer %s reads the state of %q: there is no such layer", from[len(from)-1], name)
		}
		switch state[name] {
		case 1:
			return fmt.Errorf("layers need each other in a circle: %s", strings.Join(append(from[slices.Index(from, name):], name), " → "))
		case 2:
			return nil
		}
		state[name] = 1
		for _, n := range p.Needs(name) {
			if err := visit(n, append(slices.Clone(from), name)); err != nil {
				return err
			}
		}
		state[name] = 2
		order = append(order, name)
		return nil
	}
	slices.Sort(names)
	for _, n := range names {
		if err := visit(n, nil); err != nil {
			return nil, err
		}
	}
	return order, nil
}

func read(terraform fs.FS, name string, files []string) (Layer, error) {
	l := Layer{Name: name, Variables: map[string]Variable{}, Outputs: map[string]Output{}, States: map[string]State{}}
	var errs []error
	var bodies []*hclsyntax.Body
	for _, file := range files {
		text, err := fs.ReadFile(terraform, file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		f, diags := hclsyntax.ParseConfig(text, file, hcl.InitialPos)
		if diags.HasErrors() {
			errs = append(errs, fmt.Errorf("layer %s: %w", name, diags))
			continue
		}
		bodies = append(bodies, f.Body.(*hclsyntax.Body))
	}
	for _, b := range bodies {
		errs = append(errs, l.blocks(b))
	}
	for _, b := range bodies { // once every data source is known
		l.references(b)
	}
	return l, errors.Join(errs...)
}

func (l *Layer) blocks(body *hclsyntax.Body) error {
	var errs []error
	for _, b := range body.Blocks {
		place := at(b.DefRange())
		switch {
		case b.Type == "variable" && len(b.Labels) == 1:
			v, err := variable(b)
			errs = append(errs, err)
			l.Variables[b.Labels[0]] = v
		case b.Type == "output" && len(b.Labels) == 1 && b.Body.Attributes["value"] != nil:
			l.Outputs[b.Labels[0]] = Output{Value: b.Body.Attributes["value"].Expr, Place: place}
		case b.Type == "module" && b.Body.Attributes["source"] != nil:
			l.Modules = append(l.Modules, literal(b.Body.Attributes["source"].Expr))
		case b.Type == "terraform":
			l.backend(b.Body)
		case b.Type == "locals" && b.Body.Attributes["needs"] != nil:
			items, diags := hcl.ExprList(b.Body.Attributes["needs"].Expr)
			if diags.HasErrors() {
				errs = append(errs, fmt.Errorf("%s: local.needs must be a list written out: %w", place, diags))
			}
			for _, item := range items {
				l.Needed = append(l.Needed, literal(item))
			}
		case b.Type == "data" && len(b.Labels) == 2 && b.Labels[0] == "terraform_remote_state":
			layer, err := stateOf(b)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", place, err))
				continue
			}
			l.States[b.Labels[1]] = State{Layer: layer, Place: place}
		}
	}
	return errors.Join(errs...)
}

func variable(b *hclsyntax.Block) (Variable, error) {
	v := Variable{Required: true, Type: cty.DynamicPseudoType, Place: at(b.DefRange())}
	if a := b.Body.Attributes["type"]; a != nil {
		t, defaults, diags := typeexpr.TypeConstraintWithDefaults(a.Expr)
		if diags.HasErrors() {
			return v, diags
		}
		v.Type, v.Defaults = t, defaults
	}
	if a := b.Body.Attributes["default"]; a != nil {
		value, diags := a.Expr.Value(nil)
		if diags.HasErrors() {
			return v, diags
		}
		v.Required, v.Default = false, value
	}
	return v, nil
}

func (l *Layer) backend(body *hclsyntax.Body) {
	for _, b := range body.Blocks {
		if b.Type != "backend" {
			continue
		}
		if a := b.Body.Attributes["key"]; a != nil {
			l.Key = literal(a.Expr)
		}
		if a := b.Body.Attributes["use_lockfile"]; a != nil {
			v, diags := a.Expr.Value(nil)
			l.Locked = !diags.HasErrors() && v.Type() == cty.Bool && v.IsKnown() && v.True()
		}
	}
}

// stateOf says which layer's state a data source reads, by its key.
func stateOf(b *hclsyntax.Block) (string, error) {
	config := b.Body.Attributes["config"]
	if config == nil {
		return "", fmt.Errorf("data.terraform_remote_state.%s has no config", b.Labels[1])
	}
	pairs, diags := hcl.ExprMap(config.Expr)
	if diags.HasErrors() {
		return "", fmt.Errorf("data.terraform_remote_state.%s: config must be an object written out: %w", b.Labels[1], diags)
	}
	for _, pair := range pairs {
		if hcl.ExprAsKeyword(pair.Key) != "key" {
			continue
		}
		v, diags := pair.Value.Value(nil)
		if diags.HasErrors() || v.Type() != cty.String {
			return "", fmt.Errorf("data.terraform_remote_state.%s: its key must be a plain string, \"<layer>/terraform.tfstate\"", b.Labels[1])
		}
		return path.Dir(v.AsString()), nil
	}
	return "", fmt.Errorf("data.terraform_remote_state.%s: config has no key", b.Labels[1])
}

func literal(e hcl.Expression) string {
	v, diags := e.Value(nil)
	if diags.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}

func at(r hcl.Range) Place { return Place{File: r.Filename, Line: r.Start.Line} }
