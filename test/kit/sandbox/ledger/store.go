package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Store is a folder with one JSON file an entry.
type Store[T any] struct{ dir string }

// Put writes the entry under its id and returns when it is on disk.
func (s Store[T]) Put(id string, e T) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write ledger entry %s: %w (set FINTRACK_CACHE to a writable folder with room)", s.path(id), err)
		}
	}()
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(s.dir, ".put-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err = tmp.Write(append(b, '\n')); err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), s.path(id))
}

// Remove strikes the entry: the environment was found empty.
func (s Store[T]) Remove(id string) error {
	if err := os.Remove(s.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("strike ledger entry %s: %w", id, err)
	}
	return nil
}

// Get returns one entry; fs.ErrNotExist when the ledger has none of that id.
func (s Store[T]) Get(id string) (T, error) {
	var e T
	b, err := os.ReadFile(s.path(id))
	if err != nil {
		return e, fmt.Errorf("read ledger entry %s: %w", id, err)
	}
	if err := json.Unmarshal(b, &e); err != nil {
		return e, fmt.Errorf("ledger entry %s is damaged: %w (repair or remove it by hand, after looking for what it names)", s.path(id), err)
	}
	return e, nil
}

// List returns all entries, ordered by id. A damaged entry is an error: what it
// names may still exist.
func (s Store[T]) List() ([]T, error) {
	names, err := filepath.Glob(filepath.Join(s.dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var out []T
	var errs []error
	for _, n := range names {
		id := filepath.Base(n)
		e, err := s.Get(id[:len(id)-len(".json")])
		switch {
		case errors.Is(err, fs.ErrNotExist): // struck by its owner meanwhile
		case err != nil:
			errs = append(errs, err)
		default:
			out = append(out, e)
		}
	}
	return out, errors.Join(errs...)
}

func (s Store[T]) path(id string) string { return filepath.Join(s.dir, id+".json") }
