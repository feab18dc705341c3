package alerts_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fintrack/platform/test/kit/alerts"
	"github.com/fintrack/platform/test/kit/alerts/dashboards"
	"github.com/fintrack/platform/test/kit/check"
)

var update = flag.Bool("update", false, "write the dashboards and the picture anew")

func definitions(t *testing.T) []*dashboards.Definition {
	t.Helper()
	files, err := filepath.Glob(addOn + "/dashboards/*.yaml")
	require.NoError(t, err)
	var out []*dashboards.Definition
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		d, err := dashboards.Parse(f, text)
		require.NoError(t, err)
		out = append(out, d)
	}
	return out
}

// whole evaluates every rule and builds every series of a scenario.
func whole(t *testing.T, s *suite, name string) *alerts.Run {
	t.Helper()
	sc, err := s.book.Scenario(name)
	require.NoError(t, err)
	all := map[*alerts.Rule]bool{}
	for _, list := range [][]*alerts.Rule{s.book.Rules.Recording, s.book.Rules.Alerts} {
		for _, r := range list {
			all[r] = true
		}
	}
	store := sc.Build(nil)
	run, err := s.sim.Over(context.Background(), sc, store, alerts.Needed(s.book.Rules, all))
	require.NoError(t, err)
	return run
}

func TestEachDashboardIsAnswered(t *testing.T) {
	s := shared(t)
	c := checks(t, "alerts")
	defs := definitions(t)
	require.GreaterOrEqual(t, len(defs), 12, "twelve dashboards")
	run := whole(t, s, "reconcile-latency")
	for _, d := range defs {
		t.Run(d.UID, func(t *testing.T) {
			values, err := d.Values(run.Store)
			require.NoError(t, err)
			list := d.Check(s.book.Catalogue, s.book.Rules.Recorded(), values)
			for _, p := range d.Panels() {
				if p.Source != "prometheus" {
					continue
				}
				lines, err := p.Answer(context.Background(), s.sim, run.Store, values)
				if err != nil {
					list = append(list, err.Error())
				} else if len(lines) == 0 {
					list = append(list, d.UID+": panel "+p.Title+" shows nothing")
				}
			}
			problems(c, "alerts.dashboard-"+d.UID, "Each query of the dashboard parses, names known metrics and returns data: "+d.Title,
				addOn+"/dashboards/"+d.UID+".yaml", "see metrics.yaml for what there is", []string{"CC7.2"}, list)
		})
	}
}

func TestTheDashboardsThatAreDeployedAreTheOnesThatAreDefined(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, d := range definitions(t) {
		text, err := d.Manifest()
		require.NoError(t, err)
		file := filepath.Join(addOn, "manifests", "dashboards", d.UID+".yaml")
		want[file] = true
		inStep(t, file, text)
	}
	have, err := filepath.Glob(addOn + "/manifests/dashboards/*.yaml")
	require.NoError(t, err)
	for _, f := range have {
		require.True(t, want[f], "%s has no definition in dashboards/", f)
	}
}

func TestThePictureOfAnIncident(t *testing.T) {
	s := shared(t)
	for _, d := range definitions(t) {
		if d.UID == "sla-overview" {
			text, err := d.SVG(context.Background(), s.sim, whole(t, s, "reconcile-latency"))
			require.NoError(t, err)
			require.NotContains(t, text, "%!", "a number was not printed")
			inStep(t, repository+"/docs/pictures/sla-overview.svg", []byte(text))
			require.NoError(t, check.Attach(os.Getenv("FINTRACK_ALERTS_JOURNAL"), "incident", ".svg", []byte(text)))
			return
		}
	}
	t.Error("no dashboard sla-overview")
}

// inStep compares a file that is written by this test, or writes it.
func inStep(t *testing.T, file string, want []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, want, 0o644))
		return
	}
	have, err := os.ReadFile(file)
	require.NoError(t, err, "write it: scripts/test-alerts --update")
	require.Equal(t, string(want), string(have), "%s is out of step: scripts/test-alerts --update", file)
}
