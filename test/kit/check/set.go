package check

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"sync"
	"time"
)

// Reporter is told of a failed check; testing.TB is one.
type Reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// Labels are the fields that all results of a Set share.
type Labels struct {
	Environment, Run, Suite string
	// Deployed says that the suite applied a configuration, which may have sensitive
	// outputs.
	Deployed bool
}

// Set records the checks of one suite in one environment. It is safe for
// concurrent use. Each result is written to the journal as one JSON line as
// soon as it is known, so that a killed run keeps what it had found.
type Set struct {
	mu      sync.Mutex
	t       Reporter
	labels  Labels
	journal io.Writer
	results []Result
	seen    map[string]bool
	last    time.Time
}

// NewSet returns an empty set. Failures are reported to t; journal may be nil.
func NewSet(t Reporter, labels Labels, journal io.Writer) *Set {
	return &Set{t: t, labels: labels, journal: journal, seen: map[string]bool{}, last: time.Now()}
}

// Equal passes when want and got are deeply equal.
func (s *Set) Equal(c Check, want, got any) bool {
	s.t.Helper()
	return s.That(c, reflect.DeepEqual(want, got), words(want), words(got))
}

// That passes when ok is true; expected and observed say in words what was
// promised and what was read.
func (s *Set) That(c Check, ok bool, expected, observed string) bool {
	s.t.Helper()
	v := Fail
	if ok {
		v = Pass
	}
	s.record(c, v, expected, observed)
	return ok
}

// Err fails the check because its subject could not be read.
func (s *Set) Err(c Check, expected string, err error) {
	s.t.Helper()
	why := "the API answered with something else"
	if err != nil {
		why = err.Error()
	}
	s.record(c, Fail, expected, "could not be read: "+why)
}

// NotProven records that the environment cannot answer: needs names the one
// that can ("aws", "kind"), why says what is missing here.
func (s *Set) NotProven(c Check, needs, why string) {
	s.t.Helper()
	s.record(c, NotProven, "an environment that can answer: needs "+needs, why)
}

// Results returns a copy of what was recorded, in order.
func (s *Set) Results() []Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Result(nil), s.results...)
}

func (s *Set) record(c Check, v Verdict, expected, observed string) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := c.Validate(); err != nil {
		s.t.Errorf("%v", err)
	}
	if s.seen[c.ID] {
		s.t.Errorf("check %s: made twice in one run; an id names one check", c.ID)
	}
	s.seen[c.ID] = true
	now := time.Now()
	r := Result{
		Check: c, Verdict: v, Expected: expected, Observed: observed,
		Environment: s.labels.Environment, Run: s.labels.Run, Suite: s.labels.Suite, Deployed: s.labels.Deployed,
		Time: now.UTC(), Duration: now.Sub(s.last),
	}
	s.last = now
	s.results = append(s.results, r)
	if s.journal != nil {
		line, err := json.Marshal(r)
		if err == nil {
			_, err = s.journal.Write(append(line, '\n'))
		}
		if err != nil {
			s.t.Errorf("check %s: write to the results journal: %v", c.ID, err)
		}
	}
	if v == Fail {
		s.t.Errorf("check %s failed: %s\n  subject:  %s\n  expected: %s\n  observed: %s%s", c.ID, c.Title, c.Subject, expected, observed, next(c))
	}
}

func next(c Check) string {
	if c.Next == "" {
		return ""
	}
	return "\n  next:     " + c.Next
}

func words(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	if b, err := json.Marshal(v); err == nil {
		return string(b)
	}
	return fmt.Sprintf("%+v", v)
}
