package alerts

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	prom "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
)

// Interval is a time in which an alert fires: from the evaluation at which it
// begins to the first at which it no longer does. To is zero when it never ends.
type Interval struct{ From, To time.Time }

// Instance is one label set of an alert that fired.
type Instance struct {
	Rule        *Rule
	Labels      labels.Labels
	Annotations map[string]string
	Pending     []time.Time
	Firing      []Interval
}

// Run is what came of a scenario.
type Run struct {
	Scenario *Scenario
	Store    *Store
	// Evaluated are the rules that the scenario can touch, and those that they read.
	Evaluated []*Rule
	Instances []*Instance
	// Points is how many samples the expression of each rule returned.
	Points map[*Rule]int
}

// Simulator evaluates rules over scenarios. It is safe for concurrent use.
type Simulator struct{ engine *prom.Engine }

// EngineOptions are the options of Prometheus' own query engine as the server
// sets them, but for limits on samples and time.
func EngineOptions() prom.EngineOpts {
	return prom.EngineOpts{
		MaxSamples: math.MaxInt32, Timeout: time.Hour, LookbackDelta: 5 * time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return Step.Milliseconds() },
		Parser:                   promql,
	}
}

// NewSimulator returns a simulator.
func NewSimulator() *Simulator { return &Simulator{engine: prom.NewEngine(EngineOptions())} }

// Needed lists the rules to evaluate for some alerts: them and, before them,
// the recording rules that they read, in order.
func Needed(rs *Rules, wanted map[*Rule]bool) []*Rule {
	need := map[*Rule]bool{}
	metrics := map[string]bool{}
	for _, r := range rs.Alerts {
		if wanted[r] {
			need[r] = true
			for _, m := range rs.reads[r] {
				metrics[m] = true
			}
		}
	}
	for _, r := range slices.Backward(rs.Recording) {
		if wanted[r] || metrics[r.Record] {
			need[r] = true
			for _, m := range rs.reads[r] {
				metrics[m] = true
			}
		}
	}
	var out []*Rule
	for _, r := range slices.Concat(rs.Recording, rs.Alerts) {
		if need[r] {
			out = append(out, r)
		}
	}
	return out
}

// Inputs are the catalogue's metrics that rules read, histograms by base name.
func (rs *Rules) Inputs(list []*Rule) map[string]bool {
	out := map[string]bool{}
	for _, r := range list {
		for _, m := range rs.reads[r] {
			out[m] = true
			out[baseMetric(m)] = true
		}
	}
	return out
}

// Run evaluates what a scenario can touch.
func (sim *Simulator) Run(ctx context.Context, rs *Rules, s *Scenario) (*Run, error) {
	return sim.RunRules(ctx, rs, s, Needed(rs, s.Touches(rs)))
}

// RunRules evaluates the given rules, in their order, over a scenario.
func (sim *Simulator) RunRules(ctx context.Context, rs *Rules, s *Scenario, list []*Rule) (*Run, error) {
	return sim.Over(ctx, s, s.Build(rs.Inputs(list)), list)
}

// Over evaluates rules over series that are there already; what they record is
// added to the store.
func (sim *Simulator) Over(ctx context.Context, s *Scenario, store *Store, list []*Rule) (*Run, error) {
	run := &Run{Scenario: s, Store: store, Evaluated: list, Points: map[*Rule]int{}}
	for _, r := range list {
		matrix, err := sim.query(ctx, store, r.Text, r.Interval)
		if err != nil {
			return nil, fmt.Errorf("%s: evaluate %s in scenario %s: %w", r.ExprPlace, r.Name(), s.Name, err)
		}
		for _, one := range matrix {
			run.Points[r] += len(one.Floats)
		}
		if r.Record != "" {
			store.Add(record(r, s, store, matrix)...)
			continue
		}
		found, err := instances(ctx, r, s, store, matrix)
		if err != nil {
			return nil, err
		}
		run.Instances = append(run.Instances, found...)
	}
	return run, nil
}

// Query evaluates an expression at every step of a store.
func (sim *Simulator) Query(ctx context.Context, store *Store, text string) (prom.Matrix, error) {
	return sim.query(ctx, store, text, Step)
}

func (sim *Simulator) query(ctx context.Context, store *Store, text string, interval time.Duration) (prom.Matrix, error) {
	q, err := sim.engine.NewRangeQuery(ctx, store, nil, text, store.Start, store.End(), interval)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	res := q.Exec(ctx)
	matrix, err := res.Matrix()
	if err != nil {
		return nil, err
	}
	// The engine takes the points back when the query is closed.
	out := make(prom.Matrix, len(matrix))
	for i, one := range matrix {
		out[i] = prom.Series{Metric: one.Metric, Floats: slices.Clone(one.Floats)}
	}
	return out, nil
}

