package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

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

func TestAPushgatewayThatIsNotThereTakesNothingAway(t *testing.T) {
	cache, code, err := runOnce(t, "http://127.0.0.1:1", "")
	require.ErrorContains(t, err, "push the metrics to http://127.0.0.1:1")
	require.Equal(t, 1, code)
	require.FileExists(t, filepath.Join(cache, "nightly", "nightly.prom"))
	require.FileExists(t, filepath.Join(cache, "nightly", "latest", "help-1.log"))
}
