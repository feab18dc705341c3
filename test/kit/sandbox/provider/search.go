package provider

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Bounds of the search under one root. A mirror two folders below a root ends at
// <a>/<b>/registry/namespace/name/version/platform/file.
const (
	searchDepth   = 9
	searchEntries = 200_000
)

// skipped are folders that are large and never hold a mirror, our own caches
// among them.
var skipped = map[string]bool{
	"node_modules": true, ".git": true, "pkg": true, "go-build": true, ".cargo": true,
	".rustup": true, ".pyenv": true, ".terraform": true, ".cache": true,
}

// roots are the folders under which people put mirrors.
var roots = func() []string {
	home, _ := os.UserHomeDir()
	return []string{"/opt", "/usr/local", "/usr/share", "/var/lib", home}
}

// errDone ends a search.
var errDone = errors.New("done")

// search returns the first program of the provider in a mirror under one of the
// roots, or "".
func search(ctx context.Context, roots []string) (string, error) {
	tail := filepath.Join(filepath.FromSlash(source), Version, platform, fileName)
	for _, root := range roots {
		if root == "" {
			continue
		}
		var found string
		seen := 0
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if seen++; seen > searchEntries {
				return errDone
			}
			if err != nil {
				return fs.SkipDir // not ours to read, or gone meanwhile
			}
			if d.IsDir() {
				rel := strings.TrimPrefix(path, root)
				if path != root && skipped[d.Name()] || strings.Count(rel, string(filepath.Separator)) >= searchDepth {
					return fs.SkipDir
				}
				return nil
			}
			if base, ok := strings.CutSuffix(path, string(filepath.Separator)+tail); ok && (Mirror{Root: base}).holds() {
				found = path
				return errDone
			}
			return nil
		})
		if err != nil && !errors.Is(err, errDone) {
			return "", err
		}
		if found != "" {
			return found, nil
		}
	}
	return "", nil
}
