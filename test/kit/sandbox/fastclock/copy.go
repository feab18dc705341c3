package fastclock

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Copy writes the compressed-time copy of the program src into
// cache/fastclock/<sha256>-<factor>/ once, under the program's own name, and
// returns its path. A copy that is there and whole is used as it is. An error
// that is not ErrShape names the file and the cause: no room, a read-only cache.
func Copy(ctx context.Context, src, cache string, factor int) (string, error) {
	sum, err := digest(src, filepath.Join(cache, "fastclock"))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", src, err)
	}
	dir := filepath.Join(cache, "fastclock", fmt.Sprintf("%s-%d", sum, factor))
	dst := filepath.Join(dir, filepath.Base(src))
	info, err := os.Stat(src)
	if err != nil {
		return "", err
	}
	if have, err := os.Stat(dst); err == nil && have.Size() == info.Size() {
		return dst, nil // it was renamed into place whole
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	raw, err := os.ReadFile(src)
	if err != nil {
		return "", err
	}
	patched, err := Patch(raw, factor)
	if err != nil {
		return "", fmt.Errorf("%s: %w", src, err)
	}
	return dst, writeWhole(dir, dst, patched)
}

// writeWhole writes by way of a temporary file and a rename, so that a reader
// sees the whole file or none, whoever writes at the same time.
func writeWhole(dir, dst string, b []byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write the compressed-time copy %s: %w (free room, or set FINTRACK_CACHE to a writable folder)", dst, err)
		}
	}()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".write-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(b)
	if err == nil {
		err = tmp.Chmod(0o755)
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), dst)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(tmp.Name()))
	}
	return err
}

// stamp remembers the digest of a file that has not changed since.
type stamp struct {
	Path    string
	Size    int64
	ModTime time.Time
	SHA256  string
}

// digest returns the SHA-256 of a file; hashing 700 MB at each start would cost
// more than a plan, so the digest is kept with the file's size and time.
func digest(path, dir string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	name := sha256.Sum256([]byte(path))
	file := filepath.Join(dir, "digest-"+hex.EncodeToString(name[:8])+".json")
	var s stamp
	if b, err := os.ReadFile(file); err == nil && json.Unmarshal(b, &s) == nil &&
		s.Path == path && s.Size == info.Size() && s.ModTime.Equal(info.ModTime()) {
		return s.SHA256, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	s = stamp{Path: path, Size: info.Size(), ModTime: info.ModTime(), SHA256: hex.EncodeToString(h.Sum(nil))}
	b, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return s.SHA256, os.WriteFile(file, b, 0o644)
}
