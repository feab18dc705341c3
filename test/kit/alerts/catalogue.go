package alerts

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// Metric is an entry of the catalogue of metrics.
type Metric struct {
	// Name is the base name for a histogram: without _bucket, _sum and _count.
	Name string `yaml:"name"`
	// Exporter is who exposes it.
	Exporter string `yaml:"exporter"`
	// Type is counter, gauge or histogram.
	Type string `yaml:"type"`
	// Unit is what a value of 1 means.
	Unit string `yaml:"unit"`
	// Labels are all the labels that it carries, le excepted.
	Labels []string `yaml:"labels"`
	// Buckets are the upper bounds of a histogram, in its unit, without +Inf.
	Buckets []float64 `yaml:"buckets,omitempty"`
}

// Catalogue is every metric that a rule, a dashboard or a scenario may name.
type Catalogue struct {
	byName map[string]*Metric
	// Exporters are the names that an entry may give as its exporter.
	Exporters map[string]string
}

// ParseCatalogue reads metrics.yaml.
func ParseCatalogue(file string, text []byte) (*Catalogue, error) {
	var doc struct {
		Exporters map[string]string `yaml:"exporters"`
		Metrics   []Metric          `yaml:"metrics"`
	}
	if err := decodeStrict(file, text, &doc); err != nil {
		return nil, err
	}
	c := &Catalogue{byName: map[string]*Metric{}, Exporters: doc.Exporters}
	var errs []error
	for i := range doc.Metrics {
		m := &doc.Metrics[i]
		if c.byName[m.Name] != nil {
			errs = append(errs, fmt.Errorf("%s: metric %s stands twice", file, m.Name))
		}
		if _, ok := doc.Exporters[m.Exporter]; !ok {
			errs = append(errs, fmt.Errorf("%s: metric %s: unknown exporter %q; known are %s", file, m.Name, m.Exporter, strings.Join(sortedKeys(doc.Exporters), ", ")))
		}
		if !slices.Contains([]string{"counter", "gauge", "histogram"}, m.Type) {
			errs = append(errs, fmt.Errorf("%s: metric %s: type %q: want counter, gauge or histogram", file, m.Name, m.Type))
		}
		if (m.Type == "histogram") != (len(m.Buckets) > 0) {
			errs = append(errs, fmt.Errorf("%s: metric %s: a histogram, and nothing else, has buckets", file, m.Name))
		}
		if m.Unit == "" {
			errs = append(errs, fmt.Errorf("%s: metric %s has no unit", file, m.Name))
		}
		c.byName[m.Name] = m
	}
	return c, errors.Join(errs...)
}

// Names lists the metrics, sorted.
func (c *Catalogue) Names() []string { return sortedKeys(c.byName) }

// Metric finds the entry of a series name, which for a histogram ends with
// _bucket, _sum or _count.
func (c *Catalogue) Metric(series string) (*Metric, error) {
	if m := c.byName[series]; m != nil && m.Type != "histogram" {
		return m, nil
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		base, ok := strings.CutSuffix(series, suffix)
		if m := c.byName[base]; ok && m != nil && m.Type == "histogram" {
			return m, nil
		}
	}
	if m := c.byName[series]; m != nil {
		return nil, fmt.Errorf("metric %s is a histogram: name %[1]s_bucket, %[1]s_sum or %[1]s_count", series)
	}
	return nil, fmt.Errorf("unknown metric %q; nearest in the catalogue: %s", series, strings.Join(Nearest(series, c.Names()), ", "))
}

// CheckExpr reports metrics that are in neither the catalogue nor recorded,
// labels that a metric does not carry, and rate-like functions over gauges.
func (c *Catalogue) CheckExpr(expr parser.Expr, recorded []string) error {
	var errs []error
	parser.Inspect(expr, func(n parser.Node, path []parser.Node) error {
		sel, ok := n.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		name := metricOf(sel)
		if slices.Contains(recorded, name) {
			return nil
		}
		m, err := c.Metric(name)
		if err != nil {
			errs = append(errs, err)
			return nil
		}
		for _, lm := range sel.LabelMatchers {
			if lm.Name != model.MetricNameLabel && !m.carries(name, lm.Name) {
				errs = append(errs, fmt.Errorf("%s has no label %q; it has %s", name, lm.Name, strings.Join(m.Labels, ", ")))
			}
		}
		counting := slices.ContainsFunc(path, func(p parser.Node) bool {
			call, ok := p.(*parser.Call)
			return ok && slices.Contains([]string{"rate", "irate", "increase"}, call.Func.Name)
		})
		if counting && m.Type == "gauge" {
			errs = append(errs, fmt.Errorf("%s is a gauge: rate and increase are for counters", name))
		}
		return nil
	})
	return errors.Join(errs...)
}

// CheckRules applies CheckExpr to every rule.
func (c *Catalogue) CheckRules(rs *Rules) error {
	var errs []error
	for _, r := range slices.Concat(rs.Recording, rs.Alerts) {
		if err := c.CheckExpr(r.Expr, rs.Recorded()); err != nil {
			errs = append(errs, fmt.Errorf("%s: %s: %w", r.ExprPlace, r.Name(), err))
		}
	}
	return errors.Join(errs...)
}

func (m *Metric) carries(series, label string) bool {
	return slices.Contains(m.Labels, label) || label == "le" && strings.HasSuffix(series, "_bucket") && m.Type == "histogram"
}

// bounds are the buckets as label values, +Inf last.
func (m *Metric) bounds() []string {
	var out []string
	for _, b := range m.Buckets {
		out = append(out, strconv.FormatFloat(b, 'g', -1, 64))
	}
	return append(out, "+Inf")
}
