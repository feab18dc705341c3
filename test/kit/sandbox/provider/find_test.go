package provider_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/provider"
	"github.com/stretchr/testify/require"
)

// alone takes away every place where this machine may have a provider, and
// returns an empty home.
func alone(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	for k, v := range map[string]string{
		"HOME": home, "FINTRACK_PROVIDER_MIRROR": "", "TF_PLUGIN_CACHE_DIR": "", "XDG_DATA_HOME": "", "XDG_DATA_DIRS": "",
	} {
		t.Setenv(k, v)
	}
	t.Cleanup(provider.Roots(home))
	return home
}

// mirror puts a script in the place of the provider into a mirror, and returns
// the script's path.
func mirror(t *testing.T, root string) string {
	t.Helper()
	program := provider.Mirror{Root: root}.Program()
	require.NoError(t, os.MkdirAll(filepath.Dir(program), 0o755))
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755))
	return program
}

func find(t *testing.T, cache string) provider.Mirror {
	t.Helper()
	m, err := provider.Find(t.Context(), cache)
	require.NoError(t, err)
	return m
}

func TestTheProviderIsFoundWhereTerraformWouldLook(t *testing.T) {
	for name, place := range map[string]func(home string) string{
		"the home folder": func(home string) string { return filepath.Join(home, ".terraform.d", "plugins") },
		"the user's data": func(home string) string { return filepath.Join(home, ".local", "share", "terraform", "plugins") },
		"the user's data on a Mac": func(home string) string {
			return filepath.Join(home, "Library", "Application Support", "io.terraform", "plugins")
		},
		"XDG_DATA_HOME": func(home string) string {
			t.Setenv("XDG_DATA_HOME", filepath.Join(home, "data"))
			return filepath.Join(home, "data", "terraform", "plugins")
		},
		"the second of XDG_DATA_DIRS": func(home string) string {
			t.Setenv("XDG_DATA_DIRS", filepath.Join(home, "one")+":"+filepath.Join(home, "two"))
			return filepath.Join(home, "two", "terraform", "plugins")
		},
		"TF_PLUGIN_CACHE_DIR": func(home string) string {
			t.Setenv("TF_PLUGIN_CACHE_DIR", filepath.Join(home, "cached"))
			return filepath.Join(home, "cached")
		},
		"our own plugin cache": func(home string) string { return filepath.Join(home, "cache", "plugins") },
	} {
		t.Run(name, func(t *testing.T) {
			home := alone(t)
			t.Cleanup(provider.Roots()) // not by the search
			want := place(home)
			program := mirror(t, want)
			m := find(t, filepath.Join(home, "cache"))
			require.Equal(t, want, m.String())
			require.Equal(t, program, m.Program())
		})
	}
}

func TestANamedMirrorComesFirstAndMustHaveTheProvider(t *testing.T) {
	home := alone(t)
	mirror(t, filepath.Join(home, ".terraform.d", "plugins"))
	named := t.TempDir()
	t.Setenv("FINTRACK_PROVIDER_MIRROR", named)
	_, err := provider.Find(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "FINTRACK_PROVIDER_MIRROR="+named+" has no AWS provider "+provider.Version)
	require.ErrorContains(t, err, "terraform providers mirror -platform="+provider.Platform)
	want := mirror(t, named)
	require.Equal(t, want, find(t, t.TempDir()).Program())
	require.NoError(t, os.Chmod(want, 0o644))
	_, err = provider.Find(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "has no AWS provider", "a file that cannot be run is none")
}

func TestASearchFindsAMirrorAndRemembersIt(t *testing.T) {
	home, cache := alone(t), t.TempDir()
	program := mirror(t, filepath.Join(home, "tools", "mirror"))
	require.Equal(t, program, find(t, cache).Program())

	restore := provider.Roots()
	require.Equal(t, program, find(t, cache).Program(), "it is remembered")
	future := time.Now().Add(time.Hour)
	require.NoError(t, os.Chtimes(program, future, future))
	require.True(t, find(t, cache).Registry(), "another file at its place is looked at anew")
	restore()
	require.Equal(t, program, find(t, cache).Program())
	require.NoError(t, os.Remove(program))
	require.Equal(t, "registry", find(t, cache).String(), "it is not remembered when it is gone")
}

func TestASearchIsBounded(t *testing.T) {
	home := alone(t)
	mirror(t, filepath.Join(home, "a", "b", "c", "d"))
	require.True(t, find(t, t.TempDir()).Registry(), "too deep")
	mirror(t, filepath.Join(home, "node_modules"))
	require.True(t, find(t, t.TempDir()).Registry(), "in a folder that never holds a mirror")
	loose := filepath.Join(home, "loose", provider.FileName)
	require.NoError(t, os.MkdirAll(filepath.Dir(loose), 0o755))
	require.NoError(t, os.WriteFile(loose, nil, 0o755))
	require.True(t, find(t, t.TempDir()).Registry(), "nothing says for which platform it is")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := provider.Find(ctx, t.TempDir())
	require.ErrorIs(t, err, context.Canceled)
	want := mirror(t, filepath.Join(home, "a", "b"))
	require.Equal(t, want, find(t, t.TempDir()).Program())
}
