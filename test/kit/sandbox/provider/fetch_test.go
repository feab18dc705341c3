package provider_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/fintrack/platform/test/kit/sandbox/provider"
	"github.com/stretchr/testify/require"
)

// from makes Terraform install from a mirror in the place of the registry.
func from(t *testing.T, mirror string) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "terraform.rc")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, "provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror), 0o644))
	t.Setenv("TF_CLI_CONFIG_FILE", config)
}

func TestTerraformGetsAMissingProviderOnce(t *testing.T) {
	alone(t)
	registry, cache := t.TempDir(), t.TempDir()
	mirror(t, registry)
	from(t, registry)
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			in, err := provider.Prepare(t.Context(), cache, 0)
			if err != nil {
				t.Error(err)
				return
			}
			if want := (provider.Mirror{Root: filepath.Join(cache, "plugins")}).Program(); in.Program != want {
				t.Errorf("program %s, want %s", in.Program, want)
			}
		})
	}
	group.Wait()
	left, err := filepath.Glob(filepath.Join(cache, ".fetch-*"))
	require.NoError(t, err)
	require.Empty(t, left)
	from(t, t.TempDir()) // nothing can be got any more
	_, err = provider.Prepare(t.Context(), cache, 0)
	require.NoError(t, err, "what was got is used")
}

func TestAProviderThatCannotBeGotIsNamedWithTerraformsOwnWords(t *testing.T) {
	alone(t)
	from(t, t.TempDir())
	cache := t.TempDir()
	_, err := provider.Prepare(t.Context(), cache, 0)
	require.ErrorContains(t, err, "no mirror with the AWS provider "+provider.Version+" on this machine")
	require.ErrorContains(t, err, "Failed to query available provider packages")
	require.ErrorContains(t, err, "Set FINTRACK_PROVIDER_MIRROR")
}
