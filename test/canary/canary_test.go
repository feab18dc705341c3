package canary_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fintrack/platform/test/canary"
)

func TestTheCanaryRecordsWhatItIsToldTo(t *testing.T) {
	t.Parallel()
	c := canary.New(canary.Behaviour{}, []float64{0.1, 2})
	server := httptest.NewServer(c)
	defer server.Close()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go c.Run(ctx)
	resp, err := http.Post(server.URL+"/behaviour", "application/json", strings.NewReader(`{"rate": 200, "latency_seconds": 3, "error_ratio": 1}`))
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
	require.Eventually(t, func() bool {
		resp, err := http.Get(server.URL + "/metrics")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return strings.Contains(string(text), `http_requests_total{method="POST",route="/api/reconcile",status="500"}`) &&
			strings.Contains(string(text), `http_request_duration_seconds_bucket{method="POST",route="/api/reconcile",le="2"} 0`)
	}, 10*time.Second, 50*time.Millisecond)
}

func TestABehaviourOutOfRangeIsRefused(t *testing.T) {
	t.Parallel()
	c := canary.New(canary.Behaviour{}, []float64{1})
	for body, says := range map[string]string{
		`{"rate": -1}`:            "rate -1",
		`{"latency_seconds": 61}`: "latency_seconds 61",
		`{"error_ratio": 2}`:      "error_ratio 2",
		`{"speed": 1}`:            "unknown field",
		`{`:                       "EOF",
	} {
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/behaviour", strings.NewReader(body)))
		require.Equal(t, http.StatusBadRequest, w.Code, body)
		require.Contains(t, w.Body.String(), says)
	}
}
