// Package suite runs tests that deploy nothing as one run of the suite: a journal of
// results, and at the end a table of all checks.
package suite

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/sandbox"
)

// Run is one run of the tests of a program.
type Run struct {
	*sandbox.Run
	// Environment is the kind of environment in the results.
	Environment string
}

var current *Run

// Main runs the tests of a suite and returns the program's exit code: 0 all proven, 1
// a check failed, 2 the run could not be made or was interrupted. A SIGINT, SIGTERM or
// SIGHUP stops the processes and removes the containers that the tests started before
// the program ends. environment names what answers, as "offline" or "emulated".
func Main(m *testing.M, name, environment string) int {
	started := time.Now()
	r, err := sandbox.Begin(name)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if _, err := r.Tidy(context.Background()); err != nil { // of a run that was killed
		fmt.Fprintln(os.Stderr, err)
	}
	current = &Run{Run: r, Environment: environment}
	settled := interruptible(r)
	code := m.Run()
	settled()
	if err := r.End(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	if err := summary(r, environment, time.Since(started)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 2)
	}
	return code
}

// interruptible stops the run's processes at a signal and ends the program. What it
// returns undoes it.
func interruptible(r *sandbox.Run) (settled func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		s, interrupted := <-signals
		if !interrupted {
			return
		}
		fmt.Fprintf(os.Stderr, "\n%s: stopping what the run started\n", s)
		if err := r.StopOwn(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(2)
	}()
	return func() { signal.Stop(signals); close(signals) }
}

// Checks is a new set of checks of the run.
func Checks(t check.Reporter, name string) *check.Set {
	return check.NewSet(t, check.Labels{Environment: current.Environment, Run: current.ID, Suite: name}, current.Journal)
}

// Current is the run of this program.
func Current() *Run { return current }

func summary(r *sandbox.Run, environment string, took time.Duration) error {
	results, err := check.ReadJournalFile(r.JournalPath)
	if err != nil || len(results) == 0 {
		return err
	}
	fmt.Println()
	if err := check.WriteTable(os.Stdout, results); err != nil {
		return err
	}
	fmt.Printf("\n%s: %s in %.1fs; environment: %s; results: %s\n", r.Suite, check.Tally(results), took.Seconds(), environment, r.JournalPath)
	return nil
}
