// Package layers_test proves the layers of the platform: each with those that it
// needs, and all six as one platform.
package layers_test

import (
	"cmp"
	"os"
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/layers/compute"
	"github.com/fintrack/platform/test/layers/data"
	"github.com/fintrack/platform/test/layers/networking"
	"github.com/fintrack/platform/test/layers/observability"
	"github.com/fintrack/platform/test/layers/platform"
	"github.com/fintrack/platform/test/layers/security"
	"github.com/fintrack/platform/test/layers/whole"
)

func TestMain(m *testing.M) { deploy.Main(m) }

// all are the layers of the platform, each with its checks.
func all() []deploy.Layer {
	return []deploy.Layer{networking.Layer(), security.Layer(), data.Layer(), compute.Layer(), platform.Layer(), observability.Layer()}
}

// environment is whose values are applied.
func environment() string { return cmp.Or(os.Getenv("ENVIRONMENT"), "prod") }

// TestLayers proves the layer that LAYER names with all that it needs, or without
// LAYER all layers as one platform.
func TestLayers(t *testing.T) {
	spec := deploy.StackSpec{Suite: "platform", Environment: environment(), Layers: all(), Verify: whole.Verify}
	if name := os.Getenv("LAYER"); name != "" {
		spec.Suite, spec.Only, spec.Verify = "layer-"+name, []string{name}, nil
	}
	deploy.ApplyStack(t, spec)
}
