package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/fintrack/platform/test/kit/layers"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/spf13/cobra"
)

func testLayer() *cobra.Command {
	return &cobra.Command{
		Use:   "test-layer NAME",
		Short: "Prove one layer: apply it and what it needs, verify, second plan, destroy, census",
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, err := sandbox.FindPaths()
			if err != nil {
				return err
			}
			platform, err := layers.Load(os.DirFS(filepath.Join(paths.Root, "terraform")))
			if err != nil {
				return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
			}
			if len(args) != 1 || !slices.Contains(platform.Names(), args[0]) {
				return fmt.Errorf("%w: LAYER=%s: unknown layer; valid are:\n  %s", sandbox.ErrSetup, strings.Join(args, " "), strings.Join(platform.Names(), "\n  "))
			}
			return becomeLayers(cmd.Context(), paths, args[0])
		},
	}
}

func testFull() *cobra.Command {
	return &cobra.Command{
		Use:   "test-full",
		Short: "Prove all layers as one platform in one environment",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			paths, err := sandbox.FindPaths()
			if err != nil {
				return err
			}
			return becomeLayers(cmd.Context(), paths, "")
		},
	}
}

// becomeLayers compiles the suite of the layers and becomes it, for one layer or
// for "", which are all.
func becomeLayers(ctx context.Context, paths sandbox.Paths, layer string) error {
	if _, err := sandbox.Chosen(); err != nil {
		return err
	}
	program, err := buildLayers(ctx, paths)
	if err != nil {
		return err
	}
	if err := os.Chdir(filepath.Join(paths.Root, "test", "layers")); err != nil {
		return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	return syscall.Exec(program, append([]string{"layers.test", "-test.timeout=0"}, layersArgs...), append(os.Environ(), "LAYER="+layer))
}

// layersArgs choose the suite of the layers in its program.
var layersArgs = []string{"-test.run=^TestLayers$"}

func buildLayers(ctx context.Context, paths sandbox.Paths) (string, error) {
	program := filepath.Join(paths.Cache, "bin", "layers.test")
	return program, buildTest(ctx, paths, "./test/layers", program)
}
