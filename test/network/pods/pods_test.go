package pods_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/gitops/platform"
	"github.com/fintrack/platform/test/kit/kindcluster"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/fintrack/platform/test/network/pods"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// root is the repository's.
const root = "../../.."

func TestMain(m *testing.M) { os.Exit(suite.Main(m, "network", "kind")) }

// TestPackets proves the NetworkPolicies of an environment (ENVIRONMENT; prod by
// default) in a kind cluster. scripts/test-network gives it an engine and an image.
func TestPackets(t *testing.T) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	began := time.Now()
	stage := func(what string) { fmt.Printf("  %5.0fs  %s\n", time.Since(began).Seconds(), what) }
	image := os.Getenv("FINTRACK_KIND_IMAGE")
	require.NotEmpty(t, image, "FINTRACK_KIND_IMAGE names no node image; run make test-network ENV=kind")
	run := suite.Current()
	manifests := rendered(ctx, t, cmp.Or(os.Getenv("ENVIRONMENT"), "prod"))
	program := filepath.Join(t.TempDir(), pods.Program)
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "./test/cmd/probe")
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	said, err := build.CombinedOutput()
	require.NoError(t, err, string(said))

	log, err := os.Create(filepath.Join(run.Dir, "kind.log"))
	require.NoError(t, err)
	defer log.Close()
	stage("cluster")
	// Clusters of two caches on one engine are two.
	name := fmt.Sprintf("fintrack-%x", sha256.Sum256([]byte(run.Paths.Cache)))[:15]
	kind, err := kindcluster.Create(ctx, kindcluster.Spec{Run: run.Run, Name: name, Image: image, Workers: 1, Dual: true, Folder: run.Dir, Log: log})
	require.NoError(t, err, "what kind said: %s", log.Name())
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), kindcluster.Removal)
		defer cancel()
		stage("removal")
		require.NoError(t, kind.Delete(clean))
	}()
	checks := suite.Checks(t, "network")
	err = pods.Scene{Kind: kind, Probe: program, Stage: stage}.Prove(ctx, checks, manifests)
	if errors.Is(err, context.Canceled) {
		t.Fatal("interrupted")
	}
	require.NoError(t, err)
}

// rendered are the manifests of an environment, with the charts that can be had.
func rendered(ctx context.Context, t *testing.T, environment string) map[string][]byte {
	m, err := platform.FindModules(ctx, root)
	require.NoError(t, err)
	p, err := platform.Render(root, environment, m.Charts)
	require.NoError(t, err)
	out := map[string][]byte{}
	for i, o := range p.Tree.Objects {
		b, err := yaml.Marshal(o.Fields)
		require.NoError(t, err)
		out[fmt.Sprintf("%s %s %s %s %d", environment, o.Kind(), o.Text("metadata", "namespace"), o.Name(), i)] = b
	}
	return out
}
