package applied

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/access"
	tfjson "github.com/hashicorp/terraform-json"
)

// plans holds the last plan of each layer with roles against the intent, with the facts
// that the plan itself has, and those of other layers: that is what a change is judged by
// before it is applied.
func (v *suite) plans(ctx context.Context) {
	of := map[string]bool{}
	for _, d := range v.declared {
		of[d.Role.Layer] = true
	}
	for _, layer := range slices.Sorted(maps.Keys(of)) {
		c := promise("plan."+layer, "The plan alone, without the account, tells that each role is as declared: "+layer, "terraform/"+layer, "CC6.1", "CC6.3", "CC8.1")
		roles, found, err := v.planned(ctx, layer)
		if err != nil {
			v.s.Checks.Err(c, "a plan that can be read", err)
			continue
		}
		v.s.Checks.That(c, roles > 0 && len(found) == 0, "roles, and nothing else than is declared", fmt.Sprintf("%d roles; %s", roles, orNothing(found)))
	}
}

// planned judges the last plan of a layer: how many roles it has, and what is not as
// declared or not known.
func (v *suite) planned(ctx context.Context, layer string) (roles int, lines []string, err error) {
	cmd := v.s.Command(layer, "show", "-json", filepath.Join(v.s.Deployment(layer).Dir, "tfplan"))
	text, err := cmd.Output()
	if err != nil {
		return 0, nil, fmt.Errorf("terraform show of %s: %w", layer, err)
	}
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	plan := new(tfjson.Plan)
	if err := plan.UnmarshalJSON(text); err != nil {
		return 0, nil, err
	}
	facts, err := access.PlanFacts(plan, layer)
	if err != nil {
		return 0, nil, err
	}
	facts.Complete(v.facts) // the pipelines' roles are about layers that come later
	p, err := access.FromPlan(plan, facts.Account)
	if err != nil {
		return 0, nil, err
	}
	found, later := p.Judge(v.in, facts, v.known, layer)
	for _, f := range found {
		lines = append(lines, f.String())
	}
	return len(p.After), slices.Concat(lines, later), nil
}

func orNothing(lines []string) string {
	if len(lines) == 0 {
		return "nothing else"
	}
	return strings.Join(lines, "\n            ")
}
