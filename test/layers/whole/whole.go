// Package whole holds what the layers promise together: each gives what others
// read, a change stays where it was made, and nowhere is a static credential.
package whole

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

// Verify proves the whole, once every layer is applied.
func Verify(ctx context.Context, s *deploy.Stack) {
	outputs(s)
	credentials(ctx, s)
	changes(ctx, s)
	drills(ctx, s)
}

func promise(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "whole." + id, Title: title, Subject: subject, Controls: controls}
}

// outputs: what a layer reads of another is there, and is something.
func outputs(s *deploy.Stack) {
	for _, layer := range s.Order {
		var absent []string
		references := s.Platform.Layers[layer].References
		for _, r := range references {
			if v, ok := s.Deployment(r.Layer).Outputs[r.Output]; !ok || v == nil || v == "" {
				absent = append(absent, fmt.Sprintf("%s of %s (%s)", r.Output, r.Layer, r.Place))
			}
		}
		if len(references) == 0 {
			continue
		}
		s.Checks.That(promise("outputs-given."+layer, "Every output that the layer reads is given", "terraform/"+layer, "CC8.1"),
			len(absent) == 0, fmt.Sprint(len(references), " outputs"), fmt.Sprint(len(references)-len(absent), " outputs; without a value: ", strings.Join(absent, ", ")))
	}
}

// changes applies a harmless change in every layer, the last first: had a layer given
// something else to one that reads it, that one's plan would show it, which no later
// change takes away.
func changes(ctx context.Context, s *deploy.Stack) {
	for _, layer := range slices.Backward(s.Order) {
		c := promise("change."+layer, "A change of the layer's tags can be applied", "terraform/"+layer, "CC8.1")
		tags := map[string]string{"Probe": "change"}
		maps.Copy(tags, s.Sandbox.Tags)
		own, err := s.Change(ctx, layer, map[string]any{"tags": tags})
		if err != nil {
			s.Checks.Err(c, "a change", err)
			return
		}
		s.Checks.That(c, len(own) > 0, "a change", fmt.Sprint(len(own), " attributes changed"))
	}
	found, err := s.Drift(ctx)
	for _, layer := range s.Order {
		c := promise("change-stays."+layer, "A change in any layer changes nothing in this one", "terraform/"+layer, "CC8.1")
		if err != nil {
			s.Checks.Err(c, "an empty plan", err)
			continue
		}
		lines := slices.DeleteFunc(slices.Clone(found), func(line string) bool { return !strings.HasPrefix(line, layer+": ") })
		s.Checks.Equal(c, []string{}, append([]string{}, lines...))
	}
}
