// Package network_test proves the network by the intent in policies/intent: what is
// declared works, and nothing else does, on an applied environment.
package network_test

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/reach/live"
	"github.com/fintrack/platform/test/layers/compute"
	"github.com/fintrack/platform/test/layers/data"
	"github.com/fintrack/platform/test/layers/networking"
	"github.com/fintrack/platform/test/layers/security"
)

func TestMain(m *testing.M) { deploy.Main(m) }

func TestAppliedNetwork(t *testing.T) {
	layers := []deploy.Layer{networking.Layer(), security.Layer(), data.Layer(), compute.Layer()}
	for i := range layers {
		layers[i].Verify = func(context.Context, *deploy.Deployment) {} // their own suite proves the rest
	}
	deploy.ApplyStack(t, deploy.StackSpec{Suite: "network", Environment: cmp.Or(os.Getenv("ENVIRONMENT"), "prod"), Layers: layers, Only: []string{"compute"}, Verify: verify})
}

func verify(ctx context.Context, s *deploy.Stack) {
	docs, err := live.Documents(ctx, s.Sandbox.AWS)
	if err != nil {
		s.T.Fatal(err)
	}
	b, err := json.Marshal(docs)
	if err != nil {
		s.T.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("..", "..", ".cache", "network-documents.json"), b, 0o600); err != nil {
		s.T.Fatal(err)
	}
}
