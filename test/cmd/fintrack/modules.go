package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/spf13/cobra"
)

func testModule() *cobra.Command {
	return &cobra.Command{
		Use:   "test-module NAME",
		Short: "Prove one module: apply, verify, second plan, destroy, census",
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, err := sandbox.FindPaths()
			if err != nil {
				return err
			}
			names, err := moduleNames(paths.Root)
			if err != nil {
				return err
			}
			if len(args) != 1 || !slices.Contains(names, args[0]) {
				return fmt.Errorf("%w: MODULE=%s: unknown module; valid are:\n  %s", sandbox.ErrSetup, strings.Join(args, " "), strings.Join(names, "\n  "))
			}
			if _, err := sandbox.Chosen(); err != nil {
				return err
			}
			program, err := buildTests(cmd.Context(), paths, []string{args[0]})
			if err != nil {
				return err
			}
			dir := filepath.Join(paths.Root, "test", "modules", args[0])
			if err := os.Chdir(dir); err != nil {
				return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
			}
			// In the place of this process, so that a signal meets one process only.
			return syscall.Exec(program(args[0]), []string{args[0] + ".test", "-test.timeout=0"}, os.Environ())
		},
	}
}

// moduleNames lists the folders of modules/.
func moduleNames(root string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(root, "modules"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// buildTests compiles the suites of the named modules into the cache, each a
// program of its own that links only the services it asks, and returns where
// each one is. What is up to date is not linked again.
func buildTests(ctx context.Context, paths sandbox.Paths, names []string) (func(string) string, error) {
	out := filepath.Join(paths.Cache, "bin", "modules")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, fmt.Errorf("%w: %w (set FINTRACK_CACHE to a writable folder)", sandbox.ErrSetup, err)
	}
	for _, n := range names {
		pkg := "./test/modules/" + n
		if _, err := os.Stat(filepath.Join(paths.Root, pkg)); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%w: module %s has no tests: write %s", sandbox.ErrSetup, n, pkg)
		}
		if err := buildTest(ctx, paths, pkg, filepath.Join(out, n+".test")); err != nil {
			return nil, err
		}
	}
	return func(name string) string { return filepath.Join(out, name+".test") }, nil
}

// buildTest compiles the tests of one package into a program.
func buildTest(ctx context.Context, paths sandbox.Paths, pkg, program string) error {
	build := exec.CommandContext(ctx, "go", "test", "-c", "-o", program, pkg)
	build.Dir = paths.Root
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("%w: compile %s: %w", sandbox.ErrSetup, pkg, err)
	}
	return nil
}
