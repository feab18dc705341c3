// Package rulestest_test evaluates the alert rules of the nightly run with
// Prometheus' own engine, over the metrics that the run really exports. It is a
// package of its own because it links that engine.
package rulestest_test

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/metrics"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/stretchr/testify/require"
)

func rules(t *testing.T) []rulefmt.Rule {
	t.Helper()
	text, err := os.ReadFile("../rules.yaml")
	require.NoError(t, err)
	groups, errs := rulefmt.Parse(text, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	require.Empty(t, errs)
	require.Len(t, groups.Groups, 1)
	return groups.Groups[0].Rules
}

// samples are the metrics of a night as the text file holds them, as series that
// stay as they are for two days.
func samples(t *testing.T, n metrics.Night) string {
	t.Helper()
	r, err := metrics.Registry(n)
	require.NoError(t, err)
	families, err := r.Gather()
	require.NoError(t, err)
	var b strings.Builder
	enc := expfmt.NewEncoder(&b, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, f := range families {
		require.NoError(t, enc.Encode(f))
	}
	out := "load 1m\n"
	for _, line := range strings.Split(b.String(), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		i := strings.LastIndexByte(line, ' ')
		out += "  " + line[:i] + " " + line[i+1:] + "x2880\n"
	}
	return out
}

// firing are the rules whose expression holds at a time after the beginning, whose
// series are those of the night that ended then.
func firing(t *testing.T, n metrics.Night, after time.Duration) (out []string) {
	t.Helper()
	engine := promqltest.NewTestEngine(t, false, 5*time.Minute, 1_000_000)
	store := promqltest.LoadedStorage(t, samples(t, n))
	defer store.Close()
	// LoadedStorage begins at 0: the clock of the nights begins there, too.
	for _, r := range rules(t) {
		q, err := engine.NewInstantQuery(context.Background(), store, nil, r.Expr, time.Unix(0, 0).Add(after))
		require.NoError(t, err)
		got := q.Exec(context.Background())
		require.NoError(t, got.Err)
		v, err := got.Vector()
		require.NoError(t, err)
		if len(v) > 0 {
			out = append(out, r.Alert)
		}
		q.Close()
	}
	return out
}

func TestEachRuleFiresOnItsFaultAndIsQuietOnAGoodNight(t *testing.T) {
	good := metrics.Night{
		Stages: []metrics.Stage{{Name: "lint"}}, Checks: check.Count{Pass: 5},
		Good: true, Ended: time.Unix(600, 0), LastGood: time.Unix(600, 0),
	}
	with := func(f func(*metrics.Night)) metrics.Night {
		n := good
		n.Stages = slices.Clone(good.Stages)
		f(&n)
		return n
	}
	cases := map[string]struct {
		night metrics.Night
		after time.Duration
		want  []string
	}{
		"a good night": {good, 24 * time.Hour, nil},
		"a good night is old after a day and a half": {with(func(n *metrics.Night) { n.Ended = time.Unix(20*3600, 0) }), 37 * time.Hour, []string{"NightlyNotGood"}},
		"no night was heard of":                      {good, 31 * time.Hour, []string{"NightlyMissing"}},
		"something is wrong with the last night":     {with(func(n *metrics.Night) { n.Good = false }), time.Hour, []string{"NightlyFailed"}},
		"no night was ever good":                     {with(func(n *metrics.Night) { n.Good, n.LastGood, n.Ended = false, time.Time{}, time.Unix(40*3600, 0) }), 41 * time.Hour, []string{"NightlyNotGood", "NightlyFailed"}},
		"an environment was left behind":             {with(func(n *metrics.Night) { n.Left = 1 }), time.Hour, []string{"NightlyLeaked"}},
		"resources were left behind":                 {with(func(n *metrics.Night) { n.Leaked = 2 }), time.Hour, []string{"NightlyLeaked"}},
		"a stage is flaky":                           {with(func(n *metrics.Night) { n.Stages[0].Flaky = true }), time.Hour, []string{"NightlyFlaky"}},
		"the evidence has gaps":                      {with(func(n *metrics.Night) { n.Gaps = 2 }), time.Hour, []string{"NightlyIncomplete"}},
		"the metrics are gone":                       {good, 60 * time.Hour, []string{"NightlyMissing"}},
	}
	seen := map[string]bool{}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := firing(t, c.night, c.after)
			require.Equal(t, c.want, got)
			for _, a := range got {
				seen[a] = true
			}
		})
	}
	for _, r := range rules(t) {
		require.True(t, seen[r.Alert], "no case makes %s fire", r.Alert)
		require.NotEmpty(t, r.Annotations["runbook_url"], r.Alert)
		require.NotEmpty(t, r.Labels["severity"], r.Alert)
	}
}
