package dashboards

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/fintrack/platform/test/kit/alerts"
)

var promql = parser.NewParser(parser.Options{})

// Line is one series of a panel over a scenario.
type Line struct {
	Legend string
	// Values has one number for each step, NaN where there is none.
	Values []float64
}

// Values resolves the template variables of a dashboard over the series of a
// store, each to all of its values. A variable with no value is an error.
func (d *Definition) Values(store *alerts.Store) (map[string][]string, error) {
	out := map[string][]string{}
	for _, v := range d.Variables {
		selector, label, err := v.labelValues()
		if err != nil {
			return nil, err
		}
		for _, text := range Expand(selector, out) {
			matchers, err := promql.ParseMetricSelector(text)
			if err != nil {
				return nil, fmt.Errorf("variable %s: %w", v.Name, err)
			}
			q, err := store.Querier(store.Start.UnixMilli(), store.End().UnixMilli())
			if err != nil {
				return nil, err
			}
			values, _, err := q.LabelValues(context.Background(), label, nil, matchers...)
			if err != nil {
				return nil, err
			}
			out[v.Name] = append(out[v.Name], values...)
		}
		slices.Sort(out[v.Name])
		if out[v.Name] = slices.Compact(out[v.Name]); len(out[v.Name]) == 0 {
			return nil, fmt.Errorf("variable %s: %s has no value", v.Name, v.Query)
		}
	}
	return out, nil
}

// Expand writes a query once for each value of the first variable in it.
func Expand(text string, values map[string][]string) []string {
	text = strings.NewReplacer("$__rate_interval", "5m", "$__interval", "1m").Replace(text)
	names := variablesIn(text)
	if len(names) == 0 {
		return []string{text}
	}
	var out []string
	for _, v := range values[names[0]] {
		out = append(out, Expand(strings.ReplaceAll(text, "$"+names[0], v), values)...)
	}
	return out
}

// Check reports queries of Prometheus that do not parse or name a metric or a
// label that is in neither the catalogue nor recorded.
func (d *Definition) Check(c *alerts.Catalogue, recorded []string, values map[string][]string) []string {
	var problems []string
	for _, p := range d.Panels() {
		for _, q := range p.Queries {
			if p.Source != "prometheus" {
				continue
			}
			for _, text := range Expand(q.Expr, values) {
				expr, err := promql.ParseExpr(text)
				if err == nil {
					err = c.CheckExpr(expr, recorded)
				}
				if err != nil {
					problems = append(problems, fmt.Sprintf("%s: panel %q: %v", d.UID, p.Title, err))
				}
			}
		}
	}
	return problems
}

// Answer evaluates the queries of a panel, with every value of the variables.
func (p Panel) Answer(ctx context.Context, sim *alerts.Simulator, store *alerts.Store, values map[string][]string) ([]Line, error) {
	var out []Line
	for _, q := range p.Queries {
		for _, text := range Expand(q.Expr, values) {
			matrix, err := sim.Query(ctx, store, text)
			if err != nil {
				return nil, fmt.Errorf("panel %q: %w", p.Title, err)
			}
			for _, one := range matrix {
				l := Line{Legend: legend(q.Legend, one.Metric.Map()), Values: make([]float64, store.N)}
				for i := range l.Values {
					l.Values[i] = math.NaN()
				}
				for _, pt := range one.Floats {
					l.Values[(pt.T-store.Start.UnixMilli())/alerts.Step.Milliseconds()] = pt.F
				}
				out = append(out, l)
			}
		}
	}
	return out, nil
}

func legend(format string, labels map[string]string) string {
	for name, v := range labels {
		format = strings.ReplaceAll(format, "{{"+name+"}}", v)
	}
	return format
}
