package endtoend_test

import (
	"cmp"
	"os"
	"testing"

	"github.com/fintrack/platform/test/identity/endtoend"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/layers/compute"
	"github.com/fintrack/platform/test/layers/data"
	"github.com/fintrack/platform/test/layers/networking"
	"github.com/fintrack/platform/test/layers/platform"
	"github.com/fintrack/platform/test/layers/security"
)

func TestMain(m *testing.M) { deploy.Main(m) }

// TestEndToEnd applies the layer platform with all that it needs, with the values of
// ENVIRONMENT (prod without it), and proves every role from its service account's
// token to an answered or refused request.
func TestEndToEnd(t *testing.T) {
	layers := []deploy.Layer{networking.Layer(), security.Layer(), data.Layer(), compute.Layer(), platform.Layer()}
	for i := range layers {
		layers[i].Verify = nil // what the layers promise beside this is proven by their own suite
	}
	deploy.ApplyStack(t, deploy.StackSpec{
		Suite: "identity-endtoend", Environment: cmp.Or(os.Getenv("ENVIRONMENT"), "prod"),
		Layers: layers, Only: []string{"platform"}, Verify: endtoend.Verify,
	})
}
