// Package network_test proves the network by the intent in
// policies/intent/reachability.yaml: what is declared works, and nothing else does.
package network_test

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/reach/planned"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/layers/compute"
	"github.com/fintrack/platform/test/layers/data"
	"github.com/fintrack/platform/test/layers/networking"
	"github.com/fintrack/platform/test/layers/security"
	"github.com/fintrack/platform/test/network/reachability"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { deploy.Main(m) }

// TestPlannedNetworks plans the network of every environment, and holds what it will
// let pass between tiers against the intent.
func TestPlannedNetworks(t *testing.T) {
	paths, err := sandbox.FindPaths()
	require.NoError(t, err)
	in, err := reachability.Intent(paths.Source())
	require.NoError(t, err)
	plans := map[string][]byte{}
	for _, environment := range []string{"dev", "prod", "staging"} {
		plans[environment] = deploy.PlannedLayer(t, networking.Layer(), environment)
	}
	reachability.Planned(deploy.Checks(t, "network"), in, plans)
}

// TestAppliedNetwork applies the layers that make the network and what is in it, and
// proves the network by their plans read as one, and as the APIs describe it. What else the layers promise their own
// suite proves.
func TestAppliedNetwork(t *testing.T) {
	layers := []deploy.Layer{networking.Layer(), security.Layer(), data.Layer(), compute.Layer()}
	for i := range layers {
		layers[i].Verify = nil
	}
	deploy.ApplyStack(t, deploy.StackSpec{
		Suite: "network", Environment: cmp.Or(os.Getenv("ENVIRONMENT"), "prod"), Layers: layers, Only: []string{"compute"},
		Verify: func(ctx context.Context, s *deploy.Stack) {
			paths, err := sandbox.FindPaths()
			if err != nil {
				s.T.Fatal(err)
			}
			var plans []planned.Layer
			for _, name := range s.Order {
				d := s.Deployment(name)
				text, err := json.Marshal(d.Plan)
				if err != nil {
					s.T.Fatal(err)
				}
				plans = append(plans, planned.Layer{Name: name, Plan: text, Sources: os.DirFS(filepath.Join(d.Dir, "..", "..")), Dir: "terraform/" + name})
			}
			reachability.Prove(ctx, s.Checks, s.Sandbox.AWS, paths, plans, s.Sandbox.Run.JournalPath)
		},
	})
}
