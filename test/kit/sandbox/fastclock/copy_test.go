package fastclock_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/fastclock"
	"github.com/fintrack/platform/test/kit/sandbox/fastclock/cachefile"
	"github.com/stretchr/testify/require"
)

func modified(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.ModTime()
}

// temporaries are the files of unfinished writes below a cache.
func temporaries(t *testing.T, cache string) (left []string) {
	t.Helper()
	for _, pattern := range []string{"fastclock/.write-*", "fastclock/*/.write-*"} {
		found, err := filepath.Glob(filepath.Join(cache, pattern))
		require.NoError(t, err)
		left = append(left, found...)
	}
	return left
}

func TestTheCopyIsWrittenOnceWhoeverAsks(t *testing.T) {
	program, cache := waiter(t, plain), t.TempDir()
	var group sync.WaitGroup
	paths := make([]string, 8)
	for i := range paths {
		group.Go(func() {
			path, err := fastclock.Copy(t.Context(), program, cache, 32)
			if err != nil {
				t.Error(err)
			}
			paths[i] = path
		})
	}
	group.Wait()
	for _, p := range paths {
		require.Equal(t, paths[0], p)
	}
	require.Equal(t, filepath.Base(program), filepath.Base(paths[0]))
	want, _, err := fastclock.Patch(read(t, program), 32)
	require.NoError(t, err)
	require.Equal(t, want, read(t, paths[0]))
	require.Empty(t, temporaries(t, cache))

	written := modified(t, paths[0])
	again, err := fastclock.Copy(t.Context(), program, cache, 32)
	require.NoError(t, err)
	require.True(t, written.Equal(modified(t, again)), "a whole copy is used as it is")
	other, err := fastclock.Copy(t.Context(), program, cache, 16)
	require.NoError(t, err)
	require.NotEqual(t, again, other, "each factor has a copy of its own")
}

func TestADamagedCopyIsWrittenAnew(t *testing.T) {
	program, cache := waiter(t, plain), t.TempDir()
	path, err := fastclock.Copy(t.Context(), program, cache, 32)
	require.NoError(t, err)
	whole := read(t, path)
	for name, damage := range map[string]func(){
		"cut":     func() { require.NoError(t, os.Truncate(path, int64(len(whole)/2))) },
		"changed": func() { changeByte(t, path) },
		"gone":    func() { require.NoError(t, os.Remove(path)) },
		"without a record": func() {
			require.NoError(t, os.Remove(filepath.Join(filepath.Dir(path), "copy.json")))
			changeByte(t, path)
		},
		"with what a killed writer left": func() {
			require.NoError(t, os.Remove(path))
			require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), ".write-1"), whole, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			damage()
			again, err := fastclock.Copy(t.Context(), program, cache, 32)
			require.NoError(t, err)
			require.Equal(t, path, again)
			require.Equal(t, whole, read(t, again))
			require.Empty(t, temporaries(t, cache))
		})
	}
}

func changeByte(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte{0xff}, 5000)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	future := time.Now().Add(time.Minute) // a clock that stands still must not hide it
	require.NoError(t, os.Chtimes(path, future, future))
}

func TestACopyWithAnotherTimeIsHashedAndKept(t *testing.T) {
	program, cache := waiter(t, plain), t.TempDir()
	path, err := fastclock.Copy(t.Context(), program, cache, 32)
	require.NoError(t, err)
	restored := modified(t, path).Add(-time.Hour)
	require.NoError(t, os.Chtimes(path, restored, restored))
	again, err := fastclock.Copy(t.Context(), program, cache, 32)
	require.NoError(t, err)
	require.True(t, restored.Equal(modified(t, again)), "it was not written anew")
}

func TestAnotherProgramAtTheSamePathHasItsOwnCopy(t *testing.T) {
	program, cache := waiter(t, plain), t.TempDir()
	first, err := fastclock.Copy(t.Context(), program, cache, 32)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(program, read(t, waiter(t, stripped)), 0o755))
	second, err := fastclock.Copy(t.Context(), program, cache, 32)
	require.NoError(t, err)
	require.NotEqual(t, first, second)
}

func TestARefusedProgramLeavesNothingInTheCache(t *testing.T) {
	program, cache := filepath.Join(t.TempDir(), "program"), t.TempDir()
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755))
	path, err := fastclock.Copy(t.Context(), program, cache, 32)
	require.ErrorIs(t, err, fastclock.ErrShape)
	require.ErrorContains(t, err, program)
	require.Empty(t, path)
	copies, err := filepath.Glob(filepath.Join(cache, "fastclock", "*-32"))
	require.NoError(t, err)
	require.Empty(t, copies)
}

// Below /sys nobody can make a folder, root included.
func TestAReadOnlyCacheIsNamed(t *testing.T) {
	_, err := fastclock.Copy(t.Context(), waiter(t, plain), "/sys/fintrack", 32)
	require.ErrorContains(t, err, "write /sys/fintrack/fastclock")
	require.ErrorContains(t, err, "the cache is read-only")
}

func TestAWriterWaitsForAnotherNoLongerThanItsContext(t *testing.T) {
	program, cache := waiter(t, plain), t.TempDir()
	unlock, err := cachefile.Lock(t.Context(), filepath.Join(cache, "fastclock"))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = fastclock.Copy(ctx, program, cache, 32)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "which somebody else holds")
	unlock()
	_, err = fastclock.Copy(t.Context(), program, cache, 32)
	require.NoError(t, err)
}

func TestACancelledCopyLeavesNothing(t *testing.T) {
	program, cache := waiter(t, plain), t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := fastclock.Copy(ctx, program, cache, 32)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, temporaries(t, cache))
}
