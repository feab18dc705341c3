// Package live_test proves on real servers what the simulation says: Prometheus
// and Alertmanager run as processes, scrape a canary and call local sinks.
package live_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fintrack/platform/test/canary"
	"github.com/fintrack/platform/test/kit/alerts"
	"github.com/fintrack/platform/test/kit/alerts/server"
	"github.com/fintrack/platform/test/kit/check"
)

var (
	healthy = canary.Behaviour{Rate: 50, LatencySeconds: 0.2}
	slow    = canary.Behaviour{Rate: 50, LatencySeconds: 4}
)

const (
	incident = "P99 of /api/reconcile is above 2 s"
	// patience is how long each step may take on a busy machine.
	patience = 3 * time.Minute
)

func TestABrokenSLAIsToldAndResolvedThroughARestart(t *testing.T) {
	var journal io.Writer
	if path := os.Getenv("FINTRACK_ALERTS_JOURNAL"); path != "" {
		file, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		defer file.Close()
		journal = file
	}
	c := check.NewSet(t, check.Labels{Environment: "emulated", Run: os.Getenv("FINTRACK_RUN"), Suite: "alerts-live"}, journal)
	is := func(id, title string) check.Check {
		return check.Check{ID: "alerts-live." + id, Title: title, Controls: []string{"CC7.2", "CC7.3"}, Subject: "gitops/addons/prometheus-stack"}
	}

	service := canary.New(healthy, buckets(t))
	target := httptest.NewServer(service)
	defer target.Close()
	go service.Run(t.Context())
	receivers := &sinks{}
	sink := httptest.NewServer(receivers)
	defer sink.Close()
	host := func(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") }

	dir := t.TempDir()
	amAddress, promAddress := server.FreePort(t), server.FreePort(t)
	launch(t, amAddress, server.Program(t, "FINTRACK_ALERTMANAGER"), "--config.file="+alertmanagerConfig(t, dir, host(sink)),
		"--storage.path="+filepath.Join(dir, "am"), "--web.listen-address="+amAddress, "--cluster.listen-address=")
	grace := readValues(t).Prometheus.PrometheusSpec.Rules.Alert
	args := []string{
		"--config.file=" + prometheusConfig(t, dir, host(target), amAddress), "--storage.tsdb.path=" + filepath.Join(dir, "tsdb"),
		"--web.listen-address=" + promAddress, "--rules.alert.for-grace-period=" + scaled(t, grace.ForGracePeriod),
		"--rules.alert.for-outage-tolerance=" + scaled(t, grace.ForOutageTolerance), "--rules.alert.resend-delay=" + scaled(t, grace.ResendDelay),
	}
	prometheus := launch(t, promAddress, server.Program(t, "FINTRACK_PROMETHEUS"), args...)

	// A healthy time first: longer than the range and the "for" of the rule.
	await(t, "the canary is scraped", func() bool { return value(promAddress, "service:http_requests:rate5m") > 0 })
	time.Sleep(13 * alerts.Step / factor)
	c.Equal(is("quiet", "A healthy service pages nobody"), 0, len(receivers.find("pagerduty", "", "", time.Time{})))

	broken := time.Now()
	steer(t, target.URL, slow)
	await(t, "the alert fires", func() bool {
		return value(promAddress, `ALERTS{alertname="HighTransactionLatency", alertstate="firing"}`) == 1
	})
	detected := time.Since(broken)
	await(t, "PagerDuty and Slack hear of it", func() bool {
		return len(receivers.find("pagerduty", "trigger", incident, broken)) > 0 && len(receivers.find("slack #incidents", "trigger", "HighTransactionLatency", broken)) > 0
	})
	paged := receivers.find("pagerduty", "trigger", incident, broken)[0]
	told := receivers.find("slack #incidents", "trigger", "HighTransactionLatency", broken)[0]
	c.That(is("paged", "A broken SLA reaches PagerDuty and Slack"), strings.Contains(paged.text, "clients are promised 2 s") && strings.Contains(told.text, "clients are promised 2 s"),
		"the summary, the description with the value, the runbook", paged.title+"; "+paged.text+"; "+told.title)
	c.Equal(is("not-told", "A critical alert does not go to #platform-alerts"), 0, len(receivers.find("slack #platform-alerts", "", "HighTransactionLatency", broken)))

	killed := time.Now()
	prometheus.Kill()
	launch(t, promAddress, server.Program(t, "FINTRACK_PROMETHEUS"), args...)
	await(t, "the alert fires again", func() bool {
		return value(promAddress, fmt.Sprintf(`timestamp(ALERTS{alertname="HighTransactionLatency", alertstate="firing"}) > %d`, time.Now().Unix()-int64(alerts.Step/factor/time.Second)-1)) > float64(killed.Unix())+1
	})
	back := time.Since(killed)
	waits := 5 * time.Minute / factor
	c.That(is("remembers", "After a restart an alert does not wait for its \"for\" again"), back < waits, "firing again in less than "+waits.String(), back.Round(time.Millisecond).String())
	// Longer than Alertmanager believes an alert of which it hears nothing, and
	// than two group intervals.
	time.Sleep(22 * alerts.Step / factor)
	history := value(promAddress, fmt.Sprintf(`count_over_time(up{job="reconciliation-service"}[30s] offset %ds)`, int(time.Since(killed).Seconds())+1))
	c.That(is("history", "Prometheus comes back with its history"), history > 2, "samples from before the kill", fmt.Sprint(history, " samples"))
	c.Equal(is("no-flap", "A restart of Prometheus does not make the alert flap"), 0, len(receivers.find("pagerduty", "resolve", "", broken)))

	mended := time.Now()
	steer(t, target.URL, healthy)
	await(t, "PagerDuty and Slack hear that it is over", func() bool {
		return len(receivers.find("pagerduty", "resolve", "", mended)) > 0 && len(receivers.find("slack #incidents", "resolve", "HighTransactionLatency", mended)) > 0
	})
	over := receivers.find("pagerduty", "resolve", "", mended)[0]
	c.Equal(is("resolved", "The end of an incident closes the incident that was opened"), paged.key, over.key)
	c.That(is("heartbeat", "The dead man's switch hears the heartbeat"), len(receivers.find("dead-mans-switch", "", "", time.Time{})) > 1, "more than one", fmt.Sprint(len(receivers.find("dead-mans-switch", "", "", time.Time{}))))
	c.Equal(is("formats", "Every message has the format of its receiver"), []string(nil), receivers.problems())

	t.Logf("durations divided by %d; detected after %.1f s (%s in production), at PagerDuty %.1f s later, at Slack %.1f s; firing again %.1f s after the kill; resolved at PagerDuty after %.1f s",
		factor, detected.Seconds(), detected.Round(time.Second)*factor, paged.at.Sub(broken.Add(detected)).Seconds(), told.at.Sub(broken.Add(detected)).Seconds(), back.Seconds(), over.at.Sub(mended).Seconds())
}

func buckets(t *testing.T) []float64 {
	t.Helper()
	book, err := alerts.Load(os.DirFS(addOn))
	require.NoError(t, err)
	m, err := book.Catalogue.Metric("http_request_duration_seconds_bucket")
	require.NoError(t, err)
	return m.Buckets
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	require.Eventually(t, done, patience, 20*time.Millisecond, "waiting until %s", what)
}

func steer(t *testing.T, url string, b canary.Behaviour) {
	t.Helper()
	body, err := json.Marshal(b)
	require.NoError(t, err)
	resp, err := http.Post(url+"/behaviour", "application/json", strings.NewReader(string(body)))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
}

// value asks Prometheus for one number; zero where there is none.
func value(address, query string) float64 {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/api/v1/query", nil)
	if err != nil {
		return 0
	}
	q := req.URL.Query()
	q.Set("query", query)
	req.URL.RawQuery = q.Encode()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if json.NewDecoder(resp.Body).Decode(&answer) != nil || len(answer.Data.Result) == 0 {
		return 0
	}
	var v float64
	if _, err := fmt.Sscan(fmt.Sprint(answer.Data.Result[0].Value[1]), &v); err != nil {
		return 0
	}
	return v
}
