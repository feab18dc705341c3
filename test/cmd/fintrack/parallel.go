package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/shard"
	"github.com/spf13/cobra"
)

// Defaults sized for two cores: one emulator a core, and one suite more than
// cores, since a suite waits for its emulator part of the time.
const (
	defaultParallel = 3
	emulators       = 2
)

// How a suite runs when others run beside it: its own tests one after another, and
// time compressed half as much, or what waits by a clock on a busy core would give
// up too early.
var (
	sideBySide = []string{"-test.parallel=1"}
	patience   = []string{"FINTRACK_COMPRESSION=16"}
)

func testModules() *cobra.Command {
	var part string
	var record bool
	cmd := &cobra.Command{
		Use:   "test-modules [NAME ...]",
		Short: "Prove several modules side by side, all when none is named",
		RunE: func(cmd *cobra.Command, args []string) error {
			return runModules(cmd.Context(), args, cmp.Or(part, os.Getenv("SHARD")), record)
		},
	}
	cmd.Flags().BoolVar(&record, "record-costs", false, "write what each module took to test/modules/costs.json, by which SHARD splits")
	cmd.Flags().StringVar(&part, "shard", "", "k/n: only the k-th of n parts of about equal cost (also: SHARD)")
	return cmd
}

func runModules(ctx context.Context, names []string, part string, record bool) error {
	paths, err := sandbox.FindPaths()
	if err != nil {
		return err
	}
	names, costs, err := chosen(paths.Root, names, part)
	if err != nil {
		return err
	}
	parallel := defaultParallel
	if v := os.Getenv("PARALLEL"); v != "" {
		if parallel, err = strconv.Atoi(v); err != nil || parallel < 1 {
			return fmt.Errorf("%w: PARALLEL=%s: want a whole number from 1", sandbox.ErrSetup, v)
		}
	}
	run, err := sandbox.Open("modules")
	if err != nil {
		return err
	}
	if err := deploy.RecoverDead(ctx, run); err != nil {
		return err
	}
	program, err := buildTests(ctx, paths, names)
	if err != nil {
		return err
	}
	started := time.Now()
	held, stop, err := startEmulators(ctx, run, min(emulators, len(names)))
	if err != nil {
		return err
	}
	defer stop()
	s := suites{names: names, root: paths.Root, program: program, parallel: parallel, results: filepath.Join(paths.Results(), run.ID), args: sideBySide, env: patience}
	for _, e := range held {
		s.emulators = append(s.emulators, e.ID)
	}
	if err := os.MkdirAll(s.results, 0o755); err != nil {
		return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(costs[b], costs[a]) })
	outcomes := s.run(ctx)
	if record {
		if err := recordCosts(paths.Root, costs, outcomes); err != nil {
			return err
		}
	}
	return report(outcomes, s.results, time.Since(started))
}

// recordCosts writes what the proven modules took, in whole seconds, beside what
// is known of the others.
func recordCosts(root string, costs map[string]float64, outcomes []outcome) error {
	for _, o := range outcomes {
		if o.code == deploy.ExitProven {
			costs[o.name] = math.Round(o.took.Seconds())
		}
	}
	b, err := json.MarshalIndent(costs, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(costsFile(root), append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	return nil
}

func costsFile(root string) string { return filepath.Join(root, "test", "modules", "costs.json") }

// suites are the compiled suites of modules, to be run side by side.
type suites struct {
	names     []string
	root      string
	program   func(name string) string
	parallel  int      // how many at a time
	emulators []string // ids of emulators for the suites to share in turn
	results   string   // a folder, with one in it for each suite
	env, args []string // for each suite
}

// run runs the suites in the order of their names and returns how each ended.
func (s suites) run(ctx context.Context) []outcome {
	outcomes := make([]outcome, len(s.names))
	slots := make(chan struct{}, s.parallel)
	var wg sync.WaitGroup
	for i, name := range s.names {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			env := append([]string{"FINTRACK_RECOVERED=1", "FINTRACK_RESULTS=" + filepath.Join(s.results, name)}, s.env...)
			if len(s.emulators) > 0 {
				env = append(env, "FINTRACK_EMULATOR="+s.emulators[i%len(s.emulators)])
			}
			outcomes[i] = runSuite(ctx, name, filepath.Join(s.root, "test", "modules", name), s.program(name), env, s.args)
			outcomes[i].print()
		})
	}
	wg.Wait()
	return outcomes
}

// chosen returns the modules to run and what each costs in seconds.
func chosen(root string, names []string, part string) ([]string, map[string]float64, error) {
	all, err := moduleNames(root)
	if err != nil {
		return nil, nil, err
	}
	for _, n := range names {
		if !slices.Contains(all, n) {
			return nil, nil, fmt.Errorf("%w: unknown module %q; valid are:\n  %s", sandbox.ErrSetup, n, strings.Join(all, "\n  "))
		}
	}
	if len(names) == 0 {
		names = all
	}
	costs := map[string]float64{}
	if b, err := os.ReadFile(costsFile(root)); err == nil {
		if err := json.Unmarshal(b, &costs); err != nil {
			return nil, nil, fmt.Errorf("%w: test/modules/costs.json: %w", sandbox.ErrSetup, err)
		}
	}
	if part != "" {
		k, n, err := shard.Parse(part)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
		}
		names = shard.Split(names, costs, n)[k-1]
	}
	return names, costs, nil
}

