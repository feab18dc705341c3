package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/fintrack/platform/test/kit/metrics/night"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/stretchr/testify/require"
)

// sink takes what a Pushgateway takes.
type sink struct {
	mu    sync.Mutex
	paths []string
	body  string
}

func (s *sink) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paths, s.body = append(s.paths, r.Method+" "+r.URL.Path), s.body+string(text)
}

// runOnce runs the program with one step that tests nothing, in a cache of its own.
func runOnce(t *testing.T, gateway, part string) (cache string, code int, err error) {
	t.Helper()
	cache = t.TempDir()
	t.Setenv("FINTRACK_CACHE", cache)
	t.Setenv("FINTRACK_PUSHGATEWAY", gateway)
	t.Setenv("SHARD", part)
	code, err = run(t.Context(), []string{"help"})
	return cache, code, err
}

func TestANightWithoutEvidenceIsNotGoodAndIsPushed(t *testing.T) {
	s := &sink{}
	server := httptest.NewServer(s)
	defer server.Close()
	cache, code, err := runOnce(t, server.URL, "1/2")
	require.NoError(t, err)
	require.Equal(t, 1, code, "a step that wrote no result is no evidence")
	text, err := os.ReadFile(filepath.Join(cache, "nightly", "nightly.prom"))
	require.NoError(t, err)
	require.Contains(t, string(text), `fintrack_nightly_stage_failed{stage="help"} 0`)
	require.Contains(t, string(text), "fintrack_nightly_last_good_timestamp_seconds 0\n")
	require.Equal(t, []string{"PUT /metrics/job/fintrack_nightly/part@base64/MS8y"}, s.paths)
	require.True(t, strings.Contains(s.body, "fintrack_nightly_last_good_timestamp_seconds"), "the sink got the metrics")
	require.FileExists(t, filepath.Join(cache, "nightly", "latest", "help-1.log"))
}

func TestAStepThatTakesTooLongIsBrokenOffAndTheNightEnds(t *testing.T) {
	t.Setenv("FINTRACK_STEP_LIMIT", "1ns")
	cache, code, err := runOnce(t, "", "")
	require.NoError(t, err)
	require.Equal(t, 2, code)
	text, err := os.ReadFile(filepath.Join(cache, "nightly", "nightly.prom"))
	require.NoError(t, err)
	require.Contains(t, string(text), `fintrack_nightly_stage_failed{stage="help"} 1`)
	require.NoFileExists(t, filepath.Join(cache, "nightly", "latest", "help-2.log"), "a second attempt would take as long")
}

func TestALimitThatIsNoTimeIsRefused(t *testing.T) {
	for _, text := range []string{"90", "soon", "-1m", "0s"} {
		t.Setenv("FINTRACK_STEP_LIMIT", text)
		_, code, err := runOnce(t, "", "")
		require.ErrorContains(t, err, "FINTRACK_STEP_LIMIT="+text+": want a time that a step may take, as 90m")
		require.Equal(t, 2, code)
	}
}

func TestAnInterruptedNightTellsItsMetrics(t *testing.T) {
	t.Setenv("FINTRACK_CACHE", t.TempDir())
	paths, err := sandbox.FindPaths()
	require.NoError(t, err)
	n := &nightly{paths: paths, dir: filepath.Join(paths.Cache, "nightly", "20261120-020000")}
	require.NoError(t, os.MkdirAll(n.dir, 0o755))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, err := n.interrupted(ctx, []night.Step{{Name: "lint", Attempts: []night.Attempt{{Exit: 1, Duration: time.Second}}}}, ctx.Err())
	require.Equal(t, 2, code)
	require.ErrorContains(t, err, "interrupted after 1 steps: context canceled")
	text, err := os.ReadFile(filepath.Join(paths.Cache, "nightly", "nightly.prom"))
	require.NoError(t, err)
	require.Contains(t, string(text), "fintrack_nightly_good 0\n")
	require.Contains(t, string(text), `fintrack_nightly_stage_failed{stage="lint"} 1`)
}

func TestResultsThatCannotBeReadTakeNoMetricsAway(t *testing.T) {
	t.Setenv("FINTRACK_CACHE", t.TempDir())
	paths, err := sandbox.FindPaths()
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Join(paths.Cache, "nightly"), 0o755))
	damaged := filepath.Join(t.TempDir(), "r.jsonl")
	require.NoError(t, os.WriteFile(damaged, []byte(`{"id": "rds.x", "verd`), 0o644))
	n := &nightly{paths: paths}
	m, err := n.measure([]night.Step{{Name: "test-modules", Attempts: []night.Attempt{{Duration: time.Second, Journals: []string{damaged}}}}}, 0, true)
	require.ErrorContains(t, err, "r.jsonl")
	require.Len(t, m.Stages, 1)
	require.False(t, m.Good, "nobody knows what it proved")
}

func TestAPartIsNoLinkOfTheChain(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	require.Empty(t, previous(home, "nightly"), "the first one")
	controls, err := os.ReadFile("../../../policies/intent/controls.yaml")
	require.NoError(t, err)
	private, _, err := evidence.GenerateKey()
	require.NoError(t, err)
	signer, err := evidence.ReadSigner("key.pem", private)
	require.NoError(t, err)
	write := func(name, shard, series string) {
		files, _, err := evidence.Build(t.Context(), evidence.Inputs{Commit: strings.Repeat("a", 40), Shard: shard, Series: series, Controls: controls, Results: []check.Result{{
			Check:   check.Check{ID: "demo.one", Title: "It holds", Controls: []string{"CC8.1"}, Subject: "it"},
			Verdict: check.Pass, Expected: "true", Observed: "true", Environment: "emulated", Run: "r1", Suite: "demo", Time: time.Unix(1_800_000_000, 0),
		}}}, signer)
		require.NoError(t, err)
		require.NoError(t, evidence.WriteFolder(filepath.Join(home, name), files))
	}
	write("20261119-020000", "", "nightly")
	write("20261120-020000", "", "nightly")
	write("20261120-090000", "", "release")
	write("20261121-020000", "1/2", "nightly")
	require.NoError(t, os.Mkdir(filepath.Join(home, "20261122-020000"), 0o755))
	require.NoError(t, os.Symlink("20261121-020000", filepath.Join(home, "latest")))
	require.Equal(t, filepath.Join(home, "20261120-020000"), previous(home, "nightly"))
	require.Equal(t, filepath.Join(home, "20261120-090000"), previous(home, "release"))
	require.Empty(t, previous(home, "other"))
}

func TestAPushgatewayThatIsNotThereTakesNothingAway(t *testing.T) {
	cache, code, err := runOnce(t, "http://127.0.0.1:1", "")
	require.ErrorContains(t, err, "push the metrics to http://127.0.0.1:1")
	require.Equal(t, 1, code)
	require.FileExists(t, filepath.Join(cache, "nightly", "nightly.prom"))
	require.FileExists(t, filepath.Join(cache, "nightly", "latest", "help-1.log"))
}
