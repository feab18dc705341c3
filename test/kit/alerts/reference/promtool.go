package reference

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"github.com/fintrack/platform/test/kit/alerts"
)

// PromtoolTest writes a scenario as a test of `promtool test rules`: the same
// series, and at the middle of each expected firing interval the alert that must
// fire. rules is the name of a file without annotations (GroupFile).
func PromtoolTest(rules string, rs *alerts.Rules, run *alerts.Run) ([]byte, error) {
	s := run.Scenario
	type series struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	}
	type expected struct {
		Labels map[string]string `yaml:"exp_labels"`
	}
	type test struct {
		At     string     `yaml:"eval_time"`
		Alert  string     `yaml:"alertname"`
		Alerts []expected `yaml:"exp_alerts"`
	}
	var input []series
	for _, one := range s.Build(rs.Inputs(run.Evaluated)).Series() {
		input = append(input, series{one.Labels.String(), promtoolValues(one)})
	}
	var tests []test
	for _, r := range run.Evaluated {
		if r.Alert == "" {
			continue
		}
		at := s.Start.Add(s.Duration)
		for _, in := range run.Instances {
			for _, f := range in.Firing {
				if in.Rule == r && !f.To.IsZero() {
					at = f.From.Add(f.To.Sub(f.From) / 2).Truncate(alerts.Step)
				}
			}
		}
		t := test{At: model.Duration(at.Sub(s.Start)).String(), Alert: r.Alert}
		for _, in := range run.Instances {
			for _, f := range in.Firing {
				if in.Rule == r && !f.From.After(at) && (f.To.IsZero() || f.To.After(at)) {
					labels := in.Labels.Map()
					delete(labels, "alertname")
					t.Alerts = append(t.Alerts, expected{labels})
				}
			}
		}
		tests = append(tests, t)
	}
	out, err := yaml.Marshal(map[string]any{
		"rule_files": []string{rules}, "evaluation_interval": alerts.Step.String(),
		"tests": []any{map[string]any{"interval": alerts.Step.String(), "input_series": input, "alert_rule_test": tests}},
	})
	if err != nil {
		return nil, fmt.Errorf("scenario %s for promtool: %w", s.Name, err)
	}
	return out, nil
}

// promtoolValues writes samples in promtool's notation: _ where there is none.
func promtoolValues(one *alerts.Series) string {
	var b strings.Builder
	for i := range one.Values {
		if i > 0 {
			b.WriteByte(' ')
		}
		v, ok := one.Sample(i)
		switch {
		case !ok:
			b.WriteByte('_')
		case alerts.Stale(v):
			b.WriteString("stale")
		default:
			b.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
		}
	}
	return b.String()
}
