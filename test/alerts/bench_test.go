package alerts_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fintrack/platform/test/kit/alerts"
	"github.com/fintrack/platform/test/kit/alerts/reference"
)

// BenchmarkHealthyDay evaluates all rules over 24 h at 30 s, three ways: the fast
// engine from the files on, Prometheus' own engine, and `promtool test rules`,
// which FINTRACK_PROMTOOL names.
func BenchmarkHealthyDay(b *testing.B) { benchmark(b, "healthy-day") }

// BenchmarkReconcileLatency does the same with the rules that one incident touches.
func BenchmarkReconcileLatency(b *testing.B) { benchmark(b, "reconcile-latency") }

func benchmark(b *testing.B, name string) {
	book, err := alerts.Load(os.DirFS(addOn))
	require.NoError(b, err)
	s, err := book.Scenario(name)
	require.NoError(b, err)
	ctx := context.Background()
	run, err := alerts.NewSimulator().Run(ctx, book.Rules, s)
	require.NoError(b, err)
	b.Run("fast", func(b *testing.B) {
		for b.Loop() {
			book, err := alerts.Load(os.DirFS(addOn))
			require.NoError(b, err)
			s, err := book.Scenario(name)
			require.NoError(b, err)
			run, err := alerts.NewSimulator().Run(ctx, book.Rules, s)
			require.NoError(b, err)
			require.Empty(b, run.Judge())
		}
	})
	b.Run("reference", func(b *testing.B) {
		for b.Loop() {
			_, err := reference.Run(ctx, b.TempDir(), book.Rules, s, run.Evaluated)
			require.NoError(b, err)
		}
	})
	b.Run("promtool", func(b *testing.B) {
		promtool := os.Getenv("FINTRACK_PROMTOOL")
		require.NotEmpty(b, promtool, "FINTRACK_PROMTOOL names promtool: of Debian's package prometheus, or built from tools/prometheus")
		dir := b.TempDir()
		require.NoError(b, os.WriteFile(filepath.Join(dir, "rules.yaml"), reference.GroupFile(run.Evaluated, false), 0o600))
		text, err := reference.PromtoolTest("rules.yaml", book.Rules, run)
		require.NoError(b, err)
		require.NoError(b, os.WriteFile(filepath.Join(dir, "test.yaml"), text, 0o600))
		for b.Loop() {
			out, err := exec.Command(promtool, "test", "rules", filepath.Join(dir, "test.yaml")).CombinedOutput()
			require.NoError(b, err, string(out[:min(len(out), 4000)]))
		}
	})
}
