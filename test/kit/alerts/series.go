package alerts

import (
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"go.yaml.in/yaml/v3"
)

// Step is the scrape and the evaluation interval of every simulation, the same
// as in gitops/addons/prometheus-stack/values.yaml.
const Step = 30 * time.Second

// entry is a series, or a family of series, as written in a scenario.
type entry struct {
	Metric line `yaml:"metric"`
	// Labels makes new series; a list of values makes one for each.
	Labels map[string]values `yaml:"labels"`
	// Where changes the series of the platform that carry these labels.
	Where map[string]line `yaml:"where"`
	// One of Value (a gauge), Rate (a counter, per second) and Rate with P99 (a
	// histogram; seconds). Times multiplies what is there.
	Value line `yaml:"value"`
	Rate  line `yaml:"rate"`
	P99   line `yaml:"p99"`
	Times line `yaml:"times"`
	// Noise is a share, 0.05 for five in a hundred, by which values vary.
	Noise float64 `yaml:"noise"`
}

// values is one label value or a list of them.
type values []string

func (v *values) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*v = values{n.Value}
		return nil
	}
	return n.Decode((*[]string)(v))
}

// family is one label set of a metric with how it runs.
type family struct {
	metric           *Metric
	labels           map[string]string
	value, rate, p99 Shape
	// changes come on top, in order.
	changes []change
	noise   float64
}

type change struct{ value, rate, p99, times Shape }

// parseEntry reads the shapes of an entry and checks it against the catalogue.
func parseEntry(file string, e entry, c *Catalogue) (*Metric, change, error) {
	at := Place{file, e.Metric.Line}
	m := c.byName[e.Metric.Text]
	if m == nil {
		return nil, change{}, fmt.Errorf("%s: unknown metric %q; nearest in the catalogue: %s", at, e.Metric.Text, strings.Join(Nearest(e.Metric.Text, c.Names()), ", "))
	}
	var ch change
	var errs []error
	for _, f := range []struct {
		name string
		text line
		into *Shape
	}{{"value", e.Value, &ch.value}, {"rate", e.Rate, &ch.rate}, {"p99", e.P99, &ch.p99}, {"times", e.Times, &ch.times}} {
		if f.text.Text == "" {
			continue
		}
		s, err := ParseShape(f.text.Text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %s of %s: %w", Place{file, f.text.Line}, f.name, m.Name, err))
		}
		*f.into = s
	}
	if !ch.value.empty() && m.Type != "gauge" || !ch.rate.empty() && m.Type == "gauge" || !ch.p99.empty() && m.Type != "histogram" {
		errs = append(errs, fmt.Errorf("%s: %s is a %s: a gauge has a value, a counter a rate, a histogram a rate and a p99", at, m.Name, m.Type))
	}
	names := slices.Concat(sortedKeys(e.Labels), sortedKeys(e.Where))
	for _, l := range names {
		if !slices.Contains(m.Labels, l) {
			errs = append(errs, fmt.Errorf("%s: %s has no label %q; it has %s", at, m.Name, l, strings.Join(m.Labels, ", ")))
		}
	}
	return m, ch, errors.Join(errs...)
}

// families expands a new entry into one family for each label set.
func families(file string, e entry, c *Catalogue) ([]*family, error) {
	m, ch, err := parseEntry(file, e, c)
	if err != nil {
		return nil, err
	}
	at := Place{file, e.Metric.Line}
	if ch.value.empty() && ch.rate.empty() {
		return nil, fmt.Errorf("%s: %s has neither value nor rate", at, m.Name)
	}
	if m.Type == "histogram" && ch.p99.empty() {
		return nil, fmt.Errorf("%s: histogram %s has no p99", at, m.Name)
	}
	for _, s := range []Shape{ch.value, ch.rate, ch.p99} {
		if s.uses("usual") {
			return nil, fmt.Errorf("%s: a new series of %s has no usual value", at, m.Name)
		}
	}
	sets := []map[string]string{{}}
	for _, name := range sortedKeys(e.Labels) {
		var next []map[string]string
		for _, set := range sets {
			for _, v := range e.Labels[name] {
				s := maps.Clone(set)
				s[name] = v
				next = append(next, s)
			}
		}
		sets = next
	}
	var out []*family
	for _, set := range sets {
		out = append(out, &family{metric: m, labels: set, value: ch.value, rate: ch.rate, p99: ch.p99, noise: e.Noise})
	}
	return out, nil
}

