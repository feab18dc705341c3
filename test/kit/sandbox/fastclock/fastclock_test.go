package fastclock_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/fastclock"
	"github.com/stretchr/testify/require"
)

// waiter builds the program in testdata and returns its path.
func waiter(t *testing.T, env []string, flags ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "waiter")
	cmd := exec.Command("go", append(append([]string{"build", "-o", out}, flags...), "./testdata/waiter")...)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	b, err := cmd.CombinedOutput()
	require.NoError(t, err, string(b))
	return out
}

// waits runs the program and returns the longest sleep, timer and time.After.
func waits(t *testing.T, program string, d time.Duration) (out [3]time.Duration) {
	t.Helper()
	b, err := exec.Command(program, d.String()).CombinedOutput()
	require.NoError(t, err, string(b))
	for i, line := range strings.Fields(string(b)) {
		var us int64
		_, err := fmt.Sscan(line, &us)
		require.NoError(t, err, string(b))
		out[i] = time.Duration(us) * time.Microsecond
	}
	return out
}

func TestWaitsShrinkByTheFactorUnderConcurrentLoad(t *testing.T) {
	program := waiter(t, nil)
	const wait = 4 * time.Second
	cache := t.TempDir()
	for _, factor := range []int{4, 32} {
		fast, err := fastclock.Copy(t.Context(), program, cache, factor)
		require.NoError(t, err)
		for i, got := range waits(t, fast, wait) {
			kind := []string{"time.Sleep", "time.NewTimer", "time.After"}[i]
			require.GreaterOrEqual(t, got, wait/time.Duration(factor), "factor %d: %s must still wait", factor, kind)
			require.Less(t, got, wait/2, "factor %d: %s must wait less", factor, kind)
		}
	}
	for i, got := range waits(t, program, 50*time.Millisecond) {
		require.GreaterOrEqual(t, got, 50*time.Millisecond, "the original is untouched (%d)", i)
	}
}

func TestAProgramOfUnexpectedShapeIsRefused(t *testing.T) {
	read := func(path string) []byte {
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		return b
	}
	plain := read(waiter(t, nil))
	once, err := fastclock.Patch(plain, 32)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		raw  []byte
		says string
	}{
		"text":                   {[]byte("#!/bin/sh\n"), "not an ELF file"},
		"empty":                  {nil, "not an ELF file"},
		"another machine":        {read(waiter(t, []string{"GOARCH=arm64"})), "machine EM_AARCH64"},
		"position independent":   {read(waiter(t, nil, "-buildmode=pie")), "type ET_DYN"},
		"truncated":              {plain[:len(plain)/2], ""},
		"patched before":         {once, "starts with e9"},
		"without function table": {noTable(plain), ".gopclntab"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := fastclock.Patch(c.raw, 32)
			require.ErrorIs(t, err, fastclock.ErrShape)
			require.ErrorContains(t, err, c.says)
			require.Nil(t, out)
		})
	}
	_, err = fastclock.Patch(plain, 33)
	require.ErrorContains(t, err, "power of two")
}

// noTable renames the section of the function table.
func noTable(raw []byte) []byte {
	return []byte(strings.ReplaceAll(string(raw), ".gopclntab\x00", ".gopclnxxx\x00"))
}

func TestTheCopyIsWrittenOnceWhoeverAsks(t *testing.T) {
	program, cache := waiter(t, nil), t.TempDir()
	var wg sync.WaitGroup
	paths := make([]string, 8)
	for i := range paths {
		wg.Go(func() {
			var err error
			paths[i], err = fastclock.Copy(t.Context(), program, cache, 32)
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	before, err := os.Stat(paths[0])
	require.NoError(t, err)
	for _, p := range paths {
		require.Equal(t, paths[0], p)
	}
	again, err := fastclock.Copy(t.Context(), program, cache, 32)
	require.NoError(t, err)
	after, err := os.Stat(again)
	require.NoError(t, err)
	require.True(t, before.ModTime().Equal(after.ModTime()), "a whole copy is used as it is")
	left, err := filepath.Glob(filepath.Join(filepath.Dir(again), ".write-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAnUnwritableCacheIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err := fastclock.Copy(t.Context(), waiter(t, nil), filepath.Join(file, "cache"), 32)
	require.ErrorContains(t, err, file)
}

func FuzzPatchNeverPanics(f *testing.F) {
	f.Add([]byte("\x7fELF"), 32)
	f.Add([]byte{}, 0)
	f.Fuzz(func(_ *testing.T, raw []byte, factor int) { _, _ = fastclock.Patch(raw, factor) })
}
