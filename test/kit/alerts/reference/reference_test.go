package reference_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/fintrack/platform/test/kit/alerts"
	"github.com/fintrack/platform/test/kit/alerts/reference"
)

const (
	metrics = `
exporters: {service: ours}
metrics:
  - {name: depth, exporter: service, type: gauge, unit: messages, labels: [queue]}
`
	platform = `
series:
  - {metric: depth, labels: {queue: [orders, other]}, value: steady 10}
`
	rules = `apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: x}
spec:
  groups:
    - name: recorded
      interval: 30s
      rules:
        - {record: 'queue:depth', expr: max by (queue) (depth)}
    - name: alerts
      interval: 30s
      rules:
        - {alert: Deep, expr: 'queue:depth > 100', for: 5m, keep_firing_for: 2m, labels: {severity: warning, service: web, condition: depth}, annotations: {summary: 'deep', description: '{{ $value }}', runbook_url: 'x'}}
`
	scenario = `about: x
start: 2026-03-10T12:00:00Z
duration: 1h
series:
  - {metric: depth, where: {queue: orders}, value: "usual for 10m, steady 150 for 20m, outage for 5m, steady 150 for 3m, usual"}
expect:
  - {alert: Deep, fires: 15m..15m, resolves: 32m..40m}
told: {}
`
)

func simulate(t *testing.T) (*alerts.Rules, *alerts.Run) {
	t.Helper()
	c, err := alerts.ParseCatalogue("metrics.yaml", []byte(metrics))
	require.NoError(t, err)
	p, err := alerts.ParsePlatform("platform.yaml", []byte(platform), c)
	require.NoError(t, err)
	rs, err := alerts.ParseRules(map[string][]byte{"rules.yaml": []byte(rules)})
	require.NoError(t, err)
	s, err := alerts.ParseScenario("s.yaml", []byte(scenario), c, p, rs)
	require.NoError(t, err)
	run, err := alerts.NewSimulator().Run(context.Background(), rs, s)
	require.NoError(t, err)
	return rs, run
}

func TestBothEnginesSayTheSame(t *testing.T) {
	t.Parallel()
	rs, run := simulate(t)
	want, err := reference.Run(context.Background(), t.TempDir(), rs, run.Scenario, run.Evaluated)
	require.NoError(t, err)
	require.Len(t, want, 1)
	require.Equal(t, run.Scenario.Start.Add(15*time.Minute), want[0].Firing[0].From)
	require.Empty(t, reference.Differences(want, run.Instances))
}

func TestEachKindOfDifferenceIsReported(t *testing.T) {
	t.Parallel()
	_, run := simulate(t)
	change := func(to func(*alerts.Instance)) []*alerts.Instance {
		in := *run.Instances[0]
		in.Firing = append([]alerts.Interval{}, in.Firing...)
		to(&in)
		return []*alerts.Instance{&in}
	}
	for name, got := range map[string][]*alerts.Instance{
		"an alert that fires a step later":    change(func(in *alerts.Instance) { in.Firing[0].From = in.Firing[0].From.Add(alerts.Step) }),
		"an alert that resolves a step later": change(func(in *alerts.Instance) { in.Firing[0].To = in.Firing[0].To.Add(alerts.Step) }),
		"an alert that never pends":           change(func(in *alerts.Instance) { in.Pending = nil }),
		"an alert that is not there":          nil,
	} {
		t.Run(name, func(t *testing.T) {
			require.NotEmpty(t, reference.Differences(run.Instances, got))
			require.NotEmpty(t, reference.Differences(got, run.Instances))
		})
	}
}

func TestTheFileOfRulesIsWhatPrometheusReads(t *testing.T) {
	t.Parallel()
	rs, _ := simulate(t)
	list := append(append([]*alerts.Rule{}, rs.Recording...), rs.Alerts...)
	for _, annotations := range []bool{true, false} {
		groups, errs := rulefmt.Parse(reference.GroupFile(list, annotations), false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
		require.Empty(t, errs)
		require.Len(t, groups.Groups, 2)
		require.Equal(t, []string{"000.recorded", "001.alerts"}, []string{groups.Groups[0].Name, groups.Groups[1].Name}, "in their order")
		deep := groups.Groups[1].Rules[0]
		require.Equal(t, []any{"queue:depth > 100", model.Duration(5 * time.Minute), model.Duration(2 * time.Minute)}, []any{deep.Expr, deep.For, deep.KeepFiringFor})
		require.Equal(t, annotations, len(deep.Annotations) > 0)
	}
}

func TestPromtoolIsAskedInTheMiddleOfTheIncident(t *testing.T) {
	t.Parallel()
	rs, run := simulate(t)
	text, err := reference.PromtoolTest("rules.yaml", rs, run)
	require.NoError(t, err)
	var file struct {
		Tests []struct {
			Series []struct{ Series, Values string } `yaml:"input_series"`
			Alerts []struct {
				At     string `yaml:"eval_time"`
				Alerts []struct {
					Labels map[string]string `yaml:"exp_labels"`
				} `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	require.Len(t, file.Tests, 1)
	require.Len(t, file.Tests[0].Series, 2)
	values := strings.Fields(file.Tests[0].Series[0].Values)
	require.Len(t, values, run.Store.N)
	require.Equal(t, []string{"10", "150", "_"}, []string{values[0], values[30], values[65]}, "no sample in an outage")
	asked := file.Tests[0].Alerts
	require.Len(t, asked, 1)
	require.Equal(t, map[string]string{"queue": "orders", "severity": "warning", "service": "web", "condition": "depth"}, asked[0].Alerts[0].Labels)
	at, err := time.ParseDuration(asked[0].At)
	require.NoError(t, err)
	require.Greater(t, at, 15*time.Minute)
	require.Less(t, at, 40*time.Minute)
}

func TestAFolderThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	rs, run := simulate(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := reference.Run(context.Background(), file, rs, run.Scenario, run.Evaluated)
	require.ErrorContains(t, err, "file")
}
