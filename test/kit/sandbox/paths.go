package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Paths are the folders that a run uses.
type Paths struct {
	// Root is the repository, Cache the ignored folder with everything that is
	// built or kept between runs.
	Root, Cache string
}

// FindPaths finds the repository from the working folder upwards; the cache is
// FINTRACK_CACHE, or .cache in the repository.
func FindPaths() (Paths, error) {
	dir, err := os.Getwd()
	if err != nil {
		return Paths{}, fmt.Errorf("%w: %w", ErrSetup, err)
	}
	for d := dir; ; d = filepath.Dir(d) {
		mod, err := os.ReadFile(filepath.Join(d, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module github.com/fintrack/platform\n") {
			cache := os.Getenv("FINTRACK_CACHE")
			if cache == "" {
				cache = filepath.Join(d, ".cache")
			}
			cache, err = filepath.Abs(cache)
			return Paths{Root: d, Cache: cache}, err
		}
		if d == filepath.Dir(d) {
			return Paths{}, fmt.Errorf("%w: %s is not inside the repository: no go.mod of github.com/fintrack/platform above it", ErrSetup, dir)
		}
	}
}

// Source is the checkout whose Terraform folders are applied: FINTRACK_SOURCE, or
// the repository.
func (p Paths) Source() string { return firstOf(os.Getenv("FINTRACK_SOURCE"), p.Root) }

// Ledger is the folder of the ledger.
func (p Paths) Ledger() string { return filepath.Join(p.Cache, "state", "ledger") }

// Runs is the folder with one folder a run: copied configuration, state, logs.
func (p Paths) Runs() string { return filepath.Join(p.Cache, "state", "runs") }

// Results is the folder of the results journals: FINTRACK_RESULTS, with which a
// program that runs several suites gathers theirs, or results in the cache.
func (p Paths) Results() string {
	if v := os.Getenv("FINTRACK_RESULTS"); v != "" {
		return v
	}
	return filepath.Join(p.Cache, "results")
}

// Deployed is the folder with the records of deployments, one file a run.
func (p Paths) Deployed() string { return filepath.Join(p.Cache, "deployed") }

// Setting returns a value that scripts/bootstrap settled: the environment
// variable of that name, or its line in the cache's env file, or "".
func (p Paths) Setting(name string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	b, err := os.ReadFile(filepath.Join(p.Cache, "env"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok && k == name {
			return strings.Trim(v, `"'`)
		}
	}
	return ""
}

// copied are the folders of the repository that a configuration can refer to.
var copied = []string{"modules", "terraform"}

// copyConfiguration copies every Terraform folder of the repository into dst,
// without what a run of Terraform leaves behind.
func copyConfiguration(root, dst string) error {
	for _, top := range copied {
		src := filepath.Join(root, top)
		err := filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			name := d.Name()
			switch {
			case d.IsDir() && name == ".terraform":
				return filepath.SkipDir
			case d.IsDir():
				return os.MkdirAll(filepath.Join(dst, rel), 0o755)
			case strings.Contains(name, ".tfstate") || name == ".terraform.lock.hcl" || !d.Type().IsRegular():
				return nil
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dst, rel), b, info.Mode().Perm()|0o200)
		})
		if err != nil && !(errors.Is(err, fs.ErrNotExist) && top != "modules") {
			return fmt.Errorf("%w: copy %s for the run: %w", ErrSetup, top, err)
		}
	}
	return nil
}
