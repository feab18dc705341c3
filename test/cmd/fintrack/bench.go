package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/spf13/cobra"
)

// bench measures the suites of modules twice in one run, with the same checks on
// emulators of the same kind: as this suite runs them, side by side, and as plain
// terratest does it, one module after another, with the released provider, which
// waits by the clock and is started anew for each command.
func bench() *cobra.Command {
	return &cobra.Command{
		Use:   "bench [MODULE ... | platform | gitops]",
		Short: "Measure the suites of modules against plain terratest, all when none is named; the six layers as one platform; or the offline engine against helm template and gator test",
		RunE: func(cmd *cobra.Command, args []string) error {
			if slices.Equal(args, []string{"platform"}) {
				return benchPlatform(cmd.Context())
			}
			if slices.Equal(args, []string{"gitops"}) {
				return benchGitops(cmd.Context())
			}
			return runBench(cmd.Context(), args)
		},
	}
}

// way is one of the two ways to run the suites.
type way struct {
	name                string
	parallel, emulators int
	env, args           []string
}

var ways = []way{
	{name: "this suite", parallel: defaultParallel, emulators: emulators, args: sideBySide, env: patience},
	{name: "plain terratest", parallel: 1, emulators: 1, env: []string{"FINTRACK_PLAIN_PROVIDER=1"}, args: []string{"-test.parallel=1"}},
}

// measured is what a way took.
type measured struct {
	way
	took    time.Duration
	peak    int64 // bytes of all processes together, each shared page counted once
	suites  []outcome
	results string
}

func runBench(ctx context.Context, names []string) error {
	paths, err := sandbox.FindPaths()
	if err != nil {
		return err
	}
	names, costs, err := chosen(paths.Root, names, "")
	if err != nil {
		return err
	}
	run, err := sandbox.Open("bench")
	if err != nil {
		return err
	}
	if !run.Environment.EmulatesAWS() {
		return fmt.Errorf("%w: ENV=%s: a benchmark compares two ways on one emulator; leave ENV unset", sandbox.ErrSetup, run.Environment)
	}
	if err := deploy.RecoverDead(ctx, run); err != nil {
		return err
	}
	program, err := buildTests(ctx, paths, names)
	if err != nil {
		return err
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(costs[b], costs[a]) })
	rows := make([]measured, len(ways))
	for i, w := range slices.Backward(ways) { // the long one first
		fmt.Fprintf(os.Stderr, "%s:\n", w.name)
		m, err := measure(ctx, run, w, suites{names: names, root: paths.Root, program: program, env: []string{"FINTRACK_BENCH=" + run.ID}})
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		rows[i] = m
	}
	return printBench(rows)
}

// measure runs the suites one way, and watches the memory of all that takes part.
func measure(ctx context.Context, run *sandbox.Run, w way, s suites) (measured, error) {
	m := measured{way: w, results: filepath.Join(run.Paths.Results(), run.ID+"-"+strings.ReplaceAll(w.name, " ", "-"))}
	held, stop, err := startEmulators(ctx, run, min(w.emulators, len(s.names)))
	if err != nil {
		return m, err
	}
	defer stop()
	s.parallel, s.results, s.args = w.parallel, m.results, w.args
	s.env = append(s.env, w.env...)
	var pids []int
	for _, e := range held {
		s.emulators = append(s.emulators, e.ID)
		pids = append(pids, e.Process.PID)
	}
	m.took, m.peak = watched(run.ID, pids, func() { m.suites = s.run(ctx) })
	for _, o := range m.suites {
		if o.code != 0 {
			return m, errFailed{code: o.code, what: "a suite that fails measures nothing: " + o.name}
		}
	}
	return m, nil
}

// watched does the work, and returns what it took and the most memory that its
// processes, and the emulators, held at a time.
func watched(id string, emulators []int, work func()) (took time.Duration, peak int64) {
	done, most := make(chan struct{}), make(chan int64)
	go func() {
		var m int64
		for {
			m = max(m, memory(id, emulators))
			select {
			case <-done:
				most <- m
				return
			case <-time.After(time.Second): // reading smaps_rollup walks every page
			}
		}
	}()
	started := time.Now()
	work()
	took = time.Since(started)
	close(done)
	return took, <-most
}

// memory adds up the proportional set sizes of the emulators and of every process
// that carries the benchmark's id in its environment (proc(5), smaps_rollup).
func memory(id string, emulators []int) int64 {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	var sum int64
	for _, f := range files {
		dir := filepath.Dir(f)
		env, err := os.ReadFile(f)
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if err != nil || !slices.Contains(emulators, pid) && !strings.Contains(string(env), "FINTRACK_BENCH="+id+"\x00") {
			continue
		}
		rollup, err := os.ReadFile(filepath.Join(dir, "smaps_rollup"))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(rollup)) {
			var kib int64
			if n, _ := fmt.Sscanf(line, "Pss: %d kB", &kib); n == 1 {
				sum += kib * 1024
			}
		}
	}
	return sum
}

func stageTimes(results string) (map[string]time.Duration, error) {
	files, err := filepath.Glob(filepath.Join(results, "*.stages.json"))
	if err != nil {
		return nil, err
	}
	out := map[string]time.Duration{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var stages map[string][]check.Stage
		if err := json.Unmarshal(b, &stages); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		for _, list := range stages {
			for _, s := range list {
				out[s.Name] += s.Duration
			}
		}
	}
	return out, nil
}

// printBench prints the tables of the README: the two ways, and each module's
// stages in this suite beside its whole time in both.
func printBench(rows []measured) error {
	ours, plain := rows[0], rows[1]
	fmt.Printf("%d modules, every stage and every check, on %d cores (%s/%s)\n\n", len(ours.suites), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	fmt.Printf("| | seconds | peak MiB |\n|---|---|---|\n")
	for _, r := range rows {
		fmt.Printf("| %s | %.1f | %d |\n", r.name, r.took.Seconds(), r.peak>>20)
	}
	fmt.Printf("\n%.1f times faster\n\n", plain.took.Seconds()/ours.took.Seconds())
	names := []string{"init", "validate", "plan", "apply", "verify", "replan", "upgrade", "destroy", "census"}
	fmt.Printf("| module | %s | seconds | plain terratest |\n|---|%s\n", strings.Join(names, " | "), strings.Repeat("---|", len(names)+2))
	for i, o := range ours.suites {
		stages, err := stageTimes(filepath.Join(ours.results, o.name))
		if err != nil {
			return err
		}
		fmt.Printf("| %s |", o.name)
		for _, n := range names {
			fmt.Printf(" %.1f |", stages[n].Seconds())
		}
		fmt.Printf(" %.1f | %.1f |\n", o.took.Seconds(), plain.suites[i].took.Seconds())
	}
	return nil
}
