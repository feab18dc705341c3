package deploy

import (
	"strings"

	"github.com/fintrack/platform/test/kit/census"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/sandbox"
)

// nothingLeft records that a census finds nothing in an account, or what it found.
func nothingLeft(h *harness, checks *check.Set, in *sandbox.Sandbox, suite, after string, found census.Set) error {
	var left []string
	for _, r := range found.Resources() {
		left = append(left, r.String())
	}
	c := check.Check{
		ID: suite + ".nothing-left", Title: after + " the APIs list nothing that was not there before", Controls: []string{"CC6.1", "CC8.1"},
		Subject: "account " + in.Account + ", " + strings.Join(in.Entry().Regions, ", "),
		Next:    "make janitor removes it; then find out why the destroy did not",
	}
	observed := "nothing"
	if len(left) > 0 {
		observed = strings.Join(left, "\n          ")
	}
	if !checks.That(c, len(left) == 0, "nothing", observed) {
		h.note(ErrLeft)
		return errReported
	}
	return nil
}
