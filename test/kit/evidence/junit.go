package evidence

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/jstemmer/go-junit-report/v2/junit"
)

// junitXML writes results as JUnit XML: a suite of the kit is a suite there, a
// check that was not proven here is skipped, never passed.
func junitXML(run Run, results []check.Result) ([]byte, error) {
	all := junit.Testsuites{Name: "fintrack " + run.ID}
	var suite *junit.Testsuite
	var total, took time.Duration
	flush := func() {
		if suite != nil {
			suite.Time = seconds(took)
			all.AddSuite(*suite)
			total += took
		}
	}
	for _, r := range results {
		if name := r.Suite + " (" + r.Environment + ")"; suite == nil || suite.Name != name {
			flush()
			suite, took = &junit.Testsuite{Name: name, Timestamp: r.Time.UTC().Format(time.RFC3339)}, 0
			suite.AddProperty("commit", run.Commit)
			suite.AddProperty("environment", r.Environment)
		}
		took += r.Duration
		c := junit.Testcase{Name: r.ID, Classname: r.Suite, Time: seconds(r.Duration)}
		switch r.Verdict {
		case check.Pass:
		case check.NotProven:
			c.Skipped = &junit.Result{Message: string(r.Verdict), Data: r.Expected + "; " + r.Observed}
		default:
			c.Failure = &junit.Result{Message: r.Title, Type: strings.Join(r.Controls, " "),
				Data: fmt.Sprintf("subject:  %s\nexpected: %s\nobserved: %s\nnext:     %s\n", r.Subject, r.Expected, r.Observed, r.Next)}
		}
		suite.AddTestcase(c)
	}
	flush()
	all.Time = seconds(total)
	var b bytes.Buffer
	if err := all.WriteXML(&b); err != nil {
		return nil, fmt.Errorf("JUnit XML: %w", err)
	}
	return b.Bytes(), nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
