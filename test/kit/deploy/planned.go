package deploy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/provider"
	tt "github.com/gruntwork-io/terratest/modules/terraform"
)

// Needs is what an example needs for a plan.
type Needs struct {
	// Vars are variables of the example beside name, region and tags.
	Vars map[string]any
	// Build, when set, is a program of the module that is run in the example's own
	// copy before the plan; its path begins at the module.
	Build string
}

// Planned returns the plan of an example of a module, as `terraform show -json`
// gives it. Nothing is applied. A plan is kept in the cache as long as no file of
// the module, of the modules that it uses, or of this package's plan format
// changes.
//
// It runs beside the other parallel tests of its program.
func Planned(t *testing.T, module, example string, needs Needs) []byte {
	t.Helper()
	t.Parallel()
	h := current
	if h == nil {
		fail(t, nil, fmt.Errorf("%w: deploy.Main must run the tests of this package (func TestMain)", sandbox.ErrSetup))
		return nil
	}
	key, err := planKey(filepath.Join(h.run.Paths.Root, "modules"), module, needs.Vars)
	if err != nil {
		fail(t, h, fmt.Errorf("plan of %s/%s: %w", module, example, err))
	}
	file := filepath.Join(h.run.Paths.Cache, "plans", module+"-"+example+"-"+key+".json")
	if b, err := os.ReadFile(file); err == nil && json.Valid(b) {
		return b
	}
	s := sandbox.New(h.ctx, t)
	defer func() {
		if err := s.Release(); err != nil { // a plan creates nothing
			t.Error(err)
		}
	}()
	plan, err := freshPlan(t, h, s, module, example, needs)
	if err != nil {
		fail(t, h, fmt.Errorf("plan of %s/%s: %w", module, example, err))
	}
	if err := keepPlan(file, plan); err != nil {
		t.Log(err) // the next run plans again
	}
	return plan
}

func freshPlan(t *testing.T, h *harness, s *sandbox.Sandbox, module, example string, needs Needs) ([]byte, error) {
	dir, err := s.Source("modules/" + module + "/examples/" + example)
	if err != nil {
		return nil, err
	}
	all := map[string]any{"name": s.Prefix, "region": s.Region, "tags": s.Tags}
	maps.Copy(all, needs.Vars)
	text, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, varsFile), text, 0o600); err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	if needs.Build != "" {
		if out, err := exec.CommandContext(h.ctx, filepath.Join(dir, "..", "..", needs.Build)).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s of %s: %w: %s", needs.Build, module, err, out)
		}
	}
	tf, err := h.providers.terraform(h.ctx, t, s, dir)
	if err != nil {
		return nil, err
	}
	end := h.progress.begin(module+"/"+example, "plan")
	defer func() { end(err) }()
	if err = tf.init(h.ctx); err != nil {
		return nil, err
	}
	if _, err = tf.plan(h.ctx); err != nil {
		return nil, err
	}
	plan, err := tt.ShowContextE(t, h.ctx, tf.opts)
	return []byte(plan), err
}

func keepPlan(file string, plan []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	old, err := filepath.Glob(regexp.MustCompile(`-[0-9a-f]{64}\.json$`).ReplaceAllString(file, "") + "-????????????????????????????????????????????????????????????????.json")
	if err != nil {
		return err
	}
	for _, f := range old {
		_ = os.Remove(f) // it is only a cache
	}
	partial := fmt.Sprintf("%s.%d", file, os.Getpid())
	if err := os.WriteFile(partial, plan, 0o644); err != nil {
		return err
	}
	return os.Rename(partial, file)
}

// uses finds the sources of a module's calls to others of this repository.
var uses = regexp.MustCompile(`(?m)^\s*source\s*=\s*"(\.\.?/[^"]*)"`)

// closure lists a module and all modules of the repository that it uses.
func closure(modules, module string) ([]string, error) {
	names, seen := []string{module}, map[string]bool{module: true}
	for i := 0; i < len(names); i++ {
		err := filepath.WalkDir(filepath.Join(modules, names[i]), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || filepath.Ext(path) != ".tf" {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, m := range uses.FindAllSubmatch(b, -1) {
				called, err := filepath.Rel(modules, filepath.Join(filepath.Dir(path), string(m[1])))
				if err != nil {
					return err
				}
				if name, _, _ := strings.Cut(filepath.ToSlash(called), "/"); !seen[name] {
					seen[name] = true
					names = append(names, name)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(names)
	return names, nil
}

// planKey is a digest of all that a plan of a module depends on.
func planKey(modules, module string, vars map[string]any) (string, error) {
	names, err := closure(modules, module)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, "plan 1", provider.Version)
	if err := json.NewEncoder(h).Encode(vars); err != nil {
		return "", err
	}
	for _, name := range names {
		err := filepath.WalkDir(filepath.Join(modules, name), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(h, "%s %d\n", path[len(modules):], len(b))
			h.Write(b)
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
