package alerts_test

import (
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/alerts"
	"github.com/fintrack/platform/test/kit/alerts/delivery"
)

func TestEachScenarioFiresWhatItMustAndNothingElse(t *testing.T) {
	t.Parallel()
	s := shared(t)
	c := checks(t, "alerts")
	for _, run := range s.runs {
		problems(c, "alerts.scenario-"+run.Scenario.Name, run.Scenario.About, addOn+"/"+run.Scenario.Place.File,
			"scripts/fintrack alerts observe "+run.Scenario.Name, monitoring, run.Judge())
	}
}

func TestEachReceiverHearsOfExactlyWhatItMust(t *testing.T) {
	s := shared(t)
	c := checks(t, "alerts")
	for _, run := range s.runs {
		t.Run(run.Scenario.Name, func(t *testing.T) {
			notices := delivery.Simulate(t, s.routing, run)
			problems(c, "alerts.told-in-"+run.Scenario.Name, "Who is told, and who is not: "+run.Scenario.Name, addOn+"/values.yaml",
				"compare the routes with told in "+run.Scenario.Place.File, monitoring, delivery.Judge(s.routing, run, notices))
		})
	}
}

func TestEachRuleRouteAndInhibitionHasAScenario(t *testing.T) {
	t.Parallel()
	s := shared(t)
	c := checks(t, "alerts")
	cover := alerts.Cover(s.book.Rules, s.routing, s.runs)
	var healthy []string
	for _, run := range s.runs {
		if run.Scenario.Healthy {
			healthy = append(healthy, run.Scenario.Name)
		}
	}
	if len(healthy) != 3 {
		t.Errorf("healthy scenarios are %v: want a day, a weekend and a month-end peak", healthy)
	}
	problems(c, "alerts.coverage", "Each rule, route and inhibition is shown by a scenario, and each rule is quiet when nothing is wrong",
		addOn, "write a scenario in "+addOn+"/scenarios", monitoring, cover.Problems(healthy))
	var table strings.Builder
	if err := cover.Write(&table); err != nil {
		t.Error(err)
	}
	report(t, table.String())
}

func TestAtLeastFortyAlerts(t *testing.T) {
	t.Parallel()
	if n := len(shared(t).book.Rules.Alerts); n < 40 {
		t.Errorf("%d alerts, want at least 40", n)
	}
}

func TestNoAlertDependsOnTheOrderOfRoutes(t *testing.T) {
	t.Parallel()
	s := shared(t)
	if err := s.routing.CheckOverlaps(s.book.Rules); err != nil {
		t.Error(err)
	}
}
