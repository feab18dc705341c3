// Package canary is a service that exposes the metrics that the six services of
// the platform expose, and whose latency and errors are steered over HTTP. It
// records requests as if it had served them; nobody has to wait for slow ones.
package canary

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Behaviour is what the canary pretends.
type Behaviour struct {
	// Rate is requests per second, 0 to 10,000.
	Rate float64 `json:"rate"`
	// LatencySeconds is what each request takes, 0 to 60.
	LatencySeconds float64 `json:"latency_seconds"`
	// ErrorRatio is the share of requests that end with status 500, 0 to 1.
	ErrorRatio float64 `json:"error_ratio"`
}

// Validate says what is out of range.
func (b Behaviour) Validate() error {
	switch {
	case b.Rate < 0 || b.Rate > 10000:
		return fmt.Errorf("rate %g: want 0 to 10000 requests per second", b.Rate)
	case b.LatencySeconds < 0 || b.LatencySeconds > 60:
		return fmt.Errorf("latency_seconds %g: want 0 to 60", b.LatencySeconds)
	case b.ErrorRatio < 0 || b.ErrorRatio > 1:
		return fmt.Errorf("error_ratio %g: want 0 to 1", b.ErrorRatio)
	}
	return nil
}

// Canary is an http.Handler: GET /metrics, and POST /behaviour with JSON.
type Canary struct {
	mux       *http.ServeMux
	mu        sync.Mutex
	behaviour Behaviour
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	processed *prometheus.CounterVec
	pending   prometheus.Gauge
}

// New returns a canary with the buckets of the catalogue of metrics.
func New(b Behaviour, buckets []float64) *Canary {
	reg := prometheus.NewRegistry()
	c := &Canary{
		mux: http.NewServeMux(), behaviour: b,
		requests:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "http_requests_total", Help: "Requests by route, method and status."}, []string{"route", "method", "status"}),
		duration:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "http_request_duration_seconds", Help: "How long requests took.", Buckets: buckets}, []string{"route", "method"}),
		processed: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "fintrack_transactions_processed_total", Help: "Transactions that were taken from a queue and processed."}, []string{"queue_name"}),
		pending:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "fintrack_reconciliation_oldest_pending_seconds", Help: "Age of the oldest reconciliation that has not ended."}),
	}
	reg.MustRegister(c.requests, c.duration, c.processed, c.pending)
	c.mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	c.mux.HandleFunc("POST /behaviour", c.steer)
	return c
}

// ServeHTTP implements http.Handler.
func (c *Canary) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.mux.ServeHTTP(w, r) }

func (c *Canary) steer(w http.ResponseWriter, r *http.Request) {
	var b Behaviour
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	err := dec.Decode(&b)
	if err == nil {
		err = b.Validate()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	c.behaviour = b
	c.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// tick is how often requests are recorded.
const tick = 50 * time.Millisecond

// Run records requests until the context ends.
func (c *Canary) Run(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	due := 0.0
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		c.mu.Lock()
		b := c.behaviour
		c.mu.Unlock()
		for due += b.Rate * tick.Seconds(); due >= 1; due-- {
			c.record(b)
		}
	}
}

func (c *Canary) record(b Behaviour) {
	status := "200"
	if rand.Float64() < b.ErrorRatio {
		status = "500"
	}
	c.requests.WithLabelValues("/api/reconcile", http.MethodPost, status).Inc()
	c.duration.WithLabelValues("/api/reconcile", http.MethodPost).Observe(b.LatencySeconds)
	c.processed.WithLabelValues("fintrack-transactions").Inc()
	c.pending.Set(b.LatencySeconds)
}
