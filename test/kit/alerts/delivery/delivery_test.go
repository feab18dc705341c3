package delivery_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fintrack/platform/test/kit/alerts"
	"github.com/fintrack/platform/test/kit/alerts/delivery"
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
    - name: g
      interval: 30s
      rules:
        - {alert: Deep, expr: depth > 100, for: 2m, labels: {severity: warning, service: web, condition: depth}, annotations: {summary: 'deep', description: 'd', runbook_url: 'x'}}
        - {alert: VeryDeep, expr: depth > 1000, for: 2m, labels: {severity: critical, service: web, condition: depth}, annotations: {summary: 'very deep', description: 'd', runbook_url: 'x'}}
        - {alert: Odd, expr: depth == 50, labels: {severity: info, service: web, condition: odd}, annotations: {summary: 'odd', description: 'd', runbook_url: 'x'}}
`
	routes = `alertmanager:
  config:
    global: {slack_api_url_file: /x}
    time_intervals:
      - {name: night, time_intervals: [{times: [{start_time: '18:00', end_time: '24:00'}]}]}
    inhibit_rules:
      - {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [service, condition, queue]}
    route:
      receiver: chat
      group_by: [alertname]
      group_wait: 30s
      group_interval: 5m
      repeat_interval: 4h
      routes:
        - {matchers: [severity="critical"], receiver: pager}
        - {matchers: [severity="info"], receiver: quiet, mute_time_intervals: [night]}
    receivers:
      - {name: chat, slack_configs: [{channel: '#x', send_resolved: true}]}
      - {name: pager, pagerduty_configs: [{routing_key_file: /y}]}
      - {name: quiet, slack_configs: [{channel: '#q'}]}
`
)

// told simulates one scenario at 12:00, and says who heard of what and when.
func told(t *testing.T, start, series, told string) ([]delivery.Notice, []string) {
	t.Helper()
	c, err := alerts.ParseCatalogue("metrics.yaml", []byte(metrics))
	require.NoError(t, err)
	p, err := alerts.ParsePlatform("platform.yaml", []byte(platform), c)
	require.NoError(t, err)
	rs, err := alerts.ParseRules(map[string][]byte{"rules.yaml": []byte(rules)})
	require.NoError(t, err)
	routing, err := alerts.ParseRouting("values.yaml", []byte(routes))
	require.NoError(t, err)
	text := "about: x\nstart: 2026-03-10T" + start + "Z\nduration: 1h\nseries:\n" + series + "expect: []\n" + told + "\n"
	s, err := alerts.ParseScenario("s.yaml", []byte(text), c, p, rs)
	require.NoError(t, err)
	run, err := alerts.NewSimulator().Run(context.Background(), rs, s)
	require.NoError(t, err)
	notices := delivery.Simulate(t, routing, run)
	return notices, delivery.Judge(routing, run, notices)
}

const deep = "  - {metric: depth, where: {queue: orders}, value: 'usual for 10m, steady 150 for 20m, usual'}\n"

func TestAnAlertIsToldAfterTheGroupWaitAndOnceMoreWhenItIsOver(t *testing.T) {
	notices, problems := told(t, "12:00:00", deep, "told: {chat: [Deep]}")
	require.Empty(t, problems)
	require.Len(t, notices, 2)
	require.Equal(t, delivery.Notice{Receiver: "chat", Alert: "Deep", Labels: notices[0].Labels, Summary: "deep", At: 12*time.Minute + 30*time.Second}, notices[0])
	require.True(t, notices[1].Resolved)
	require.Greater(t, notices[1].At, 30*time.Minute)
	require.LessOrEqual(t, notices[1].At, 35*time.Minute+30*time.Second)
}

func TestACriticalAlertSilencesItsWarningAndNoOther(t *testing.T) {
	series := "  - {metric: depth, where: {queue: orders}, value: 'usual for 10m, steady 1500 for 20m, usual'}\n" +
		"  - {metric: depth, where: {queue: other}, value: 'usual for 20m, steady 150 for 20m, usual'}\n"
	notices, problems := told(t, "12:00:00", series, "told: {pager: [VeryDeep], chat: [Deep]}")
	require.Empty(t, problems)
	for _, n := range notices {
		// The end of a silenced alert is told beside another of its group.
		if n.Receiver == "chat" && !n.Resolved {
			require.Equal(t, "other", string(n.Labels["queue"]), "orders has a critical alert")
		}
	}
}

func TestAMutedRouteIsSilentInItsTimeAlone(t *testing.T) {
	odd := "  - {metric: depth, where: {queue: orders}, value: 'usual for 10m, steady 50 for 20m, usual'}\n"
	notices, problems := told(t, "12:00:00", odd, "told: {quiet: [Odd]}")
	require.Empty(t, problems)
	require.NotEmpty(t, notices)
	notices, problems = told(t, "18:00:00", odd, "told: {}")
	require.Empty(t, problems)
	require.Empty(t, notices)
}

func TestJudgeNamesWhoHeardOfTheWrongThing(t *testing.T) {
	for name, c := range map[string]struct{ told, says string }{
		"a receiver that must hear and does not":    {"told: {chat: [Deep], pager: [Deep]}", "pager must be told of Deep and was not"},
		"a receiver that hears and must not":        {"told: {}", "chat was told of Deep and must not be"},
		"a receiver that there is not":              {"told: {chat: [Deep], chta: [Deep]}", `told names "chta", which is no receiver`},
		"a time in which a receiver must be silent": {"told: {chat: [Deep]}\nsilent: {chat: 5m..20m}", "chat must hear nothing within 5m..20m and heard of Deep after 12m30s"},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := told(t, "12:00:00", deep, c.told)
			require.Contains(t, strings.Join(problems, "\n"), c.says)
			require.Contains(t, strings.Join(problems, "\n"), "s.yaml:")
		})
	}
	_, problems := told(t, "12:00:00", deep, "told: {chat: [Deep]}\nsilent: {chat: 13m..20m}")
	require.Empty(t, problems)
}
