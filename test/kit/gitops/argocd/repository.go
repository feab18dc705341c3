package argocd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Branch is the one that a Repository has.
const Branch = "main"

// Repository is a local Git repository, made from folders of another folder.
type Repository struct {
	// Dir is its folder, URL is how Argo CD is told of it.
	Dir, URL string
}

// NewRepository copies the folders below root into dir and commits them. dir must not
// be there yet.
func NewRepository(ctx context.Context, dir, root string, folders ...string) (*Repository, string, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, "", err
	}
	r := &Repository{Dir: dir, URL: "file://" + dir}
	for _, f := range folders {
		if err := os.CopyFS(filepath.Join(dir, f), os.DirFS(filepath.Join(root, f))); err != nil {
			return nil, "", fmt.Errorf("copy %s into the repository: %w", f, err)
		}
	}
	if _, err := r.git(ctx, "init", "--quiet", "--initial-branch="+Branch); err != nil {
		return nil, "", err
	}
	revision, err := r.Commit(ctx, "platform", "Take the platform")
	return r, revision, err
}

// Replace puts text in the place of another in a file, which must be in it once.
func (r *Repository) Replace(file, old, text string) error {
	path := filepath.Join(r.Dir, file)
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := strings.Count(string(b), old); n != 1 {
		return fmt.Errorf("%s has %q %d times, want it once", file, old, n)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(b), old, text, 1)), 0o644)
}

// Remove removes a file.
func (r *Repository) Remove(file string) error { return os.Remove(filepath.Join(r.Dir, file)) }

// Commit commits all that has changed in the name of an author, and returns the
// revision. That nothing has changed is an error.
func (r *Repository) Commit(ctx context.Context, author, message string) (string, error) {
	if _, err := r.git(ctx, "add", "--all"); err != nil {
		return "", err
	}
	identity := []string{"-c", "user.name=" + author, "-c", "user.email=" + author + "@example.invalid", "-c", "commit.gpgsign=false"}
	if _, err := r.git(ctx, append(identity, "commit", "--quiet", "--no-verify", "--message="+message)...); err != nil {
		return "", err
	}
	return r.git(ctx, "rev-parse", "HEAD")
}

// git runs a command of Git that no configuration of the machine changes.
func (r *Repository) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = r.Dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_DIR="+filepath.Join(r.Dir, ".git"), "GIT_WORK_TREE="+r.Dir)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("git is not here: apt-get install git")
	}
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(string(out)+said.String()))
	}
	return strings.TrimSpace(string(out)), nil
}
