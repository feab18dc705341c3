package metrics_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/metrics"
	"github.com/stretchr/testify/require"
)

func night() metrics.Night {
	return metrics.Night{
		Stages: []metrics.Stage{{Name: "lint", Duration: 90 * time.Second}, {Name: "test-modules", Duration: time.Hour, Failed: true, Flaky: true}},
		Checks: check.Count{Pass: 7, Fail: 1, NotProven: 2}, Left: 3, Leaked: 2, Gaps: 4,
		Ended: time.Unix(1_800_000_000, 0),
	}
}

func TestTheTextFileHoldsWhatWasMeasured(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "nightly.prom")
	require.NoError(t, metrics.Write(name, night()))
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	for _, line := range []string{
		`fintrack_nightly_stage_duration_seconds{stage="lint"} 90`,
		`fintrack_nightly_stage_failed{stage="lint"} 0`,
		`fintrack_nightly_stage_failed{stage="test-modules"} 1`,
		`fintrack_nightly_stage_flaky{stage="test-modules"} 1`,
		`fintrack_nightly_checks{verdict="pass"} 7`,
		`fintrack_nightly_checks{verdict="fail"} 1`,
		`fintrack_nightly_checks{verdict="not_proven"} 2`,
		`fintrack_nightly_leaked_environments 3`,
		`fintrack_nightly_leaked_resources 2`,
		`fintrack_nightly_good 0`,
		`fintrack_nightly_evidence_gaps 4`,
		`fintrack_nightly_last_run_timestamp_seconds 1.8e+09`,
		`fintrack_nightly_last_good_timestamp_seconds 0`,
	} {
		require.Contains(t, string(text), line+"\n")
	}
}

func TestAPushgatewayGetsThem(t *testing.T) {
	t.Parallel()
	var path string
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		path = r.URL.Path
		body, _ = io.ReadAll(r.Body)
	}))
	defer server.Close()
	require.NoError(t, metrics.Push(context.Background(), server.URL, night()))
	require.Equal(t, "/metrics/job/fintrack_nightly", path)
	require.Contains(t, string(body), "fintrack_nightly_leaked_environments")
	n := night()
	n.Part = "2/4"
	require.NoError(t, metrics.Push(context.Background(), server.URL, n))
	require.Equal(t, "/metrics/job/fintrack_nightly/part@base64/Mi80", path, "the parts of a run do not replace one another")
	require.ErrorContains(t, metrics.Push(context.Background(), "http://127.0.0.1:1", night()), "push the metrics to http://127.0.0.1:1")
}
