// Package check says what a check is: a promise of the platform, the SOC 2
// criteria it bears on, the resource it was read from, and what was found.
//
// Results are data. Running checks and printing them are apart: a Set records,
// WriteTable and the JSON lines file print.
package check

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Verdict is the outcome of one check.
type Verdict string

const (
	// Pass means that what was observed is what was promised.
	Pass Verdict = "pass"
	// Fail means that it is not, or that it could not be read.
	Fail Verdict = "fail"
	// NotProven means that the environment of the run cannot answer the
	// question. It never counts as a pass.
	NotProven Verdict = "not proven here"
)

// Controls lists the SOC 2 trust services criteria (AICPA TSP section 100)
// that a check may name.
var Controls = []string{
	"CC6.1", "CC6.2", "CC6.3", "CC6.6", "CC6.7", "CC6.8",
	"CC7.1", "CC7.2", "CC7.3", "CC8.1",
	"A1.1", "A1.2", "A1.3", "C1.1", "C1.2",
}

// Check names one promise.
type Check struct {
	// ID is "<module or suite>.<promise in kebab case>", unique in a run.
	ID string `json:"id"`
	// Title is the promise as a sentence.
	Title string `json:"title"`
	// Controls are the SOC 2 criteria that the check bears on, out of Controls.
	Controls []string `json:"controls,omitempty"`
	// Subject is the address of what is checked, a Terraform address mostly.
	Subject string `json:"subject"`
	// Next is what to do when the check fails.
	Next string `json:"next,omitempty"`
}

var idShape = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+$`)

// Validate reports a check that could not be found again by its id, or that
// names a criterion that does not exist.
func (c Check) Validate() error {
	var errs []error
	if !idShape.MatchString(c.ID) {
		errs = append(errs, fmt.Errorf("check id %q: want <module>.<kebab-case-promise>", c.ID))
	}
	if c.Title == "" {
		errs = append(errs, fmt.Errorf("check %s: no title", c.ID))
	}
	if c.Subject == "" {
		errs = append(errs, fmt.Errorf("check %s: no subject", c.ID))
	}
	for _, k := range c.Controls {
		if !slices.Contains(Controls, k) {
			errs = append(errs, fmt.Errorf("check %s: unknown control %q, known are %v", c.ID, k, Controls))
		}
	}
	return errors.Join(errs...)
}

// Result is a check that was made.
type Result struct {
	Check
	Verdict Verdict `json:"verdict"`
	// Expected and Observed are in words, or values printed as JSON.
	Expected string `json:"expected"`
	Observed string `json:"observed"`
	// Environment is the kind of environment that answered: emulated, kind or aws.
	Environment string `json:"environment"`
	// Run is the id of the run, Suite the suite or module that made the check.
	Run   string `json:"run"`
	Suite string `json:"suite"`
	// Deployed says that the suite applied a configuration: its sensitive outputs must
	// not be in evidence.
	Deployed bool      `json:"deployed,omitempty"`
	Time     time.Time `json:"time"`
	// Duration is the time from the end of the check before to the end of this one.
	Duration time.Duration `json:"duration_ns"`
}
