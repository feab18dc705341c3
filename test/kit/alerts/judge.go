package alerts

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// event is one firing interval of one instance.
type event struct {
	in   *Instance
	when Interval
	used bool
}

func (e *event) fired(s *Scenario) time.Duration { return e.when.From.Sub(s.Start) }

func (e *event) describe(s *Scenario) string {
	end := "to the end"
	if !e.when.To.IsZero() {
		end = "to " + model.Duration(e.when.To.Sub(s.Start)).String()
	}
	return fmt.Sprintf("%s fired from %s %s", e.in.Labels, model.Duration(e.fired(s)), end)
}

// Judge compares what fired with what must fire. Every firing interval of every
// rule that was evaluated must be expected, and the other way round. Each
// problem begins with the file and line of the expectation or of the scenario.
func (run *Run) Judge() []string {
	return judge(run.Scenario, run.Instances, run.Evaluated)
}

func judge(s *Scenario, found []*Instance, evaluated []*Rule) []string {
	var events []*event
	for _, in := range found {
		for _, when := range in.Firing {
			events = append(events, &event{in: in, when: when})
		}
	}
	names := map[string]bool{}
	for _, r := range evaluated {
		names[r.Alert] = true
	}
	var problems []string
	for i := range s.Expect {
		x := &s.Expect[i]
		if !names[x.Alert] {
			problems = append(problems, fmt.Sprintf("%s: %s reads no series that the scenario changes", x.Place, x.Alert))
			continue
		}
		if !claim(s, x, events) {
			problems = append(problems, fmt.Sprintf("%s: %s%s must fire within %s and resolve within %s; %s",
				x.Place, x.Alert, labelText(x.Labels), x.Fires, x.ends(), observed(s, x, events)))
		}
	}
	for _, e := range events {
		if !e.used {
			problems = append(problems, fmt.Sprintf("%s: not expected: %s", s.Place, e.describe(s)))
		}
	}
	return problems
}

func (x *Expectation) ends() string {
	if x.Never {
		return "never"
	}
	return x.Resolves.String()
}

func claim(s *Scenario, x *Expectation, events []*event) bool {
	for _, e := range events {
		if e.used || e.in.Rule.Alert != x.Alert || !carries(e.in, x.Labels) || !x.Fires.holds(e.fired(s)) {
			continue
		}
		if e.when.To.IsZero() != x.Never || !x.Never && !x.Resolves.holds(e.when.To.Sub(s.Start)) {
			continue
		}
		e.used = true
		return true
	}
	return false
}

func carries(in *Instance, want map[string]string) bool {
	for k, v := range want {
		if in.Labels.Get(k) != v {
			return false
		}
	}
	return true
}

func observed(s *Scenario, x *Expectation, events []*event) string {
	var out []string
	for _, e := range events {
		if e.in.Rule.Alert == x.Alert {
			out = append(out, e.describe(s))
		}
	}
	if len(out) == 0 {
		return "it did not fire"
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func labelText(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	var parts []string
	for _, k := range sortedKeys(m) {
		parts = append(parts, k+"="+m[k])
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
