// Package deploy takes one Terraform configuration through its whole life in a
// throwaway environment: init, validate, plan, apply, verify, an empty second
// plan, destroy, and a census that finds nothing left.
package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/sandbox"
	tfjson "github.com/hashicorp/terraform-json"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Spec says what to deploy and what it promises.
type Spec struct {
	// Module is the name of the module; modules/<Module>/examples/<Example> is applied.
	Module string
	// Example is the example's folder, "complete" when empty.
	Example string
	// Suite names the results; Module when empty, Module-Example for another example.
	Suite string
	// Vars are variables of the example beside name, region and tags, which it
	// is always given.
	Vars map[string]any
	// Unlock are variables that are applied just before the destroy, to lift
	// the protections that must refuse one.
	Unlock map[string]any
	// Regions are further regions in which the example creates something.
	Regions []string
	// Prepare, when set, makes what must exist before the plan.
	Prepare func(ctx context.Context, d *Deployment) error
	// Verify reads the promises from the AWS API and records a check for each.
	Verify func(ctx context.Context, d *Deployment)
	// Residue, when set, runs after the destroy: it proves what must outlive
	// one (a final snapshot) and removes it.
	Residue func(ctx context.Context, d *Deployment)
}

// Deployment is a configuration in its environment.
type Deployment struct {
	T       testing.TB
	Sandbox *sandbox.Sandbox
	// AWS is the SDK configuration of the environment.
	AWS aws.Config
	// Region is where the environment is; Name starts every resource's name.
	Region, Name string
	// Dir is the folder of the applied root module.
	Dir string
	// Plan is the plan that was applied.
	Plan *tfjson.Plan
	// Outputs are the outputs of the applied root module.
	Outputs map[string]any
	Checks  *check.Set
	// Stack is what a layer was applied with; nil for a module.
	Stack *Stack
}

// Variable decodes the value that a variable of the applied layer had, its default
// and those of its optional attributes where nothing was given, as encoding/json
// does. One that does not exist fails the test.
func (d *Deployment) Variable(name string, v any) {
	d.T.Helper()
	b, err := d.variable(name)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		d.T.Fatalf("variable %q of %s: %v", name, d.Dir, err)
	}
}

func (d *Deployment) variable(name string) ([]byte, error) {
	given, ok := d.Plan.Variables[name]
	if !ok {
		return nil, errors.New("the applied configuration has no such variable")
	}
	b, err := json.Marshal(given.Value)
	if err != nil || d.Stack == nil {
		return b, err
	}
	declared := d.Stack.Platform.Layers[filepath.Base(d.Dir)].Variables[name]
	t, err := ctyjson.ImpliedType(b)
	if err != nil {
		return nil, err
	}
	value, err := ctyjson.Unmarshal(b, t)
	if err != nil {
		return nil, err
	}
	if value, err = declared.Complete(value); err != nil {
		return nil, err
	}
	return ctyjson.Marshal(value, value.Type())
}

// Output returns an output as text: a string as it is, anything else as JSON.
// An output that does not exist fails the test.
func (d *Deployment) Output(name string) string {
	d.T.Helper()
	v, ok := d.Outputs[name]
	if !ok {
		d.T.Fatalf("output %q: the applied configuration in %s has no such output", name, d.Dir)
	}
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		d.T.Fatalf("output %q: %v", name, err)
	}
	return string(b)
}

// OutputAs decodes an output into v, as encoding/json does.
func (d *Deployment) OutputAs(name string, v any) {
	d.T.Helper()
	if err := json.Unmarshal([]byte(d.Output(name)), v); err != nil {
		d.T.Fatalf("output %q: %v", name, fmt.Errorf("decode as %T: %w", v, err))
	}
}