// startEmulators starts n emulators for the suites to share, none on a real
// account.
func startEmulators(ctx context.Context, run *sandbox.Run, n int) ([]*sandbox.Emulator, func(), error) {
	if !run.Environment.EmulatesAWS() {
		return nil, func() {}, nil
	}
	var started []*sandbox.Emulator
	stop := func() {
		for _, e := range started {
			if err := e.Stop(run.Ledger); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
	}
	for range n {
		e, err := sandbox.StartEmulator(ctx, run.Paths, run.Ledger)
		if err != nil {
			stop()
			return nil, nil, err
		}
		started = append(started, e)
	}
	return started, stop, nil
}

// outcome is how one suite ended.
type outcome struct {
	name   string
	code   int
	took   time.Duration
	output []byte
}

// runSuite runs a suite's program to its end. When ctx ends, the suite is asked
// once to stop, and then destroys what it made.
func runSuite(ctx context.Context, name, dir, program string, env, args []string) outcome {
	started := time.Now()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, program, append([]string{"-test.timeout=0"}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal's Ctrl-C comes through us, once
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	err := errors.Join(makeResults(env), cmd.Run())
	o := outcome{name: name, took: time.Since(started), output: out.Bytes()}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		o.code = exit.ExitCode()
	case err != nil:
		o.code = deploy.ExitSetup
		o.output = append(o.output, err.Error()...)
	}
	return o
}

func makeResults(env []string) error {
	for _, kv := range env {
		if dir, ok := strings.CutPrefix(kv, "FINTRACK_RESULTS="); ok {
			return os.MkdirAll(dir, 0o755)
		}
	}
	return nil
}

var verdicts = map[int]string{deploy.ExitProven: "proven", deploy.ExitFailed: "FAILED", deploy.ExitSetup: "NOT RUN", deploy.ExitLeft: "LEFT BEHIND"}

func (o outcome) print() {
	if o.code != 0 {
		fmt.Printf("──── %s: %s\n%s\n────\n", o.name, cmp.Or(verdicts[o.code], fmt.Sprint("exit ", o.code)), strings.TrimSpace(string(o.output)))
		return
	}
	fmt.Printf("  %-18s proven %6.1fs\n", o.name, o.took.Seconds())
}

// report merges the results and prints a line for each module; the worst
// outcome is the exit code.
func report(outcomes []outcome, results string, took time.Duration) error {
	merged, err := os.Create(results + ".jsonl")
	if err != nil {
		return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	defer merged.Close()
	var total check.Count
	worst := 0
	fmt.Printf("\n%-18s %-12s %7s %7s %7s %8s  %s\n", "module", "verdict", "proven", "failed", "n/p", "seconds", "stages")
	for _, o := range outcomes {
		count, stages, err := gather(filepath.Join(results, o.name), merged)
		if err != nil {
			return err
		}
		total.Pass, total.Fail, total.NotProven = total.Pass+count.Pass, total.Fail+count.Fail, total.NotProven+count.NotProven
		worst = max(worst, o.code)
		fmt.Printf("%-18s %-12s %7d %7d %7d %8.1f  %s\n", o.name, cmp.Or(verdicts[o.code], fmt.Sprint("exit ", o.code)), count.Pass, count.Fail, count.NotProven, o.took.Seconds(), stages)
	}
	fmt.Printf("\n%d modules: %s in %.1fs; results: %s\n", len(outcomes), total, took.Seconds(), merged.Name())
	if worst != 0 {
		return errFailed{code: worst, what: "not all modules are proven"}
	}
	return nil
}

// gather appends the journals of one suite to merged and returns their count
// and stage times.
func gather(dir string, merged *os.File) (check.Count, string, error) {
	var count check.Count
	journals, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return count, "", err
	}
	var parts []string
	for _, j := range journals {
		b, err := os.ReadFile(j)
		if err != nil {
			return count, "", err
		}
		rs, err := check.ReadJournal(bytes.NewReader(b))
		if err != nil {
			return count, "", fmt.Errorf("%s: %w", j, err)
		}
		c := check.Tally(rs)
		count.Pass, count.Fail, count.NotProven = count.Pass+c.Pass, count.Fail+c.Fail, count.NotProven+c.NotProven
		if _, err := merged.Write(b); err != nil {
			return count, "", err
		}
		var stages map[string][]check.Stage
		if b, err := os.ReadFile(deploy.StagesFile(j)); err == nil && json.Unmarshal(b, &stages) == nil {
			for _, list := range stages {
				for _, s := range list {
					parts = append(parts, fmt.Sprintf("%s %.1f", s.Name, s.Duration.Seconds()))
				}
			}
		}
	}
	return count, strings.Join(parts, " "), nil
}
