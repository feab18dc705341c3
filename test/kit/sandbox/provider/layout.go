package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/fastclock/cachefile"
	"golang.org/x/mod/sumdb/dirhash"
)

// layOut makes a mirror in cache that has one provider: symbolic links to the
// files of its package, and to program in the place of the package's own. It
// returns the mirror and the package's hash.
func layOut(ctx context.Context, cache, pkg, program string) (mirror, hash string, err error) {
	pkg, err = filepath.Abs(pkg)
	if err != nil {
		return "", "", err
	}
	key := sha256.Sum256([]byte(pkg + "\x00" + program))
	mirror = filepath.Join(cache, "mirror", hex.EncodeToString(key[:8]))
	unlock, err := cachefile.Lock(ctx, filepath.Join(cache, "mirror"))
	if err != nil {
		return "", "", err
	}
	defer unlock()
	dir := Mirror{Root: mirror}.Package()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", "", cachefile.Explain(dir, err)
	}
	entries, err := os.ReadDir(pkg)
	if err != nil {
		return "", "", err
	}
	for _, e := range entries {
		target := filepath.Join(pkg, e.Name())
		if e.Name() == fileName {
			target = program
		}
		if err := link(target, filepath.Join(dir, e.Name())); err != nil {
			return "", "", err
		}
	}
	hash, err = packageHash(dir, filepath.Join(mirror, "hash.json"))
	return mirror, hash, err
}

// link makes path a symbolic link to target, in one step.
func link(target, path string) error {
	if to, err := os.Readlink(path); err == nil && to == target {
		return nil
	}
	tmp := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.Symlink(target, tmp); err != nil {
		return cachefile.Explain(path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return cachefile.Explain(path, err)
	}
	return nil
}

// packageHash is Terraform's "h1:" hash of a provider's folder (Dependency Lock
// File in Terraform's documentation), kept with the sizes and times of its files:
// hashing 700 MB takes longer than a plan.
func packageHash(dir, kept string) (string, error) {
	state, err := describe(dir)
	if err != nil {
		return "", err
	}
	var k struct{ State, Hash string }
	if cachefile.ReadJSON(kept, &k) && k.State == state && strings.HasPrefix(k.Hash, "h1:") {
		return k.Hash, nil
	}
	k.State = state
	if k.Hash, err = dirhash.HashDir(dir, "", dirhash.Hash1); err != nil {
		return "", fmt.Errorf("hash %s: %w", dir, err)
	}
	return k.Hash, cachefile.WriteJSON(kept, k)
}

// describe lists the files of a folder, by what they link to.
func describe(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		to, err := filepath.EvalSymlinks(path)
		if err != nil {
			return "", err
		}
		info, err := os.Stat(to)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s %d %s %s\n", e.Name(), info.Size(), info.ModTime().UTC().Format(time.RFC3339Nano), to)
	}
	return b.String(), nil
}
