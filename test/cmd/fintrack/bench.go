package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/spf13/cobra"
)

// bench measures one module's whole life twice in one run, on one emulator and
// with the same checks: as plain terratest does it (the released provider, which
// waits by the clock, started anew for each command), and as this suite does.
func bench() *cobra.Command {
	return &cobra.Command{
		Use:   "bench [MODULE]",
		Short: "Measure a module's whole life against plain terratest, rds when none is named",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			module := "rds"
			if len(args) > 0 {
				module = args[0]
			}
			return runBench(cmd.Context(), module)
		},
	}
}

// measured is one of the two ways.
type measured struct {
	way    string
	took   time.Duration
	peak   int64 // bytes of all processes together, each shared page counted once
	stages map[string]time.Duration
}

func runBench(ctx context.Context, module string) error {
	paths, err := sandbox.FindPaths()
	if err != nil {
		return err
	}
	if _, _, err := chosen(paths.Root, []string{module}, ""); err != nil {
		return err
	}
	run, err := sandbox.Open("bench")
	if err != nil {
		return err
	}
	if err := deploy.RecoverDead(ctx, run); err != nil {
		return err
	}
	program, err := buildTests(ctx, paths, []string{module})
	if err != nil {
		return err
	}
	e, err := sandbox.StartEmulator(ctx, run.Paths, run.Ledger)
	if err != nil {
		return err
	}
	defer func() {
		if err := e.Stop(run.Ledger); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	var rows []measured
	for _, way := range []struct{ name, plain string }{{"this suite", ""}, {"plain terratest", "1"}} {
		results := filepath.Join(paths.Results(), run.ID+strings.ReplaceAll(way.name, " ", "-"))
		env := []string{"FINTRACK_RECOVERED=1", "FINTRACK_EMULATOR=" + e.ID, "FINTRACK_RESULTS=" + results, "FINTRACK_BENCH=" + run.ID, "FINTRACK_PLAIN_PROVIDER=" + way.plain}
		m, err := measure(ctx, filepath.Join(paths.Root, "test", "modules", module), program(module), env, run.ID, e.Process.PID)
		if err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
		m.way = way.name
		if m.stages, err = stageTimes(results); err != nil {
			return err
		}
		rows = append(rows, m)
	}
	printBench(module, rows)
	return nil
}

func measure(ctx context.Context, dir, program string, env []string, id string, emulator int) (measured, error) {
	if err := makeResults(env); err != nil {
		return measured{}, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "-test.run=TestModule$", "-test.timeout=0")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	done := make(chan struct{})
	peak := make(chan int64)
	go func() {
		var most int64
		for {
			most = max(most, memory(id, emulator))
			select {
			case <-done:
				peak <- most
				return
			case <-time.After(250 * time.Millisecond):
			}
		}
	}()
	started := time.Now()
	err := cmd.Run()
	took := time.Since(started)
	close(done)
	m := measured{took: took, peak: <-peak}
	if err != nil {
		return m, fmt.Errorf("%w\n%s", err, out.String())
	}
	return m, nil
}

// memory adds up the proportional set sizes of the emulator and of every process
// that carries the benchmark's id in its environment (proc(5), smaps_rollup).
func memory(id string, emulator int) int64 {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	var sum int64
	for _, f := range files {
		dir := filepath.Dir(f)
		env, err := os.ReadFile(f)
		if err != nil || filepath.Base(dir) != fmt.Sprint(emulator) && !strings.Contains(string(env), "FINTRACK_BENCH="+id+"\x00") {
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

func printBench(module string, rows []measured) {
	names := []string{"init", "validate", "plan", "apply", "verify", "replan", "destroy", "census"}
	fmt.Printf("module %s, whole life with all checks, on one emulator; %d cores, %s/%s\n\n| | total s |", module, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	for _, n := range names {
		fmt.Printf(" %s |", n)
	}
	fmt.Printf(" peak MiB |\n|---|---|%s---|\n", strings.Repeat("---|", len(names)))
	for _, r := range rows {
		fmt.Printf("| %s | %.1f |", r.way, r.took.Seconds())
		for _, n := range names {
			fmt.Printf(" %.1f |", r.stages[n].Seconds())
		}
		fmt.Printf(" %d |\n", r.peak>>20)
	}
	ours, plain := rows[0].took.Seconds(), rows[1].took.Seconds()
	fmt.Printf("\n%.1f times faster\n", plain/cmp.Or(ours, 1))
}
