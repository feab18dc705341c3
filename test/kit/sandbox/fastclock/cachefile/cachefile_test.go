package cachefile_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/fastclock/cachefile"
	"github.com/stretchr/testify/require"
)

func text(s string) func(*os.File) error {
	return func(f *os.File) error {
		_, err := f.WriteString(s)
		return err
	}
}

// entries are the names in a folder.
func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func TestAFailedWriteLeavesTheOldFileAndNothingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "file")
	require.NoError(t, cachefile.Replace(path, 0o755, text("old")))
	broken := errors.New("broken")
	err := cachefile.Replace(path, 0o755, func(f *os.File) error { return errors.Join(text("ne")(f), broken) })
	require.ErrorIs(t, err, broken)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(b))
	require.Equal(t, []string{"file"}, entries(t, filepath.Dir(path)))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o755), info.Mode())
}

func TestAFileThatHoldsTheSameIsNotTouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, cachefile.Write(path, []byte("same")))
	long := time.Now().Add(-time.Hour).Truncate(time.Second)
	require.NoError(t, os.Chtimes(path, long, long))
	require.NoError(t, cachefile.Write(path, []byte("same")))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.True(t, long.Equal(info.ModTime()))
	require.NoError(t, cachefile.Write(path, []byte("other")))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "other", string(b))
}

func TestAReaderNeverSeesHalfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	type value struct{ A, B int }
	require.NoError(t, cachefile.WriteJSON(path, value{1, 1}))
	var group sync.WaitGroup
	var stop atomic.Bool
	for range 4 {
		group.Go(func() {
			for n := 2; !stop.Load(); n++ {
				if err := cachefile.WriteJSON(path, value{n, n}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 500 {
		var v value
		require.True(t, cachefile.ReadJSON(path, &v))
		require.Equal(t, v.A, v.B)
	}
	stop.Store(true)
	group.Wait()
}

func TestWhatAKilledWriterLeftIsSwept(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".write-1"), nil, 0o600))
	require.NoError(t, cachefile.Write(filepath.Join(dir, "file"), []byte("kept")))
	require.NoError(t, cachefile.Sweep(dir))
	require.Equal(t, []string{"file"}, entries(t, dir))
}

// /dev/full answers each write as a full disk does.
func TestAFullDiskIsNamed(t *testing.T) {
	dir := t.TempDir()
	t.Cleanup(cachefile.Create(func(dir string) (*os.File, error) {
		link := filepath.Join(dir, ".write-full") // what is removed afterwards is the link
		if err := os.Symlink("/dev/full", link); err != nil {
			return nil, err
		}
		return os.OpenFile(link, os.O_WRONLY, 0)
	}))
	path := filepath.Join(dir, "file")
	err := cachefile.Write(path, []byte("x"))
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.ErrorContains(t, err, "write "+path+": no room is left")
	require.ErrorContains(t, err, "set FINTRACK_CACHE to a folder with room")
	require.Empty(t, entries(t, dir))
}

// Below /sys nobody can make a folder, root included.
func TestAReadOnlyCacheIsNamed(t *testing.T) {
	for _, err := range []error{
		cachefile.Write("/sys/fintrack/file", nil),
		func() error { _, err := cachefile.Lock(t.Context(), "/sys/fintrack"); return err }(),
	} {
		require.ErrorContains(t, err, "write /sys/fintrack/")
		require.ErrorContains(t, err, "the cache is read-only")
		require.ErrorContains(t, err, "set FINTRACK_CACHE to a folder that can be written to")
	}
}

func TestALockLetsOneInAtATime(t *testing.T) {
	dir := t.TempDir()
	var inside, most atomic.Int32
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			unlock, err := cachefile.Lock(t.Context(), dir)
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			most.Store(max(most.Load(), inside.Add(1)))
			time.Sleep(20 * time.Millisecond)
			inside.Add(-1)
		})
	}
	group.Wait()
	require.Equal(t, int32(1), most.Load())
}

func TestALockIsAwaitedNoLongerThanTheContext(t *testing.T) {
	dir := t.TempDir()
	unlock, err := cachefile.Lock(t.Context(), dir)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = cachefile.Lock(ctx, dir)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "which somebody else holds")
	unlock()
	unlock, err = cachefile.Lock(t.Context(), dir)
	require.NoError(t, err)
	unlock()
}
