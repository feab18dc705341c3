package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/layers"
	"github.com/fintrack/platform/test/kit/sandbox"
)

// benchPlatform measures the six layers as one platform, from the first apply to
// the census, every check included, and prints each layer's stages.
func benchPlatform(ctx context.Context) error {
	paths, err := sandbox.FindPaths()
	if err != nil {
		return err
	}
	platform, err := layers.Load(os.DirFS(filepath.Join(paths.Root, "terraform")))
	if err != nil {
		return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	order, err := platform.Order()
	if err != nil {
		return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	run, err := sandbox.Open("bench")
	if err != nil {
		return err
	}
	if err := deploy.RecoverDead(ctx, run); err != nil {
		return err
	}
	program, err := buildLayers(ctx, paths)
	if err != nil {
		return err
	}
	held, stop, err := startEmulators(ctx, run, 1)
	if err != nil {
		return err
	}
	defer stop()
	results := filepath.Join(paths.Results(), run.ID+"-platform")
	env := []string{"FINTRACK_BENCH=" + run.ID, "FINTRACK_RECOVERED=1", "FINTRACK_RESULTS=" + results, "LAYER="}
	var pids []int
	for _, e := range held {
		env = append(env, "FINTRACK_EMULATOR="+e.ID)
		pids = append(pids, e.Process.PID)
	}
	var o outcome
	took, peak := watched(run.ID, pids, func() {
		o = runSuite(ctx, "platform", filepath.Join(paths.Root, "test", "layers"), program, env, layersArgs)
	})
	if o.code != 0 {
		o.print()
		return errFailed{code: o.code, what: "a suite that fails measures nothing: the layers"}
	}
	fmt.Printf("the six layers as one platform, apply to census, every check, on %d cores (%s/%s), ENV=%s: %.1f s, %d MiB at most\n\n",
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, run.Environment, took.Seconds(), peak>>20)
	return printLayers(order, results)
}

// printLayers prints a row for each layer and a column for each stage. Layers run
// side by side, so the rows add up to more than the whole took.
func printLayers(order []string, results string) error {
	files, err := filepath.Glob(filepath.Join(results, "*.stages.json"))
	if err != nil {
		return err
	}
	times := map[string]map[string]time.Duration{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		var stages map[string][]check.Stage
		if err := json.Unmarshal(b, &stages); err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		for layer, list := range stages {
			if times[layer] == nil {
				times[layer] = map[string]time.Duration{}
			}
			for _, s := range list {
				times[layer][s.Name] += s.Duration
			}
		}
	}
	names := []string{"init", "validate", "plan", "apply", "verify", "replan", "change", "again", "destroy"}
	fmt.Printf("| layer | %s |\n|---|%s\n", strings.Join(names, " | "), strings.Repeat("---|", len(names)))
	for _, layer := range order {
		fmt.Printf("| `%s` |", layer)
		for _, n := range names {
			fmt.Printf(" %.1f |", times[layer][n].Seconds())
		}
		fmt.Println()
	}
	return nil
}
