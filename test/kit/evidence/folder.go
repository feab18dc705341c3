package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ReadFolder reads a bundle from a folder. Whatever is in the folder counts, hidden
// files too; a link or anything else that is no plain file is an error.
func ReadFolder(dir string) (Files, error) {
	files := Files{}
	root, err := filepath.EvalSymlinks(dir) // the folder itself may be named by a link
	if err != nil {
		return nil, fmt.Errorf("read the bundle: %w", err)
	}
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("read the bundle: %s is no folder; a bundle is one, with %s in it", dir, ManifestFile)
	}
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is no plain file: a bundle has nothing else", filepath.ToSlash(rel))
		}
		text, err := os.ReadFile(name)
		files[filepath.ToSlash(rel)] = text
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the bundle %s: %w", dir, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("read the bundle %s: the folder is empty", dir)
	}
	return files, nil
}

// WriteFolder writes a bundle to a folder that does not exist yet: first beside it,
// then in its place at once, so that half a bundle is never there.
func WriteFolder(dir string, files Files) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the bundle %s: it is there already", dir)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	beside, err := os.MkdirTemp(filepath.Dir(dir), ".bundle-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(beside)
	for _, name := range sortedKeys(files) {
		if !fs.ValidPath(name) {
			return fmt.Errorf("write the bundle %s: bad name %q", dir, name)
		}
		to := filepath.Join(beside, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, files[name], 0o644); err != nil {
			return err
		}
	}
	if err := os.Chmod(beside, 0o755); err != nil {
		return err
	}
	return os.Rename(beside, dir)
}
