// Package night runs the steps of a nightly run: all of them, whatever fails. A step
// that fails is run once more to learn whether it is flaky, and that is said: the
// first outcome stands, and both are kept.
package night

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/fintrack/platform/test/kit/shard"
)

// Exit codes of a step that are not worth a second attempt: the run could not be
// made, or something was left behind.
const (
	exitSetup = 2
	exitLeft  = 3
)

// Attempt is one execution of a step.
type Attempt struct {
	Exit     int
	Duration time.Duration
	// Journals are the results that it wrote.
	Journals []string
}

// Step is a step with all its attempts, the first first.
type Step struct {
	Name     string
	Attempts []Attempt
}

// Failed tells whether the first attempt failed: a later one does not mend it.
func (s Step) Failed() bool { return s.Attempts[0].Exit != 0 }

// Flaky tells whether a later attempt passed where the first did not.
func (s Step) Flaky() bool {
	return s.Failed() && slices.ContainsFunc(s.Attempts[1:], func(a Attempt) bool { return a.Exit == 0 })
}

// Runner executes a step once and returns its exit code and the journals it wrote.
type Runner func(ctx context.Context, step string, attempt int) (exit int, journals []string, err error)

// Run runs the steps in order. It stops early when the context ends alone, and returns
// what was run by then, the step that was broken off included. A step that cannot be run
// at all has failed like one that says so.
func Run(ctx context.Context, steps []string, run Runner, say io.Writer) ([]Step, error) {
	var out []Step
	for _, name := range steps {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		s := Step{Name: name}
		for attempt := 1; attempt <= 2 && ctx.Err() == nil; attempt++ {
			fmt.Fprintf(say, "\n==> %s%s\n", name, map[bool]string{true: ", once more to learn whether it is flaky"}[attempt > 1])
			started := time.Now()
			exit, journals, err := run(ctx, name, attempt)
			if err != nil {
				fmt.Fprintf(say, "==> %s could not be run: %v\n", name, err)
				exit = exitSetup
			}
			s.Attempts = append(s.Attempts, Attempt{exit, time.Since(started), journals})
			fmt.Fprintf(say, "==> %s: exit code %d in %.0fs\n", name, exit, time.Since(started).Seconds())
			if exit == 0 || exit == exitSetup || exit == exitLeft {
				break
			}
		}
		out = append(out, s)
	}
	return out, ctx.Err()
}

// Worst is the highest exit code of any first attempt: a flaky step is not good.
func Worst(steps []Step) (worst int) {
	for _, s := range steps {
		worst = max(worst, s.Attempts[0].Exit)
	}
	return worst
}

// Results are the results of the first attempts.
func Results(steps []Step) ([]check.Result, error) {
	var out []check.Result
	for _, s := range steps {
		rs, err := read(s.Attempts[0].Journals)
		if err != nil {
			return nil, err
		}
		out = append(out, rs...)
	}
	return out, nil
}

func read(journals []string) (out []check.Result, err error) {
	for _, name := range journals {
		rs, err := check.ReadJournalFile(name)
		if err != nil {
			return nil, err
		}
		out = append(out, rs...)
	}
	return out, nil
}

// Runs says by which step each run of the first attempts was made, by the run's id.
func Runs(steps []Step) (map[string]string, error) {
	out := map[string]string{}
	for _, s := range steps {
		rs, err := read(s.Attempts[0].Journals)
		if err != nil {
			return nil, err
		}
		for _, r := range rs {
			out[r.Run] = s.Name
		}
	}
	return out, nil
}

// Leaked counts the resources that the censuses of results have found after a destroy:
// one a line of what their checks observed.
func Leaked(results []check.Result) (n int) {
	for _, r := range results {
		if strings.HasSuffix(r.ID, ".nothing-left") && r.Verdict == check.Fail {
			n += 1 + strings.Count(r.Observed, "\n")
		}
	}
	return n
}

// Flaky lists what gave different outcomes: each check, or the step itself when no
// check of it explains the difference. A check that a step makes for several environments
// is compared with that of the same one.
func Flaky(steps []Step) ([]evidence.Flaky, error) {
	out := []evidence.Flaky{}
	for _, s := range steps {
		if !s.Failed() || len(s.Attempts) < 2 {
			continue
		}
		before := len(out)
		first, err := read(s.Attempts[0].Journals)
		if err != nil {
			return nil, err
		}
		second, err := read(s.Attempts[1].Journals)
		if err != nil {
			return nil, err
		}
		again, once := evidence.ByKey(second), evidence.ByKey(first)
		for _, k := range slices.Sorted(maps.Keys(once)) {
			r := once[k]
			if x, ok := again[k]; ok && x.Verdict != r.Verdict {
				out = append(out, evidence.Flaky{Step: s.Name, Check: r.ID, Outcomes: []string{string(r.Verdict), string(x.Verdict)}})
			}
		}
		if s.Flaky() && len(out) == before {
			out = append(out, evidence.Flaky{Step: s.Name, Outcomes: []string{fmt.Sprintf("exit code %d", s.Attempts[0].Exit), "exit code 0"}})
		}
	}
	return out, nil
}

// Share returns the steps of one part of a run. Steps that divide their own work
// (shared) are in every part; the others are dealt out in turn.
func Share(steps, shared []string, part string) ([]string, error) {
	if part == "" {
		return steps, nil
	}
	k, n, err := shard.Parse(part)
	if err != nil {
		return nil, err
	}
	var out []string
	turn := 0
	for _, s := range steps {
		if slices.Contains(shared, s) {
			out = append(out, s)
			continue
		}
		if turn%n == k-1 {
			out = append(out, s)
		}
		turn++
	}
	return out, nil
}

// Journals lists the journals directly in a folder, by name.
func Journals(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".jsonl") && !e.IsDir() {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out, nil
}

// New lists what is in after and not in before.
func New(before, after []string) (out []string) {
	for _, name := range after {
		if !slices.Contains(before, name) {
			out = append(out, name)
		}
	}
	return out
}
