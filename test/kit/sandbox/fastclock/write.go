package fastclock

import (
	"context"
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

// replace writes a file by way of a temporary one and a rename, so that whoever
// reads at the same time sees all of it or none.
func replace(path string, mode fs.FileMode, write func(*os.File) error) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return unwritable(path, err)
	}
	f, err := create(dir)
	if err != nil {
		return unwritable(path, err)
	}
	defer func() {
		if err != nil {
			err = unwritable(path, err)
			_ = os.Remove(f.Name()) // the rename failed or was never reached
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

// unwritable says which file could not be written, why, and what mends it.
func unwritable(path string, err error) error {
	cause, mend := "", "set FINTRACK_CACHE to a folder that can be written to"
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
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

// lock waits until this process alone writes in dir; the lock ends with unlock,
// or with the process.
func lock(ctx context.Context, dir string) (unlock func(), err error) {
	path := filepath.Join(dir, ".lock")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, unwritable(path, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, unwritable(path, err)
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
			return nil, errors.Join(fmt.Errorf("wait for %s, which another process holds: %w", path, ctx.Err()), f.Close())
		case <-time.After(poll):
		}
	}
}
