package layers

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Values are what an environment gives to one layer.
type Values struct {
	// File is the tfvars, from the folder of all layers; "" where there is none.
	File   string
	Values map[string]cty.Value
	Lines  map[string]int
}

// Environments lists the environments of the folder of all layers, sorted.
func Environments(terraform fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(terraform, EnvironmentsFolder)
	if err != nil {
		return nil, fmt.Errorf("read the environments: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// Environment reads the values that an environment gives to each layer. An
// environment that does not exist, a file of no layer, and a key that its layer
// does not declare are errors that name the valid ones: Terraform itself only
// warns of such a key.
func (p *Platform) Environment(terraform fs.FS, name string) (map[string]Values, error) {
	known, err := Environments(terraform)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(known, name) {
		return nil, fmt.Errorf("no environment %q: there are %s", name, strings.Join(known, ", "))
	}
	all := map[string]Values{}
	var errs []error
	files, err := fs.Glob(terraform, path.Join(EnvironmentsFolder, name, "*"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		layer, ok := strings.CutSuffix(path.Base(file), ".tfvars")
		if _, known := p.Layers[layer]; !ok || !known {
			errs = append(errs, fmt.Errorf("%s: of no layer; there are %s, each with <layer>.tfvars", file, strings.Join(p.Names(), ", ")))
			continue
		}
		v, err := values(terraform, file)
		errs = append(errs, err, p.declared(layer, v))
		all[layer] = v
	}
	return all, errors.Join(errs...)
}

func values(terraform fs.FS, file string) (Values, error) {
	v := Values{File: file, Values: map[string]cty.Value{}, Lines: map[string]int{}}
	text, err := fs.ReadFile(terraform, file)
	if err != nil {
		return v, err
	}
	f, diags := hclsyntax.ParseConfig(text, file, hcl.InitialPos)
	if diags.HasErrors() {
		return v, diags
	}
	attributes, diags := f.Body.JustAttributes()
	if diags.HasErrors() {
		return v, diags
	}
	for name, a := range attributes {
		value, diags := a.Expr.Value(nil)
		if diags.HasErrors() {
			return v, diags
		}
		v.Values[name], v.Lines[name] = value, a.Range.Start.Line
	}
	return v, nil
}

// declared refuses keys that the layer does not know, and misses those it must have.
func (p *Platform) declared(layer string, v Values) error {
	var errs []error
	variables := p.Layers[layer].Variables
	known := make([]string, 0, len(variables))
	for name := range variables {
		known = append(known, name)
	}
	slices.Sort(known)
	keys := make([]string, 0, len(v.Values))
	for name := range v.Values {
		keys = append(keys, name)
	}
	slices.Sort(keys)
	for _, name := range keys {
		if _, ok := variables[name]; !ok {
			errs = append(errs, fmt.Errorf("%s:%d: layer %s has no variable %q; it has %s", v.File, v.Lines[name], layer, name, strings.Join(known, ", ")))
		}
	}
	return errors.Join(errs...)
}
