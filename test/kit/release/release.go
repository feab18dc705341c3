// Package release finds the last released version of a module in the history, and
// takes it out.
//
// A release is a tag <module>/vX.Y.Z. Until a module has one, modules/releases.json
// names the commit that stands for it.
package release

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrHistory marks a release that the clone does not hold.
var ErrHistory = errors.New("the history does not reach back to the release")

// File names the releases of modules without a tag, from the top of the repository.
const File = "modules/releases.json"

// Release is a released version of a module.
type Release struct {
	Module  string
	Version string // X.Y.Z
	Commit  string
}

func (r Release) String() string { return r.Module + "/v" + r.Version }

// Last returns the newest release of a module that the checked-out commit comes
// after. The error is ErrHistory when the clone is too shallow, or is none.
func Last(ctx context.Context, root, module string) (Release, error) {
	if _, err := git(ctx, root, "rev-parse", "HEAD"); err != nil {
		return Release{}, fmt.Errorf("%w: %s is no clone: %w", ErrHistory, root, err)
	}
	out, err := git(ctx, root, "tag", "--list", module+"/v*", "--merged", "HEAD", "--sort=-version:refname")
	if err != nil {
		return Release{}, fmt.Errorf("list the releases of %s: %w", module, err)
	}
	if tag, _, _ := strings.Cut(string(out), "\n"); tag != "" {
		commit, err := git(ctx, root, "rev-parse", tag+"^{commit}")
		if err != nil {
			return Release{}, fmt.Errorf("release %s: %w", tag, err)
		}
		return Release{module, strings.TrimPrefix(tag, module+"/v"), strings.TrimSpace(string(commit))}, nil
	}
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(File)))
	if err != nil {
		return Release{}, err
	}
	var named map[string]struct{ Version, Commit string }
	if err := json.Unmarshal(b, &named); err != nil {
		return Release{}, fmt.Errorf("%s: %w", File, err)
	}
	n, ok := named[module]
	if !ok || n.Version == "" || n.Commit == "" {
		return Release{}, fmt.Errorf("%s: module %s has no tag %s/vX.Y.Z and no entry with version and commit: add one", File, module, module)
	}
	if _, err := git(ctx, root, "cat-file", "-e", n.Commit+"^{commit}"); err != nil {
		return Release{}, fmt.Errorf("%w %s/v%s, commit %s: git fetch --unshallow", ErrHistory, module, n.Version, n.Commit)
	}
	return Release{module, n.Version, n.Commit}, nil
}

// Same reports whether nothing in the named folders has changed since the release,
// files that git does not know yet included.
func (r Release) Same(ctx context.Context, root string, folders ...string) (bool, error) {
	paths := append([]string{"--"}, folders...)
	if _, err := git(ctx, root, append([]string{"diff", "--quiet", r.Commit}, paths...)...); err != nil {
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 1 {
			return false, nil
		}
		return false, fmt.Errorf("compare with %s: %w", r, err)
	}
	out, err := git(ctx, root, append([]string{"ls-files", "--others", "--exclude-standard"}, paths...)...)
	if err != nil {
		return false, fmt.Errorf("compare with %s: %w", r, err)
	}
	return len(out) == 0, nil
}

// Extract writes a folder of the repository, as it was at the release, into dir,
// under the same path.
func (r Release) Extract(ctx context.Context, root, folder, dir string) error {
	out, err := git(ctx, root, "archive", "--format=tar", r.Commit, folder)
	if err != nil {
		return fmt.Errorf("take out %s: %w", r, err)
	}
	if err := untar(bytes.NewReader(out), dir); err != nil {
		return fmt.Errorf("take out %s: %w", r, err)
	}
	return nil
}

func untar(from io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	archive := tar.NewReader(from)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := filepath.FromSlash(h.Name)
		switch h.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o755)
		case tar.TypeReg:
			err = write(root, name, archive, os.FileMode(h.Mode).Perm())
		}
		if err != nil {
			return err
		}
	}
}

func write(root *os.Root, name string, from io.Reader, mode os.FileMode) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

func git(ctx context.Context, root string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(said.String()))
	}
	return out.Bytes(), nil
}
