// Package cachefile writes the files of the cache: each is there whole or not at
// all, one process writes at a time, and an error says what is in the way.
package cachefile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// temporary starts the name of a file that is being written.
const temporary = ".write-"

// create makes the file that is renamed into place when it is whole.
var create = func(dir string) (*os.File, error) { return os.CreateTemp(dir, temporary+"*") }

// Replace writes a file, and the folders above it, by way of a temporary file and
// a rename: whoever reads at the same time sees all of it or none. When write or
// the disk fails, path stays as it was.
func Replace(path string, mode fs.FileMode, write func(*os.File) error) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Explain(path, err)
	}
	f, err := create(dir)
	if err != nil {
		return Explain(path, err)
	}
	defer func() {
		if err != nil {
			err = Explain(path, err)
			_ = os.Remove(f.Name()) // what is left of it does no harm: Sweep removes it
		}
	}()
	err = write(f)
	if err == nil {
		err = f.Chmod(mode)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}

// Write makes a file hold b, and leaves one that does as it is.
func Write(path string, b []byte) error {
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, b) {
		return nil
	}
	return Replace(path, 0o644, func(f *os.File) error {
		_, err := f.Write(b)
		return err
	})
}

// WriteJSON writes v as Write does.
func WriteJSON(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return Write(path, b)
}

// ReadJSON reports whether the file is there and could be read into v.
func ReadJSON(path string, v any) bool {
	b, err := os.ReadFile(path)
	return err == nil && json.Unmarshal(b, v) == nil
}

// Sweep removes what a killed writer left in dir; the caller holds its lock.
func Sweep(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, temporary+"*"))
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil {
			return Explain(path, err)
		}
	}
	return nil
}

// Explain says which file could not be written, why, and what mends it.
func Explain(path string, err error) error {
	cause, mend := "", "set FINTRACK_CACHE to a folder that can be written to"
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		cause, mend = "no room is left: ", "free some there, or set FINTRACK_CACHE to a folder with room"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		cause = "the cache is read-only: "
	}
	return fmt.Errorf("write %s: %s%w (%s)", path, cause, err, mend)
}

// poll is how often a taken lock is looked at.
const poll = 50 * time.Millisecond

// Lock waits until nobody else, in this process or another, writes in dir. The
// lock ends with unlock, or with the process.
func Lock(ctx context.Context, dir string) (unlock func(), err error) {
	path := filepath.Join(dir, ".lock")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, Explain(path, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, Explain(path, err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("wait for %s, which somebody else holds: %w", path, ctx.Err()), f.Close())
		case <-time.After(poll):
		}
	}
}
