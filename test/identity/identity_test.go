// Package identity_test proves that every role can do exactly what
// policies/intent/access.yaml declares: read back from an applied platform.
package identity_test

import (
	"cmp"
	"context"
	"os"
	"testing"

	"github.com/fintrack/platform/test/identity/applied"
	"github.com/fintrack/platform/test/identity/endtoend"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/layers/compute"
	"github.com/fintrack/platform/test/layers/data"
	"github.com/fintrack/platform/test/layers/networking"
	"github.com/fintrack/platform/test/layers/observability"
	"github.com/fintrack/platform/test/layers/platform"
	"github.com/fintrack/platform/test/layers/security"
)

func TestMain(m *testing.M) { deploy.Main(m) }

// TestIdentity applies the layer platform with all that it needs, and holds every role
// against the intent. What the layers promise else is proven by test/layers.
func TestIdentity(t *testing.T) {
	layers := []deploy.Layer{networking.Layer(), security.Layer(), data.Layer(), compute.Layer(), platform.Layer(), observability.Layer()}
	for i := range layers {
		layers[i].Verify = nil
	}
	deploy.ApplyStack(t, deploy.StackSpec{
		Suite: "identity", Environment: cmp.Or(os.Getenv("ENVIRONMENT"), "prod"), Layers: layers, Only: []string{"platform", "observability"},
		Verify: func(ctx context.Context, s *deploy.Stack) {
			applied.Verify(ctx, s)
			endtoend.Verify(ctx, s)
		},
	})
}