// record turns a result into the series that a recording rule writes: a
// staleness marker where a series ends.
func record(r *Rule, s *Scenario, store *Store, matrix prom.Matrix) []*Series {
	var out []*Series
	for _, one := range matrix {
		b := labels.NewBuilder(one.Metric)
		b.Set(model.MetricNameLabel, r.Record)
		for k, v := range r.Labels {
			b.Set(k, v)
		}
		values := onGrid(store, one.Floats)
		before := false
		for i := range values {
			if !r.evaluates(s, i) {
				values[i] = absent
				continue
			}
			if isAbsent(values[i]) {
				if before {
					values[i] = math.Float64frombits(value.StaleNaN)
				}
				before = false
				continue
			}
			before = true
		}
		out = append(out, &Series{Labels: b.Labels(), Values: values})
	}
	return out
}

func onGrid(store *Store, points []prom.FPoint) []float64 {
	values := make([]float64, store.N)
	for i := range values {
		values[i] = absent
	}
	for _, p := range points {
		values[(p.T-store.Start.UnixMilli())/Step.Milliseconds()] = p.F
	}
	return values
}

// instances runs the state machine of each label set of an alert.
func instances(ctx context.Context, r *Rule, s *Scenario, store *Store, matrix prom.Matrix) ([]*Instance, error) {
	var out []*Instance
	seen := map[string]bool{}
	for _, one := range matrix {
		holds := make([]bool, store.N)
		for _, p := range one.Floats {
			holds[(p.T-store.Start.UnixMilli())/Step.Milliseconds()] = true
		}
		in := &Instance{Rule: r}
		in.Pending, in.Firing = states(r, s, store, holds)
		if len(in.Pending) == 0 {
			continue
		}
		at, v := in.Pending[0], 0.0
		if len(in.Firing) > 0 {
			at = in.Firing[0].From
		}
		for _, p := range one.Floats {
			if p.T == at.UnixMilli() {
				v = p.F
			}
		}
		in.expand(ctx, one.Metric, at, v)
		key := in.Labels.String()
		if seen[key] {
			return nil, fmt.Errorf("%s: %s: two results have the labels %s once the rule's labels are on them; Prometheus refuses that", r.ExprPlace, r.Alert, key)
		}
		seen[key] = true
		out = append(out, in)
	}
	return out, nil
}

// evaluates says whether a rule is evaluated at step i: its group may have a
// longer interval than the step, and Prometheus may be down.
func (r *Rule) evaluates(s *Scenario, i int) bool {
	return i%int(r.Interval/Step) == 0 && s.Evaluates(i)
}

// states follows Prometheus' AlertingRule.Eval: pending while the expression
// holds, firing once it has held for For, and firing on for KeepFiringFor.
func states(r *Rule, s *Scenario, store *Store, holds []bool) (pending []time.Time, firing []Interval) {
	const (
		inactive = iota
		waiting
		active
	)
	state := inactive
	var since, ending time.Time
	for i, h := range holds {
		if !r.evaluates(s, i) {
			continue
		}
		now := store.At(i)
		switch {
		case h && state == inactive:
			state, since = waiting, now
			pending = append(pending, now)
		case !h && state == waiting:
			state = inactive
		case !h && state == active:
			if ending.IsZero() {
				ending = now
			}
			if now.Sub(ending) >= r.KeepFiringFor {
				state = inactive
				firing[len(firing)-1].To = now
			}
		}
		if h {
			ending = time.Time{}
		}
		if state == waiting && now.Sub(since) >= r.For {
			state, ending = active, time.Time{}
			firing = append(firing, Interval{From: now})
		}
	}
	return pending, firing
}

// expand writes the templates of the rule's labels and annotations, as the
// value stood when the instance first fired.
func (in *Instance) expand(ctx context.Context, metric labels.Labels, at time.Time, v float64) {
	fill := func(text string) string {
		if !strings.Contains(text, "{{") {
			return text
		}
		data := template.AlertTemplateData(metric.Map(), nil, "", prom.Sample{T: at.UnixMilli(), F: v, Metric: metric})
		defs := "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
		none := func(context.Context, string, time.Time) (prom.Vector, error) {
			return nil, fmt.Errorf("queries in templates are not used here")
		}
		got, err := template.NewTemplateExpander(ctx, defs+text, in.Rule.Alert, data, model.TimeFromUnixNano(at.UnixNano()), none, &url.URL{}, nil).Expand()
		if err != nil {
			return fmt.Sprintf("<error expanding template: %s>", err)
		}
		return got
	}
	b := labels.NewBuilder(metric)
	b.Del(model.MetricNameLabel)
	for k, text := range in.Rule.Labels {
		b.Set(k, fill(text))
	}
	b.Set(labels.AlertName, in.Rule.Alert)
	in.Labels = b.Labels()
	in.Annotations = map[string]string{}
	for k, text := range in.Rule.Annotations {
		in.Annotations[k] = fill(text)
	}
}