func (f *family) matches(metric string, where map[string]line) bool {
	if f.metric.Name != metric {
		return false
	}
	for name, v := range where {
		if f.labels[name] != v.Text {
			return false
		}
	}
	return true
}

// series writes the samples of a family.
func (f *family) series(start time.Time, n int) []*Series {
	value, rate, p99 := f.run(start, n, f.value, pickValue), f.run(start, n, f.rate, pickRate), f.run(start, n, f.p99, pickP99)
	f.multiply(start, n, value, rate)
	switch f.metric.Type {
	case "gauge":
		f.shake(value)
		return []*Series{f.one(f.metric.Name, "", gauge(value))}
	case "counter":
		f.shake(rate)
		return []*Series{f.one(f.metric.Name, "", count(rate, func(int) float64 { return 1 }))}
	}
	f.shake(rate)
	var out []*Series
	for i, le := range f.metric.bounds() {
		out = append(out, f.one(f.metric.Name+"_bucket", le, count(rate, func(at int) float64 {
			if i == len(f.metric.Buckets) {
				return 1
			}
			return below(f.metric.Buckets[i], p99[at].value)
		})))
	}
	mean := func(at int) float64 { return p99[at].value / math.Log(100) }
	return append(out,
		f.one(f.metric.Name+"_count", "", count(rate, func(int) float64 { return 1 })),
		f.one(f.metric.Name+"_sum", "", count(rate, mean)))
}

// below is the share of an exponential distribution with the given 99th
// percentile that lies below x.
func below(x, p99 float64) float64 {
	if p99 <= 0 {
		return 1
	}
	return 1 - math.Exp(-x*math.Log(100)/p99)
}

func pickValue(c change) Shape { return c.value }
func pickRate(c change) Shape  { return c.rate }
func pickP99(c change) Shape   { return c.p99 }

// run applies the changes of one kind on top of the usual shape.
func (f *family) run(start time.Time, n int, usual Shape, pick func(change) Shape) []moment {
	if usual.empty() {
		return nil
	}
	out := usual.sample(start, Step, n, nil)
	for _, c := range f.changes {
		if s := pick(c); !s.empty() {
			out = s.sample(start, Step, n, out)
		}
	}
	return out
}

func (f *family) multiply(start time.Time, n int, runs ...[]moment) {
	ones := make([]moment, n)
	for i := range ones {
		ones[i] = moment{value: 1, present: true}
	}
	for _, c := range f.changes {
		if c.times.empty() {
			continue
		}
		factors := c.times.sample(start, Step, n, ones)
		for _, run := range runs {
			for i := range run {
				run[i].value *= factors[i].value
				run[i].present = run[i].present && factors[i].present
			}
		}
	}
}

// shake varies values by up to the share of noise, the same in every run.
func (f *family) shake(run []moment) {
	if f.noise == 0 {
		return
	}
	h := fnv.New64a()
	fmt.Fprint(h, f.metric.Name, f.labels)
	state := h.Sum64() | 1
	for i := range run {
		// xorshift64 (Marsaglia, Xorshift RNGs, 2003)
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		run[i].value *= 1 + f.noise*(2*float64(state>>11)/(1<<53)-1)
	}
}

func (f *family) one(name, le string, samples []float64) *Series {
	b := labels.NewBuilder(labels.EmptyLabels())
	b.Set(model.MetricNameLabel, name)
	for k, v := range f.labels {
		b.Set(k, v)
	}
	if le != "" {
		b.Set(labels.BucketLabel, le)
	}
	return &Series{Labels: b.Labels(), Values: samples}
}

func gauge(run []moment) []float64 {
	out := make([]float64, len(run))
	for i, m := range run {
		out[i] = m.value
		if !m.present {
			out[i] = missing(out, i)
		}
	}
	return out
}

// count sums a rate per second into a counter.
func count(rate []moment, share func(at int) float64) []float64 {
	out := make([]float64, len(rate))
	total := 0.0
	for i, m := range rate {
		if m.reset {
			total = 0
		}
		total += m.value * share(i) * Step.Seconds()
		out[i] = total
		if !m.present {
			out[i] = missing(out, i)
		}
	}
	return out
}

// missing is what a scrape leaves where a series is not exposed: a staleness
// marker at first, then nothing.
func missing(before []float64, i int) float64 {
	if i == 0 || isAbsent(before[i-1]) || value.IsStaleNaN(before[i-1]) {
		return absent
	}
	return math.Float64frombits(value.StaleNaN)
}
