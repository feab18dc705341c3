package fastclock

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/fastclock/cachefile"
)

// stamp is what a file looked like when its digest was taken.
type stamp struct {
	Path    string
	Size    int64
	ModTime time.Time
	SHA256  string
}

// fits reports whether the stamp is that of the file as it is now.
func (s stamp) fits(path string, info os.FileInfo) bool {
	return s.Path == path && s.Size == info.Size() && s.ModTime.Equal(info.ModTime()) && len(s.SHA256) == 2*sha256.Size
}

// keptDigest returns the SHA-256 of a file when it is kept in dir with the
// file's size and time: hashing 700 MB takes longer than a plan.
func keptDigest(path, dir string) (sum string, ok bool) {
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	var s stamp
	ok = cachefile.ReadJSON(digestFile(path, dir), &s) && s.fits(path, info)
	return s.SHA256, ok
}

// digest returns the SHA-256 of a file, and keeps it.
func digest(ctx context.Context, path, dir string) (string, error) {
	if sum, ok := keptDigest(path, dir); ok {
		return sum, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	sum, err := hash(ctx, path)
	if err != nil {
		return "", err
	}
	return sum, cachefile.WriteJSON(digestFile(path, dir), stamp{Path: path, Size: info.Size(), ModTime: info.ModTime(), SHA256: sum})
}

// digestFile is where the digest of the file at path is kept.
func digestFile(path, dir string) string {
	name := sha256.Sum256([]byte(path))
	return filepath.Join(dir, "digest-"+hex.EncodeToString(name[:8])+".json")
}

// hash reads a whole file.
func hash(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if err := stream(ctx, h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// chunk is how much is read or written between two looks at the context.
const chunk = 32 << 20

// stream copies all of f; between two files the kernel does it.
func stream(ctx context.Context, w io.Writer, f *os.File) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		switch _, err := io.CopyN(w, f, chunk); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}
