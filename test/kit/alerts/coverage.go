package alerts

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	amlabels "github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
)

// Coverage says for each rule, route and inhibition which scenario proves it.
type Coverage struct {
	Rules       []RuleCoverage
	Routes      []RouteCoverage
	Inhibitions []InhibitionCoverage
}

// RuleCoverage is what the scenarios show of one rule.
type RuleCoverage struct {
	Rule *Rule
	// Fires are scenarios in which it fires and resolves, Quiet the healthy ones
	// in which it does not fire.
	Fires, Quiet []string
	// Points counts the samples that the expression returned anywhere.
	Points int
}

// RouteCoverage is what the scenarios show of one route.
type RouteCoverage struct {
	Place     Place
	Receiver  string
	Scenarios []string
}

// InhibitionCoverage is what the scenarios show of one inhibition rule.
type InhibitionCoverage struct {
	Text      string
	Scenarios []string
}

// Cover collects coverage from runs of all scenarios.
func Cover(rs *Rules, routing *Routing, runs []*Run) Coverage {
	var c Coverage
	for _, r := range slices.Concat(rs.Recording, rs.Alerts) {
		rc := RuleCoverage{Rule: r}
		for _, run := range runs {
			rc.Points += run.Points[r]
			fired, resolved := run.fired(r)
			switch {
			case fired && resolved && !run.Scenario.Healthy:
				rc.Fires = append(rc.Fires, run.Scenario.Name)
			case !fired && run.Scenario.Healthy && slices.Contains(run.Evaluated, r):
				rc.Quiet = append(rc.Quiet, run.Scenario.Name)
			}
		}
		c.Rules = append(c.Rules, rc)
	}
	for _, route := range routing.Routes() {
		rc := RouteCoverage{Place: routing.Place(route), Receiver: route.RouteOpts.Receiver}
		for _, run := range runs {
			if slices.ContainsFunc(run.Instances, func(in *Instance) bool {
				return len(in.Firing) > 0 && slices.Contains(routing.Tree.Match(in.LabelSet()), route)
			}) {
				rc.Scenarios = append(rc.Scenarios, run.Scenario.Name)
			}
		}
		c.Routes = append(c.Routes, rc)
	}
	for _, rule := range routing.Config.InhibitRules {
		ic := InhibitionCoverage{Text: fmt.Sprintf("%s silences %s", amlabels.Matchers(rule.SourceMatchers), amlabels.Matchers(rule.TargetMatchers))}
		for _, run := range runs {
			if run.inhibits(func(source, target *Instance) bool {
				if !amlabels.Matchers(rule.SourceMatchers).Matches(source.LabelSet()) || !amlabels.Matchers(rule.TargetMatchers).Matches(target.LabelSet()) {
					return false
				}
				return !slices.ContainsFunc(rule.Equal, func(name string) bool { return source.Labels.Get(name) != target.Labels.Get(name) })
			}) {
				ic.Scenarios = append(ic.Scenarios, run.Scenario.Name)
			}
		}
		c.Inhibitions = append(c.Inhibitions, ic)
	}
	return c
}

// fired says whether a rule fired, and whether it resolved. While Prometheus is
// down nothing is evaluated: there an alert that began before and is sent again
// afterwards has resolved in between, since Alertmanager lets it expire.
func (run *Run) fired(r *Rule) (fired, resolved bool) {
	for _, in := range run.Instances {
		if in.Rule != r {
			continue
		}
		for _, f := range in.Firing {
			fired = true
			resolved = resolved || !f.To.IsZero() || run.Scenario.Unscraped != Window{}
		}
	}
	return fired, resolved
}

func (run *Run) inhibits(rule func(source, target *Instance) bool) bool {
	for _, target := range run.Instances {
		for _, source := range run.Instances {
			if source != target && rule(source, target) && together(source.Firing, target.Firing) {
				return true
			}
		}
	}
	return false
}

func together(a, b []Interval) bool {
	for _, x := range a {
		for _, y := range b {
			if (x.To.IsZero() || x.To.After(y.From)) && (y.To.IsZero() || y.To.After(x.From)) {
				return true
			}
		}
	}
	return false
}

// Problems lists what no scenario proves.
func (c Coverage) Problems(healthy []string) []string {
	var out []string
	for _, r := range c.Rules {
		if r.Points == 0 {
			out = append(out, fmt.Sprintf("%s: %s returns no data in any scenario: a label or a metric that does not exist?", r.Rule.ExprPlace, r.Rule.Name()))
		}
		if r.Rule.Alert == "" {
			continue
		}
		if len(r.Fires) == 0 {
			out = append(out, fmt.Sprintf("%s: %s fires and resolves in no scenario: write one", r.Rule.Place, r.Rule.Alert))
		}
		// The heartbeat always fires.
		if r.Rule.Labels["severity"] != "none" && len(r.Quiet) < len(healthy) {
			out = append(out, fmt.Sprintf("%s: %s is proven quiet in %v only, want all of %v", r.Rule.Place, r.Rule.Alert, r.Quiet, healthy))
		}
	}
	for _, r := range c.Routes {
		if len(r.Scenarios) == 0 {
			out = append(out, fmt.Sprintf("%s: no scenario sends an alert through this route to %s", r.Place, r.Receiver))
		}
	}
	for _, i := range c.Inhibitions {
		if len(i.Scenarios) == 0 {
			out = append(out, fmt.Sprintf("no scenario shows that %s", i.Text))
		}
	}
	return out
}

// Write prints the coverage as tables.
func (c Coverage) Write(to io.Writer) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "alert\tseverity\tfor\tfires and resolves in\tquiet in")
	for _, r := range c.Rules {
		if r.Rule.Alert != "" {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d healthy\n", r.Rule.Alert, r.Rule.Labels["severity"], model.Duration(r.Rule.For), first(r.Fires), len(r.Quiet))
		}
	}
	fmt.Fprintln(w, "\nroute\treceiver\ttaken in\t\t")
	for _, r := range c.Routes {
		fmt.Fprintf(w, "%s\t%s\t%s\t\t\n", r.Place, r.Receiver, first(r.Scenarios))
	}
	fmt.Fprintln(w, "\ninhibition\tshown in\t\t\t")
	for _, i := range c.Inhibitions {
		fmt.Fprintf(w, "%s\t%s\t\t\t\n", i.Text, first(i.Scenarios))
	}
	return w.Flush()
}

// first shortens a list to two names.
func first(names []string) string {
	if len(names) > 2 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:2], ", "), len(names)-2)
	}
	return strings.Join(names, ", ")
}
