// Package metrics exports what the nightly run measures of itself, for Prometheus: a
// text file that a node exporter reads, and optionally a Pushgateway.
package metrics

import (
	"context"
	"fmt"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/push"
)

// Night is what there is to say about one run.
type Night struct {
	// Part is "k/n" for a part of a run, empty for a whole one. A Pushgateway keeps the
	// parts apart by it.
	Part   string
	Stages []Stage
	Checks check.Count
	// Left is the number of environments that the run left behind, Leaked that of
	// resources which a census still found after a destroy.
	Left, Leaked int
	// Good says that nothing was wrong with the run.
	Good bool
	// Gaps is the number of reasons why its evidence is not complete.
	Gaps int
	// Ended is when it ended, LastGood when the last run without any fault did; zero
	// when there was none.
	Ended, LastGood time.Time
}

// Stage is one step of the run.
type Stage struct {
	Name     string
	Duration time.Duration
	Failed   bool
	// Flaky says that a second attempt on the same commit passed.
	Flaky bool
}

// Registry holds the metrics of one run, all with the prefix fintrack_nightly_.
func Registry(n Night) (*prometheus.Registry, error) {
	r := prometheus.NewRegistry()
	var err error
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "fintrack", Subsystem: "nightly", Name: name, Help: help}, labels)
		if e := r.Register(g); e != nil && err == nil {
			err = fmt.Errorf("metric %s: %w", name, e)
		}
		return g
	}
	duration := gauge("stage_duration_seconds", "How long a stage of the last run took.", "stage")
	failed := gauge("stage_failed", "1 when the stage failed in the last run.", "stage")
	flaky := gauge("stage_flaky", "1 when the stage failed and passed on the same commit.", "stage")
	for _, s := range n.Stages {
		duration.WithLabelValues(s.Name).Set(s.Duration.Seconds())
		failed.WithLabelValues(s.Name).Set(one(s.Failed))
		flaky.WithLabelValues(s.Name).Set(one(s.Flaky))
	}
	checks := gauge("checks", "Checks of the last run by verdict.", "verdict")
	checks.WithLabelValues("pass").Set(float64(n.Checks.Pass))
	checks.WithLabelValues("fail").Set(float64(n.Checks.Fail))
	checks.WithLabelValues("not_proven").Set(float64(n.Checks.NotProven))
	gauge("leaked_environments", "Environments that the last run left behind.").WithLabelValues().Set(float64(n.Left))
	gauge("leaked_resources", "Resources that a census of the last run found after a destroy.").WithLabelValues().Set(float64(n.Leaked))
	gauge("good", "1 when nothing was wrong with the last run.").WithLabelValues().Set(one(n.Good))
	gauge("evidence_gaps", "Reasons why the evidence of the last run is not complete.").WithLabelValues().Set(float64(n.Gaps))
	gauge("last_run_timestamp_seconds", "When the last run ended.").WithLabelValues().Set(unix(n.Ended))
	gauge("last_good_timestamp_seconds", "When the last run without a fault ended; 0 when none did.").WithLabelValues().Set(unix(n.LastGood))
	return r, err
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}

// Write writes the metrics to a text file, in one step.
func Write(name string, n Night) error {
	r, err := Registry(n)
	if err != nil {
		return err
	}
	return prometheus.WriteToTextfile(name, r)
}

// Push sends them to a Pushgateway.
func Push(ctx context.Context, url string, n Night) error {
	r, err := Registry(n)
	if err != nil {
		return err
	}
	p := push.New(url, "fintrack_nightly").Gatherer(r)
	if n.Part != "" {
		p = p.Grouping("part", n.Part)
	}
	if err := p.PushContext(ctx); err != nil {
		return fmt.Errorf("push the metrics to %s: %w", url, err)
	}
	return nil
}
