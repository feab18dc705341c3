// Package checkout says what a checkout of the repository holds: its commit, whether
// it was changed since, the hashes of its trees, and the tools that checks stand on.
package checkout

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/fintrack/platform/test/kit/sandbox/provider"
	"golang.org/x/mod/sumdb/dirhash"
)

// State is a checkout at one moment.
type State struct {
	Commit string `json:"commit"`
	// Committed is when the commit was made; no result of it can be older.
	Committed time.Time `json:"committed"`
	// Modified says that files differ from the commit, new files included.
	Modified bool            `json:"modified"`
	Trees    []evidence.Tree `json:"trees"`
}

// treePatterns are the parts of the platform that a bundle names by their hash.
var treePatterns = []string{
	"modules/*", "terraform/*", "gitops/*", "gitops/charts/*", "gitops/services/*", "gitops/addons/*",
	"policies/*", ".github/workflows",
}

// Read reads the state of the checkout at root.
func Read(ctx context.Context, root string) (State, error) {
	out, err := git(ctx, root, "log", "-1", "--format=%H %cI")
	if err != nil {
		return State{}, err
	}
	commit, when, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	s := State{Commit: commit}
	if s.Committed, err = time.Parse(time.RFC3339, when); err != nil {
		return State{}, fmt.Errorf("time of the commit %s: %w", commit, err)
	}
	changed, err := git(ctx, root, "status", "--porcelain")
	if err != nil {
		return State{}, err
	}
	s.Modified = len(bytes.TrimSpace(changed)) > 0
	files, err := git(ctx, root, "ls-files", "-z")
	if err != nil {
		return State{}, err
	}
	s.Trees, err = trees(os.DirFS(root), strings.Split(strings.TrimRight(string(files), "\x00"), "\x00"))
	return s, err
}

// trees hashes the files of each part as the in-toto DigestSet specification says
// for dirHash. A file that git knows and that is gone counts as empty: the checkout
// is then modified as well.
func trees(root fs.FS, files []string) ([]evidence.Tree, error) {
	parts := map[string][]string{}
	for _, f := range files {
		for _, dir := range within(f) {
			parts[dir] = append(parts[dir], strings.TrimPrefix(f, dir+"/"))
		}
	}
	var out []evidence.Tree
	for _, dir := range slices.Sorted(maps.Keys(parts)) {
		h, err := dirhash.Hash1(parts[dir], func(name string) (io.ReadCloser, error) {
			f, err := root.Open(dir + "/" + name)
			if errors.Is(err, fs.ErrNotExist) {
				return io.NopCloser(strings.NewReader("")), nil
			}
			return f, err
		})
		if err != nil {
			return nil, fmt.Errorf("hash of %s: %w", dir, err)
		}
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(h, "h1:"))
		if err != nil {
			return nil, fmt.Errorf("hash of %s: %w", dir, err)
		}
		out = append(out, evidence.Tree{Name: dir, DirHash: fmt.Sprintf("%x", sum)})
	}
	return out, nil
}

// within lists the parts that a file belongs to.
func within(file string) (dirs []string) {
	for i, c := range file {
		if c != '/' {
			continue
		}
		for _, p := range treePatterns {
			if ok, _ := filepath.Match(p, file[:i]); ok {
				dirs = append(dirs, file[:i])
			}
		}
	}
	return dirs
}

// Tools lists what the checks stand on, each with the digest of its program or of
// the file that pins it.
func Tools(ctx context.Context, root string) ([]evidence.Tool, error) {
	pinned := []struct{ name, version, file string }{
		{"moto", "5.2.1", "test/kit/sandbox/moto/requirements.txt"},
		{"go modules", "go.sum", "go.sum"},
		{"terraform-provider-aws", provider.Version, "test/kit/sandbox/provider/doc.go"},
	}
	var out []evidence.Tool
	for _, p := range pinned {
		sum, err := digest(filepath.Join(root, p.file))
		if err != nil {
			return nil, err
		}
		out = append(out, evidence.Tool{Name: p.name, Version: p.version, SHA256: sum})
	}
	programs := []struct {
		name    string
		path    string
		version func(string) (string, error)
	}{
		{"go", "go", func(string) (string, error) { return runtime.Version(), nil }},
		{"terraform", cmp.Or(os.Getenv("FINTRACK_TERRAFORM"), "terraform"), func(path string) (string, error) { return terraformVersion(ctx, path) }},
	}
	for _, p := range programs {
		path, err := exec.LookPath(p.path)
		if err != nil {
			return nil, fmt.Errorf("tool %s: %w", p.name, err)
		}
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return nil, err
		}
		version, err := p.version(path)
		if err != nil {
			return nil, fmt.Errorf("tool %s: %w", p.name, err)
		}
		sum, err := digest(path)
		if err != nil {
			return nil, err
		}
		out = append(out, evidence.Tool{Name: p.name, Version: version, SHA256: sum})
	}
	return out, nil
}

func terraformVersion(ctx context.Context, path string) (string, error) {
	out, err := exec.CommandContext(ctx, path, "version", "-json").Output()
	if err != nil {
		return "", err
	}
	var v struct {
		Version string `json:"terraform_version"`
	}
	err = json.Unmarshal(out, &v)
	return v.Version, err
}

func digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("digest of %s: %w", path, err)
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

func git(ctx context.Context, root string, args ...string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(exit.Stderr)))
		}
		return nil, fmt.Errorf("git %s in %s: %w", args[0], root, err)
	}
	return out, nil
}
