package alerts_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fintrack/platform/test/kit/alerts"
)

const catalogueText = `
exporters: {service: ours}
metrics:
  - {name: queue_depth, exporter: service, type: gauge, unit: messages, labels: [queue]}
  - {name: requests_total, exporter: service, type: counter, unit: requests, labels: [service, status]}
`

const platformText = `
series:
  - {metric: queue_depth, labels: {queue: [orders, other]}, value: steady 10}
  - {metric: requests_total, labels: {service: web, status: ["200", "500"]}, rate: steady 1}
`

const rulesText = `apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: x}
spec:
  groups:
    - name: g
      interval: 30s
      rules:
        - record: queue:depth
          expr: max by (queue) (queue_depth)
        - alert: QueueDeep
          expr: |
            queue:depth{queue="orders"}
              > 100
          for: 5m
          keep_firing_for: 2m
          labels: {severity: warning, service: web, condition: queue}
          annotations: {summary: 'deep', description: '{{ $value }}', runbook_url: 'x'}
`

const scenarioText = `about: the queue fills
start: 2026-03-10T12:00:00Z
duration: 1h
series:
  - {metric: queue_depth, where: {queue: orders}, value: "usual for 10m, steady 150 for 20m, usual"}
expect:
  - {alert: QueueDeep, fires: 15m..15m, resolves: 32m..32m}
told: {}
`

func book(t testing.TB) (*alerts.Catalogue, *alerts.Platform, *alerts.Rules) {
	t.Helper()
	c, err := alerts.ParseCatalogue("metrics.yaml", []byte(catalogueText))
	require.NoError(t, err)
	p, err := alerts.ParsePlatform("platform.yaml", []byte(platformText), c)
	require.NoError(t, err)
	rs, err := alerts.ParseRules(map[string][]byte{"rules.yaml": []byte(rulesText)})
	require.NoError(t, err)
	require.NoError(t, c.CheckRules(rs))
	require.NoError(t, rs.Lint())
	return c, p, rs
}

func run(t *testing.T, scenario string) *alerts.Run {
	t.Helper()
	c, p, rs := book(t)
	s, err := alerts.ParseScenario("s.yaml", []byte(scenario), c, p, rs)
	require.NoError(t, err)
	r, err := alerts.NewSimulator().Run(context.Background(), rs, s)
	require.NoError(t, err)
	return r
}

func TestAnAlertFiresAfterForAndGoesOnForKeepFiringFor(t *testing.T) {
	t.Parallel()
	r := run(t, scenarioText)
	require.Empty(t, r.Judge())
	require.Len(t, r.Instances, 1)
	require.Equal(t, r.Scenario.Start.Add(10*time.Minute), r.Instances[0].Pending[0])
}

func TestWhatIsNotExpectedIsAProblem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, says string }{
		"an alert that fires without being expected":   {"  - {alert: QueueDeep, fires: 15m..15m, resolves: 32m..32m}\n", "  []\n", "not expected"},
		"an alert that fires too late":                 {"15m..15m", "12m..14m", "must fire within 12m..14m"},
		"an alert that resolves too late":              {"32m..32m", "20m..31m", "resolve within 20m..31m"},
		"an alert that must not resolve and does":      {"32m..32m", "never", "resolve within never"},
		"an alert that is expected and does not fire":  {"steady 150", "steady 99", "it did not fire"},
		"a condition that holds for less than for":     {"150 for 20m", "150 for 4m", "it did not fire"},
		"another instance than the one that must fire": {"alert: QueueDeep,", "alert: QueueDeep, labels: {queue: other},", "must fire within"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, strings.Join(run(t, strings.Replace(scenarioText, c.from, c.to, 1)).Judge(), "\n"), c.says)
		})
	}
}

