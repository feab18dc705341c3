package fastclock

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/fintrack/platform/test/kit/sandbox/fastclock/cachefile"
)

// recipe changes when Patch writes other bytes than before: copies of an earlier
// one are then written anew.
const recipe = 2

// record stands beside a copy and says what it is.
type record struct {
	Recipe int
	Factor int
	// Source is the SHA-256 of the original program.
	Source string
	// Copy is what was written.
	Copy stamp
}

// Copy returns the path of the compressed-time copy of the program src, which is
// <cache>/fastclock/<SHA-256 of src>-<factor>/<name of src>. It writes the copy
// when there is none, once, whoever asks at the same time. A copy whose size and
// time are those recorded is used as it is; another one is hashed, and written
// anew when it is not the one recorded.
//
// The errors are ErrFactor and ErrShape, for which nothing is written; those of
// ctx; and those of the files, which name the path, the cause and what mends it.
func Copy(ctx context.Context, src, cache string, factor int) (string, error) {
	src, err := filepath.Abs(src)
	if err != nil {
		return "", err
	}
	root := filepath.Join(cache, "fastclock")
	want := record{Recipe: recipe, Factor: factor}
	var known bool
	if want.Source, known = keptDigest(src, root); known {
		if dst := want.path(root, src); want.unchanged(dst) {
			return dst, nil
		}
	}
	unlock, err := cachefile.Lock(ctx, root)
	if err != nil {
		return "", err
	}
	defer unlock()
	if want.Source, err = digest(ctx, src, root); err != nil {
		return "", fmt.Errorf("take the digest of %s: %w", src, err)
	}
	dst := want.path(root, src)
	if want.unchanged(dst) || want.whole(ctx, dst) {
		return dst, nil // somebody else wrote it meanwhile, or its time alone changed
	}
	if err := want.write(ctx, src, dst); err != nil {
		return "", err
	}
	return dst, nil
}

// path is where the copy of src belongs.
func (want record) path(root, src string) string {
	return filepath.Join(root, fmt.Sprintf("%s-%d", want.Source, want.Factor), filepath.Base(src))
}

// write writes the copy and its record.
func (want record) write(ctx context.Context, src, dst string) error {
	edits, err := planFile(src, want.Factor)
	if err != nil {
		return fmt.Errorf("%s: %w", src, err)
	}
	if err := cachefile.Sweep(filepath.Dir(dst)); err != nil {
		return err
	}
	if err := writeCopy(ctx, src, dst, edits); err != nil {
		return fmt.Errorf("copy %s: %w", src, err)
	}
	if want.Copy.SHA256, err = hash(ctx, dst); err != nil {
		return fmt.Errorf("take the digest of %s: %w", dst, err)
	}
	return want.keep(dst)
}

// recordOf is the path of the record beside a copy.
func recordOf(dst string) string { return filepath.Join(filepath.Dir(dst), "copy.json") }

// kept reads the record beside a copy, when it is of the wanted kind.
func (want record) kept(dst string) (record, bool) {
	var r record
	ok := cachefile.ReadJSON(recordOf(dst), &r) && r.Recipe == want.Recipe && r.Factor == want.Factor && r.Source == want.Source
	return r, ok
}

// unchanged reports whether the copy has the size and time that are recorded.
func (want record) unchanged(dst string) bool {
	r, ok := want.kept(dst)
	if !ok {
		return false
	}
	info, err := os.Stat(dst)
	return err == nil && r.Copy.fits(dst, info)
}

// whole reports whether the copy has the digest that is recorded, and records its
// present size and time; a cache that was moved or restored has other times.
func (want record) whole(ctx context.Context, dst string) bool {
	r, ok := want.kept(dst)
	if !ok {
		return false
	}
	sum, err := hash(ctx, dst)
	return err == nil && sum == r.Copy.SHA256 && r.keep(dst) == nil
}

// keep records the copy as it is now.
func (want record) keep(dst string) error {
	info, err := os.Stat(dst)
	if err != nil {
		return err
	}
	want.Copy = stamp{Path: dst, Size: info.Size(), ModTime: info.ModTime(), SHA256: want.Copy.SHA256}
	return cachefile.WriteJSON(recordOf(dst), want)
}

// planFile is plan over a file.
func planFile(path string, factor int) ([]edit, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	edits, _, err := plan(f, info.Size(), factor)
	return edits, err
}

// writeCopy writes src with the edits to dst.
func writeCopy(ctx context.Context, src, dst string, edits []edit) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	return cachefile.Replace(dst, 0o755, func(out *os.File) error {
		if err := stream(ctx, out, in); err != nil {
			return err
		}
		for _, e := range edits {
			if _, err := out.WriteAt(e.bytes, e.at); err != nil {
				return err
			}
		}
		return nil
	})
}
