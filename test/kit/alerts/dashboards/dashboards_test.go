package dashboards_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fintrack/platform/test/kit/alerts"
	"github.com/fintrack/platform/test/kit/alerts/dashboards"
)

const definition = `title: Queues
about: How deep they are.
texts: [trace]
variables:
  - {name: queue, query: 'label_values(queue_depth{site="a"}, queue)'}
rows:
  - title: Depth
    panels:
      - {title: One, unit: short, limit: 100, queries: [{expr: 'queue_depth{queue="$queue"}', legend: 'of {{queue}} & more'}]}
      - {title: Two, unit: short, source: loki, kind: logs, queries: [{expr: '{app="$queue"} |= "$trace" [$__interval]', legend: ''}]}
  - title: All
    panels:
      - {title: Three, unit: short, queries: [{expr: 'sum(depth:sum)', legend: all}]}
`

const (
	metrics = `
exporters: {service: ours}
metrics:
  - {name: queue_depth, exporter: service, type: gauge, unit: messages, labels: [queue, site]}
`
	rules = `apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: x}
spec:
  groups:
    - name: g
      interval: 30s
      rules:
        - {record: 'depth:sum', expr: sum(queue_depth)}
        - alert: Deep
          expr: depth:sum > 120
          labels: {severity: warning, service: web, condition: queue}
          annotations: {summary: 'deep', description: '{{ $value }}', runbook_url: 'x'}
`
	scenario = `about: one < two
start: 2026-03-10T12:00:00Z
duration: 1h
series:
  - {metric: queue_depth, where: {queue: orders}, value: "usual for 10m, steady 150 for 20m, outage for 10m, usual"}
expect: []
told: {}
`
	platform = `
series:
  - {metric: queue_depth, labels: {site: a, queue: [orders, other]}, value: steady 10}
  - {metric: queue_depth, labels: {site: b, queue: far}, value: steady 10}
`
)

func parse(t *testing.T, old, with string) *dashboards.Definition {
	t.Helper()
	require.Contains(t, definition, old)
	d, err := dashboards.Parse("x/queues.yaml", []byte(strings.Replace(definition, old, with, 1)))
	require.NoError(t, err)
	return d
}

type world struct {
	catalogue *alerts.Catalogue
	rules     *alerts.Rules
	sim       *alerts.Simulator
	run       *alerts.Run
}

func newWorld(t *testing.T) world {
	t.Helper()
	c, err := alerts.ParseCatalogue("metrics.yaml", []byte(metrics))
	require.NoError(t, err)
	p, err := alerts.ParsePlatform("platform.yaml", []byte(platform), c)
	require.NoError(t, err)
	rs, err := alerts.ParseRules(map[string][]byte{"rules.yaml": []byte(rules)})
	require.NoError(t, err)
	s, err := alerts.ParseScenario("s.yaml", []byte(scenario), c, p, rs)
	require.NoError(t, err)
	w := world{c, rs, alerts.NewSimulator(), nil}
	w.run, err = w.sim.RunRules(context.Background(), rs, s, append(append([]*alerts.Rule{}, rs.Recording...), rs.Alerts...))
	require.NoError(t, err)
	return w
}

func TestBadDefinitionsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, with, says string }{
		"an unknown key":                  {"unit: short, limit", "unit: short, limits", "line 9: field limits not found"},
		"an unknown source":               {"source: loki", "source: tempo", `panel "Two": source "tempo": want prometheus or loki`},
		"an unknown kind":                 {"kind: logs", "kind: table", `panel "Two": kind "table"`},
		"a panel without a query":         {"[{expr: 'sum(depth:sum)', legend: all}]", "[]", `panel "Three" has no query`},
		"a panel without a unit":          {"{title: Three, unit: short,", "{title: Three,", `panel "Three" has no query or no unit`},
		"a variable that is not declared": {`queue="$queue"`, `queue="$queu"`, "$queu is used and not declared; declared are [queue trace]"},
		"a variable that is not used":     {"texts: [trace]", "texts: [trace, span]", "variable span is declared and not used"},
		"a variable of another kind":      {"label_values(queue_depth", "query_result(queue_depth", "want label_values(SELECTOR, LABEL)"},
		"no title":                        {"title: Queues\n", "", "a dashboard has a title"},
		"a text that is no YAML at all":   {"title: Queues", "title: [", "yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, definition, c.old)
			_, err := dashboards.Parse("x/queues.yaml", []byte(strings.Replace(definition, c.old, c.with, 1)))
			require.ErrorContains(t, err, "x/queues.yaml")
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestVariablesTakeEveryValueOfTheirSelector(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	values, err := parse(t, "Queues", "Queues").Values(w.run.Store)
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"queue": {"orders", "other"}}, values)
	_, err = parse(t, `site="a"`, `site="c"`).Values(w.run.Store)
	require.ErrorContains(t, err, "variable queue", "a variable without a value")
	_, err = parse(t, `{site="a"}`, `{site=}`).Values(w.run.Store)
	require.ErrorContains(t, err, "variable queue", "a selector that does not parse")
}

func TestExpandWritesAQueryForEachValue(t *testing.T) {
	t.Parallel()
	values := map[string][]string{"a": {"1", "2"}, "b": {"x"}}
	require.Equal(t, []string{"f(1,x)[5m][1m]", "f(2,x)[5m][1m]"}, dashboards.Expand("f($a,$b)[$__rate_interval][$__interval]", values))
	require.Empty(t, dashboards.Expand("f($c)", values), "a variable without a value has no query")
}

func TestCheckReportsQueriesThatCannotBeAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct{ old, with, says string }{
		"a query that does not parse":     {"sum(depth:sum)", "sum(depth:sum", `queues: panel "Three"`},
		"a metric that nobody has":        {"sum(depth:sum)", "sum(depht:sum)", `unknown metric "depht:sum"`},
		"a label that the metric has not": {`{queue="$queue"}`, `{name="$queue"}`, `queue_depth has no label "name"`},
	} {
		t.Run(name, func(t *testing.T) {
			d := parse(t, c.old, c.with)
			values, err := d.Values(w.run.Store)
			require.NoError(t, err)
			require.Contains(t, strings.Join(d.Check(w.catalogue, w.rules.Recorded(), values), "\n"), c.says)
		})
	}
	d := parse(t, "Queues", "Queues")
	values, err := d.Values(w.run.Store)
	require.NoError(t, err)
	require.Empty(t, d.Check(w.catalogue, w.rules.Recorded(), values))
}

func TestAPanelIsAnsweredWithItsLegendAndItsGaps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := parse(t, "Queues", "Queues")
	values, err := d.Values(w.run.Store)
	require.NoError(t, err)
	lines, err := d.Panels()[0].Answer(context.Background(), w.sim, w.run.Store, values)
	require.NoError(t, err)
	require.Len(t, lines, 2)
	require.Equal(t, "of orders & more", lines[0].Legend)
	require.InDelta(t, 10, lines[0].Values[0], 0)
	require.InDelta(t, 150, lines[0].Values[40], 0)
	gaps := 0
	for _, v := range lines[0].Values {
		if v != v {
			gaps++
		}
	}
	require.Positive(t, gaps, "an outage is a gap")
}

func TestGrafanaGetsWhatTheDefinitionSays(t *testing.T) {
	t.Parallel()
	d := parse(t, "Queues", "Queues")
	text, err := d.JSON()
	require.NoError(t, err)
	again, err := d.JSON()
	require.NoError(t, err)
	require.Equal(t, string(text), string(again))
	var got struct {
		UID, Title string
		ID         *int
		Panels     []struct {
			Type, Title string
			Datasource  struct{ Type, UID string }
			GridPos     struct{ X, Y, W, H int }
			Targets     []struct{ RefID, Expr string }
			FieldConfig struct {
				Defaults struct {
					Thresholds struct{ Steps []struct{ Value *float64 } }
				}
			}
		}
		Templating struct{ List []struct{ Name, Type string } }
	}
	require.NoError(t, json.Unmarshal(text, &got))
	require.Equal(t, "queues", got.UID)
	require.Nil(t, got.ID, "an id would belong to one Grafana alone")
	require.Len(t, got.Panels, 5, "two rows and three panels")
	one, two, three := got.Panels[1], got.Panels[2], got.Panels[4]
	require.Equal(t, "prometheus", one.Datasource.UID)
	require.Equal(t, "loki", two.Datasource.UID)
	require.Equal(t, "logs", two.Type)
	require.Equal(t, `queue_depth{queue="$queue"}`, one.Targets[0].Expr)
	require.InDelta(t, 100, *one.FieldConfig.Defaults.Thresholds.Steps[1].Value, 0)
	require.Equal(t, []int{0, 12, 12, 24}, []int{one.GridPos.X, one.GridPos.W, two.GridPos.X, three.GridPos.W})
	require.Greater(t, three.GridPos.Y, one.GridPos.Y+one.GridPos.H-1, "rows do not overlap")
	require.Equal(t, "queue", got.Templating.List[0].Name)
	require.Equal(t, "textbox", got.Templating.List[1].Type)
	manifest, err := d.Manifest()
	require.NoError(t, err)
	require.Contains(t, string(manifest), "  name: dashboard-queues\n")
}

func TestThePictureIsXMLWithLinesGapsAndTheIncident(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// A dashboard of logs has no picture: Prometheus' panels alone are drawn.
	d, err := dashboards.Parse("queues.yaml", []byte(`title: A & B
about: x
rows:
  - title: Depth
    panels:
      - {title: One, unit: short, limit: 100, queries: [{expr: 'queue_depth{site="a"}', legend: '{{queue}}'}]}
`))
	require.NoError(t, err)
	text, err := d.SVG(context.Background(), w.sim, w.run)
	require.NoError(t, err)
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
	}
	require.Contains(t, text, "A &amp; B: one &lt; two")
	require.Contains(t, text, "<title>Deep</title>", "the alert that fired is shaded")
	require.Contains(t, text, ">orders<", "each line is named")
	path := text[strings.Index(text, `<path d="`):]
	require.Equal(t, 2, strings.Count(path[:strings.Index(path, `" fill`)], "M"), "the outage parts the line")
	require.NotContains(t, text, "NaN")
}

func FuzzParse(f *testing.F) {
	f.Add(definition)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := dashboards.Parse("f.yaml", []byte(text))
		if err != nil {
			return
		}
		if _, err := d.Manifest(); err != nil {
			t.Fatal(err)
		}
	})
}
