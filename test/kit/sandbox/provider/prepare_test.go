package provider_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/fastclock"
	"github.com/fintrack/platform/test/kit/sandbox/provider"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/dirhash"
)

// lockFile is the lock file that an installation seeds.
func lockFile(t *testing.T, in *provider.Installation) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, in.Seed(dir))
	b, err := os.ReadFile(filepath.Join(dir, ".terraform.lock.hcl"))
	require.NoError(t, err)
	return string(b)
}

// named makes a mirror with a script in the place of the provider.
func named(t *testing.T) (program string) {
	t.Helper()
	alone(t)
	root := t.TempDir()
	t.Setenv("FINTRACK_PROVIDER_MIRROR", root)
	return mirror(t, root)
}

func TestTheLockHasTheHashOfTheWholePackage(t *testing.T) {
	program, cache := named(t), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(program), "LICENSE.txt"), []byte("licence"), 0o644))
	hash := func() string {
		h, err := dirhash.HashDir(filepath.Dir(program), "", dirhash.Hash1)
		require.NoError(t, err)
		return h
	}
	in, err := provider.Prepare(t.Context(), cache, 0)
	require.NoError(t, err)
	require.Empty(t, in.Warning)
	require.Equal(t, program, in.Program)
	before := hash()
	require.Contains(t, lockFile(t, in), `"`+before+`"`)

	info, err := os.Stat(program)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/ss\n"), 0o755))
	require.NoError(t, os.Chtimes(program, info.ModTime(), info.ModTime()))
	in, err = provider.Prepare(t.Context(), cache, 0)
	require.NoError(t, err)
	require.Contains(t, lockFile(t, in), before, "same size and time: it is not hashed again")
	require.NoError(t, os.Chtimes(program, info.ModTime(), info.ModTime().Add(time.Second)))
	in, err = provider.Prepare(t.Context(), cache, 0)
	require.NoError(t, err)
	require.NotEqual(t, before, hash())
	require.Contains(t, lockFile(t, in), `"`+hash()+`"`)
}

func TestAStrangeProviderIsUsedAsItIsWithOneWarning(t *testing.T) {
	program := named(t)
	in, err := provider.Prepare(t.Context(), t.TempDir(), 32)
	require.NoError(t, err)
	require.Equal(t, program, in.Program)
	require.Contains(t, in.Warning, "time is not compressed")
	require.Contains(t, in.Warning, program)
	require.Contains(t, in.Warning, "not a whole ELF file")
}

func TestAWrongFactorIsAnErrorAndNoWarning(t *testing.T) {
	named(t)
	_, err := provider.Prepare(t.Context(), t.TempDir(), 33)
	require.ErrorIs(t, err, fastclock.ErrFactor)
}

func TestTimeIsNotCompressedForARealAccount(t *testing.T) {
	named(t)
	t.Setenv("ENV", "aws")
	_, err := provider.Prepare(t.Context(), t.TempDir(), 32)
	require.ErrorIs(t, err, provider.ErrReal)
	_, err = provider.Prepare(t.Context(), t.TempDir(), 0)
	require.NoError(t, err)
}

func TestCompressedTimeCutsTerraformOffFromTheUsersAccounts(t *testing.T) {
	env := provider.Compressed("program").Environ()
	require.Equal(t, os.DevNull, env["AWS_CONFIG_FILE"])
	require.Equal(t, os.DevNull, env["AWS_SHARED_CREDENTIALS_FILE"])
	require.Equal(t, "true", env["AWS_EC2_METADATA_DISABLED"])
	require.Contains(t, env, "AWS_PROFILE")
	require.Empty(t, env["AWS_PROFILE"])
	plain := (&provider.Installation{Program: "program"}).Environ()
	require.Len(t, plain, 1)
	require.Contains(t, plain, "TF_CLI_CONFIG_FILE")
}

func TestManyMayPrepareAtOnceAndNothingIsWrittenTwice(t *testing.T) {
	program, cache := named(t), t.TempDir()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := provider.Prepare(t.Context(), cache, 0); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	in, err := provider.Prepare(t.Context(), cache, 0)
	require.NoError(t, err)
	config := in.Environ()["TF_CLI_CONFIG_FILE"]
	long := time.Now().Add(-time.Hour).Truncate(time.Second)
	require.NoError(t, os.Chtimes(config, long, long))
	_, err = provider.Prepare(t.Context(), cache, 0)
	require.NoError(t, err)
	info, err := os.Stat(config)
	require.NoError(t, err)
	require.True(t, long.Equal(info.ModTime()), "a Terraform that reads it now sees it whole")
	link, err := os.Readlink(provider.Mirror{Root: filepath.Dir(config)}.Program())
	require.NoError(t, err)
	require.Equal(t, program, link)
}

func TestAReadOnlyCacheIsNamed(t *testing.T) {
	named(t)
	_, err := provider.Prepare(t.Context(), "/sys/fintrack", 0)
	require.ErrorContains(t, err, "/sys/fintrack")
	require.ErrorContains(t, err, "the cache is read-only")
	require.ErrorContains(t, err, "set FINTRACK_CACHE")
}