func TestBadRulesAreRefusedWithFileAndLine(t *testing.T) {
	t.Parallel()
	c, _, _ := book(t)
	for name, k := range map[string]struct{ from, to, says string }{
		"an expression that does not parse": {"> 100", ">> 100", "rules.yaml:14: QueueDeep does not parse"},
		"a duration that is none":           {"for: 5m", "for: soon", "rules.yaml:15: for of QueueDeep"},
		"an unknown key":                    {"for: 5m", "after: 5m", "rules.yaml:15: field after not found"},
		"a rule with neither name":          {"- alert: QueueDeep", "- annotation: QueueDeep", "rules.yaml:11: field annotation"},
		"another kind of object":            {"kind: PrometheusRule", "kind: ConfigMap", "rules.yaml:1: kind"},
		"a group without an interval":       {"      interval: 30s\n", "", "rules.yaml:6: group g has interval"},
		"an unknown metric":                 {"max by (queue) (queue_depth)", "max by (queue) (queue_dept)", `rules.yaml:10: queue:depth: unknown metric "queue_dept"; nearest in the catalogue: queue_depth`},
		"a label that the metric has not":   {"max by (queue) (queue_depth)", `max by (queue) (queue_depth{name="x"})`, `rules.yaml:10: queue:depth: queue_depth has no label "name"`},
		"a rate of a gauge":                 {"max by (queue) (queue_depth)", "rate(queue_depth[5m])", "queue_depth is a gauge"},
		"no severity":                       {"severity: warning, ", "", "rules.yaml:11: QueueDeep: severity"},
		"a value in a label":                {"service: web", "service: 'x{{ $value }}'", "label service holds the value"},
	} {
		t.Run(name, func(t *testing.T) {
			rs, err := alerts.ParseRules(map[string][]byte{"rules.yaml": []byte(strings.Replace(rulesText, k.from, k.to, 1))})
			if err == nil {
				err = c.CheckRules(rs)
			}
			if err == nil {
				err = rs.Lint()
			}
			require.ErrorContains(t, err, k.says)
		})
	}
}

