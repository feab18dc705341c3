package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/access"
	"github.com/fintrack/platform/test/kit/sandbox"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/spf13/cobra"
)

func accessPlan() *cobra.Command {
	var outputs []string
	c := &cobra.Command{
		Use: "plan LAYER PLAN.json", Short: "Say what each role gains and loses by a layer's plan, and hold that against the intent", Args: cobra.ExactArgs(2),
		Long: "Reads what `terraform show -json` prints of a plan of one of the layers. Nothing is applied, and no\naccount is asked. Ends with 1 when the plan would leave something that is not declared, or when\nsomething is known after the apply alone.",
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := readMeant(cmd.Context(), "")
			if err != nil {
				return err
			}
			p, facts, err := readPlan(m.intent, args[0], args[1])
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, line := range p.Changes() {
				fmt.Fprintln(out, line)
			}
			if err := addOutputs(&facts, outputs); err != nil {
				return err
			}
			found, later := p.Judge(m.intent, facts, m.known, args[0])
			for _, f := range found {
				fmt.Fprintln(out, f)
			}
			for _, line := range later {
				fmt.Fprintln(out, "not known before the apply: "+line)
			}
			if len(found)+len(later) > 0 {
				return fmt.Errorf("%d findings, %d things that the apply alone will tell, in the plan of %s", len(found), len(later), args[0])
			}
			fmt.Fprintf(out, "%d roles, as declared\n", len(p.After))
			return nil
		},
	}
	c.Flags().StringArrayVar(&outputs, "outputs", nil, "outputs of a layer of which the plan reads nothing, as LAYER=FILE; the file is what terraform output -json prints")
	return c
}

// addOutputs adds layers' outputs, each as LAYER=FILE.
func addOutputs(f *access.Facts, pairs []string) error {
	for _, pair := range pairs {
		layer, file, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("%w: --outputs %s: want LAYER=FILE", sandbox.ErrSetup, pair)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
		}
		var printed map[string]struct{ Value any }
		if err := json.Unmarshal(text, &printed); err != nil {
			return fmt.Errorf("%w: %s: %w; want what terraform output -json prints", sandbox.ErrSetup, file, err)
		}
		values := map[string]any{}
		for name, o := range printed {
			values[name] = o.Value
		}
		f.Complete(access.Facts{Outputs: map[string]map[string]any{layer: values}})
	}
	return nil
}

// readPlan reads a plan of a layer, and the facts that it has.
func readPlan(in *access.Intent, layer, file string) (*access.Planned, access.Facts, error) {
	layers := map[string]bool{}
	for _, r := range in.Roles {
		layers[r.Layer] = true
	}
	if !layers[layer] {
		return nil, access.Facts{}, fmt.Errorf("%w: no role is of layer %q; the layers are %s", sandbox.ErrSetup, layer, strings.Join(slices.Sorted(maps.Keys(layers)), ", "))
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, access.Facts{}, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	plan := new(tfjson.Plan)
	if err := plan.UnmarshalJSON(text); err != nil {
		return nil, access.Facts{}, fmt.Errorf("%w: %s: %w; want what terraform show -json prints of a plan", sandbox.ErrSetup, file, err)
	}
	facts, err := access.PlanFacts(plan, layer)
	if err != nil {
		return nil, facts, fmt.Errorf("%w: %s: %w", sandbox.ErrSetup, file, err)
	}
	p, err := access.FromPlan(plan, facts.Account)
	if err != nil {
		err = errors.Join(sandbox.ErrSetup, fmt.Errorf("%s: %w", file, err))
	}
	return p, facts, err
}
