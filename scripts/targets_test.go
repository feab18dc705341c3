package scripts_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestHelpListsEveryTarget(t *testing.T) {
	t.Parallel()
	r := newRepository(t, nil)
	out := r.must("make")
	makefile, err := os.ReadFile(filepath.Join(r.root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllStringSubmatch(string(makefile), -1)
	if len(targets) < 10 {
		t.Fatalf("the Makefile has %d targets", len(targets))
	}
	for _, target := range targets {
		if !regexp.MustCompile(`(?m)^  ` + target[1] + ` +\S`).MatchString(out) {
			t.Errorf("make help has no line for %s:\n%s", target[1], out)
		}
	}
}

func TestTestModuleRefusesWhatIsNoModule(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"no name":         nil,
		"an unknown name": {"MODULE=rdss"},
		"part of a name":  {"MODULE=rd"},
		"a pattern":       {"MODULE=r.s"},
		"a path":          {"MODULE=../modules/rds"},
		"an option":       {"MODULE=-v"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t, map[string]string{"modules/rds/main.tf": "", "modules/iam-irsa/main.tf": ""})
			out, code := r.run("make", append([]string{"test-module"}, args...)...)
			r.wantRefusal(out, code, "make test-module MODULE=iam-irsa\n", "make test-module MODULE=rds\n", "Error 2")
		})
	}
}

func TestTestModuleRunsTheNamedOne(t *testing.T) {
	t.Parallel()
	r := complete(t)
	names := []string{"alpha", "beta", "gamma", "iam-irsa", "rds", "zeta"}
	for _, n := range names {
		r.write("modules/"+n+"/main.tf", "")
	}
	r.program("scripts/run", `echo "$*"`)
	for _, n := range names {
		if out := r.must("scripts/test-module", n); out != "fintrack test-module "+n+"\n" {
			t.Errorf("%s: ran %q", n, out)
		}
		r.set("MODULE", n)
		if out := r.must("scripts/test-module"); out != "fintrack test-module "+n+"\n" {
			t.Errorf("MODULE=%s: ran %q", n, out)
		}
	}
}

func TestCleanKeepsTheCacheWhileTheLedgerHasEntries(t *testing.T) {
	t.Parallel()
	r := newRepository(t, map[string]string{
		".cache/CACHEDIR.TAG":                           "",
		".cache/state/ledger/environments/run-1.json":   "{}",
		".cache/state/ledger/background/emulator-1.txt": "",
	})
	out, code := r.run("make", "clean")
	r.wantRefusal(out, code, "environments/run-1.json", "Run make janitor", "Nothing was removed")
	if _, err := os.Stat(filepath.Join(r.root, ".cache/state/ledger/environments/run-1.json")); err != nil {
		t.Error(err)
	}
	r.remove(".cache/state/ledger/environments/run-1.json")
	if out := r.must("make", "clean"); !strings.Contains(out, "removing "+r.root+"/.cache") {
		t.Errorf("clean does not say what it removes: %s", out)
	}
	if _, err := os.Stat(filepath.Join(r.root, ".cache")); !os.IsNotExist(err) {
		t.Errorf("the cache is still there: %v", err)
	}
	if out := r.must("make", "clean"); !strings.Contains(out, "nothing to remove") {
		t.Errorf("a second clean says %q", out)
	}
}

func TestCleanLeavesOtherPeoplesFoldersAlone(t *testing.T) {
	t.Parallel()
	r := complete(t)
	r.write("mine/thesis.txt", "")
	r.set("FINTRACK_CACHE", filepath.Join(r.root, "mine"))
	r.must("scripts/bootstrap", "terraform")
	out, code := r.run("make", "clean")
	r.wantRefusal(out, code, "was not made by scripts/bootstrap", "remove it by hand")
	if _, err := os.Stat(filepath.Join(r.root, "mine/thesis.txt")); err != nil {
		t.Error(err)
	}
}

// TestStepsGoOnAfterAFailure: later steps run, and the worst exit code counts.
func TestStepsGoOnAfterAFailure(t *testing.T) {
	t.Parallel()
	r := complete(t)
	for step, code := range map[string]string{"lint": "3", "test-kit": "0", "test-modules": "1"} {
		r.program("scripts/"+step, "echo ran "+step+"; exit "+code)
	}
	out, code := r.run("scripts/steps", "lint", "test-kit", "test-modules")
	if code != 3 || !strings.HasSuffix(out, "\nsteps: 1 passed, 2 failed\n") {
		t.Errorf("exit code %d, want 3:\n%s", code, out)
	}
	for _, want := range []string{"ran lint\n", "==> lint FAILED (exit code 3)", "ran test-kit\n", "==> test-kit passed", "==> test-modules FAILED (exit code 1)"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}
