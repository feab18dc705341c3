package evidence

import (
	"slices"

	"github.com/fintrack/platform/test/kit/check"
)

// Standing is how one criterion stands after a run.
type Standing struct {
	Criterion
	// State is Met, Partly or NotMet.
	State string
	// Why says what keeps it from being met; empty when it is.
	Why     string
	Count   check.Count
	Results []check.Result
	Gaps    []Gap
}

// The states of a criterion.
const (
	// Met means that every check that bears on it was made and passed.
	Met = "met by every check"
	// Partly means that nothing failed and something could not be proven in the
	// environment of the run.
	Partly = "not all proven here"
	// NotMet means that a check failed, or that the results are not complete.
	NotMet = "not met"
)

// Standings judges every criterion by the checks that bear on it.
func Standings(in Intent, results []check.Result, gaps []Gap) []Standing {
	var out []Standing
	for _, c := range in.Criteria {
		s := Standing{Criterion: c}
		for _, r := range results {
			if c.Selects(r) {
				s.Results = append(s.Results, r)
			}
		}
		s.Gaps = slices.DeleteFunc(slices.Clone(gaps), func(g Gap) bool { return g.Control != c.ID })
		s.Count = check.Tally(s.Results)
		switch {
		case s.Count.Fail > 0:
			s.State, s.Why = NotMet, plural(s.Count.Fail, "check")+" failed"
		case len(s.Gaps) > 0:
			s.State, s.Why = NotMet, "the results are not complete: "+s.Gaps[0].Kind
		case s.Count.Pass == 0:
			s.State, s.Why = NotMet, "no check was executed"
		case s.Count.NotProven > 0:
			s.State, s.Why = Partly, plural(s.Count.NotProven, "check")+" could not be made in this environment"
		default:
			s.State = Met
		}
		out = append(out, s)
	}
	return out
}