func TestBadScenariosAreRefusedWithFileAndLine(t *testing.T) {
	t.Parallel()
	c, p, rs := book(t)
	for name, k := range map[string]struct{ from, to, says string }{
		"an unknown metric":                 {"metric: queue_depth", "metric: queue_deep", `s.yaml:5: unknown metric "queue_deep"; nearest in the catalogue: queue_depth`},
		"a label that the metric has not":   {"where: {queue: orders}", "where: {name: orders}", `s.yaml:5: queue_depth has no label "name"`},
		"a change that touches nothing":     {"queue: orders}", "queue: order}", "s.yaml:5: no series of queue_depth in platform.yaml has these labels"},
		"a new series that is there":        {"where: {queue: orders}", "labels: {queue: orders}", "s.yaml:5:"},
		"a counter with a value":            {"metric: queue_depth, where: {queue: orders}", "metric: requests_total", "s.yaml:5: requests_total is a counter"},
		"an unknown shape":                  {"steady 150", "constant 150", `s.yaml:5: value of queue_depth: "constant 150 for 20m": unknown shape`},
		"a last segment with a length":      {", usual\"", ", usual for 5m\"", "the last takes the rest"},
		"an unknown alert":                  {"alert: QueueDeep", "alert: QueueDepp", `s.yaml:7: no alert "QueueDepp"; nearest: QueueDeep`},
		"a window that ends before it does": {"15m..15m", "15m..14m", "s.yaml:7: fires"},
		"a start between two steps":         {"12:00:00Z", "12:00:10Z", "s.yaml:2: start"},
		"a duration that is too long":       {"duration: 1h", "duration: 40d", "s.yaml:3: duration"},
		"a receiver told of nothing known":  {"told: {}", "told: {pager: [Nothing]}", `s.yaml:8: told.pager: no alert "Nothing"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := alerts.ParseScenario("s.yaml", []byte(strings.Replace(scenarioText, k.from, k.to, 1)), c, p, rs)
			require.ErrorContains(t, err, k.says)
		})
	}
}

const routingText = `alertmanager:
  config:
    global: {slack_api_url_file: /x}
    route:
      receiver: all
      routes:
        - matchers: [severity="critical"]
          receiver: pager
        - matchers: [severity="warning"]
          receiver: all
    receivers:
      - name: all
        slack_configs: [{channel: '#x'}]
      - name: pager
        pagerduty_configs: [{routing_key_file: /y}]
`

func TestBadRoutesAreRefusedWithFileAndLine(t *testing.T) {
	t.Parallel()
	_, _, rs := book(t)
	for name, k := range map[string]struct{ from, to, says string }{
		"an unknown receiver":        {"receiver: pager\n", "receiver: pagre\n", `values.yaml:8: unknown receiver "pagre"; known are all, pager`},
		"a secret in the file":       {"routing_key_file: /y", "routing_key: abc", "values.yaml:15: routing_key holds a secret"},
		"a route behind a wider one": {`- matchers: [severity="critical"]`, `- matchers: [severity=~".+"]`, "values.yaml:9: this route is never reached: the route of line 7"},
		"the same route twice":       {`[severity="warning"]`, `[severity="critical"]`, "values.yaml:9: this route is never reached"},
		"two routes for one alert":   {`[severity="critical"]`, `[service="web"]`, "values.yaml:9: this route overlaps with the one of line 7: both match QueueDeep (rules.yaml:11)"},
		"no configuration":           {"config:", "configuration:", "no alertmanager.config"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := alerts.ParseRouting("values.yaml", []byte(strings.Replace(routingText, k.from, k.to, 1)))
			if err == nil {
				err = r.CheckOverlaps(rs)
			}
			require.ErrorContains(t, err, k.says)
		})
	}
	r, err := alerts.ParseRouting("values.yaml", []byte(routingText))
	require.NoError(t, err)
	require.NoError(t, r.CheckOverlaps(rs))
}

func TestAScenarioThatNamesAnUnknownReceiverIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	c, p, rs := book(t)
	r, err := alerts.ParseRouting("values.yaml", []byte(routingText))
	require.NoError(t, err)
	for told, says := range map[string]string{
		"told:\n  all: [QueueDeep]\nsilent: {pager: 0s..1h}": "",
		"told:\n  all: [QueueDeep]\n  pagr: [QueueDeep]":     `s.yaml:10: unknown receiver "pagr"; nearest: pager, all`,
		"told: {}\nsilent: {pagr: 0s..1h}":                   `s.yaml:9: unknown receiver "pagr"`,
	} {
		s, err := alerts.ParseScenario("s.yaml", []byte(strings.Replace(scenarioText, "told: {}", told, 1)), c, p, rs)
		require.NoError(t, err)
		if err = r.CheckReceivers(s); says == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, says)
		}
	}
}

func TestAMutantThatNoScenarioTouchesSurvives(t *testing.T) {
	t.Parallel()
	c, p, rs := book(t)
	sim := alerts.NewSimulator()
	s, err := alerts.ParseScenario("s.yaml", []byte(scenarioText), c, p, rs)
	require.NoError(t, err)
	r, err := sim.Run(context.Background(), rs, s)
	require.NoError(t, err)
	survived := map[string]bool{}
	verdicts := sim.Mutate(context.Background(), rs, []*alerts.Run{r})
	for _, v := range verdicts {
		if v.Killed == "" {
			survived[v.What] = true
		}
	}
	// The queue stands at 10 or at 150, and no other queue is ever deep: halving
	// the threshold and leaving the matcher out changes nothing that this scenario shows.
	require.Equal(t, map[string]bool{"threshold 100 halved": true, `queue:depth without queue="orders"`: true}, survived)
	require.Len(t, verdicts, 6)
}

func FuzzParseShape(f *testing.F) {
	for _, text := range []string{"steady 5", "ramp 0..10 for 1h, steady 10", "spike 1..50 for 10m, outage for 5m, reset, usual", "diurnal 5..40 peak 15h weekend 0.3", "steady +30d", "steady 6/h"} {
		f.Add(text)
	}
	c, _, rs := book(f)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := alerts.ParseShape(text); err != nil {
			return
		}
		platform := "series:\n  - {metric: queue_depth, labels: {queue: orders}, value: steady 10}\n  - {metric: requests_total, labels: {service: web}, rate: steady 1}\n"
		p, err := alerts.ParsePlatform("platform.yaml", []byte(platform), c)
		if err != nil {
			t.Fatal(err)
		}
		scenario := "about: x\nstart: 2026-03-10T12:00:00Z\nduration: 2h\nseries:\n  - {metric: queue_depth, value: '" + text + "'}\n"
		s, err := alerts.ParseScenario("s.yaml", []byte(scenario), c, p, rs)
		if err != nil {
			return
		}
		if got := s.Build(nil).Series(); len(got) != 2 || len(got[0].Values) != 241 {
			t.Fatalf("%d series", len(got))
		}
	})
}
