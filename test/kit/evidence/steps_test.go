package evidence_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/stretchr/testify/require"
)

const root = "../../../"

// TestTheRunsMakeWhatTheControlsMap: a pattern of controls.yaml whose suite no step of a
// run makes would leave each of its bundles incomplete, and so would a suite that a run
// makes and no criterion lists.
func TestTheRunsMakeWhatTheControlsMap(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(root + "policies/intent/controls.yaml")
	require.NoError(t, err)
	in, err := evidence.ReadIntent("policies/intent/controls.yaml", text)
	require.NoError(t, err)
	for _, run := range []string{"nightly", "evidence"} {
		made := madeBy(t, run)
		require.Greater(t, len(made), 8, "%s has steps: %v", run, made)
		require.Empty(t, unmade(in, made), "scripts/%s", run)
	}
}

// unmade are the patterns of no suite of the steps, and the suites of no pattern.
func unmade(in evidence.Intent, steps map[string][]string) (out []string) {
	listed := map[string]bool{}
	for _, c := range in.Criteria {
		for _, p := range c.Checks {
			of, _, _ := strings.Cut(p, ".")
			like := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(of), `\*`, ".*") + "$")
			found := false
			for _, suites := range steps {
				for _, s := range suites {
					if like.MatchString(s) {
						found, listed[s] = true, listed[s] || of != "*"
					}
				}
			}
			if !found {
				out = append(out, fmt.Sprintf("%s: no step makes checks like %s", c.ID, p))
			}
		}
	}
	for _, step := range slices.Sorted(maps.Keys(steps)) {
		for _, s := range steps[step] {
			if !listed[s] {
				out = append(out, fmt.Sprintf("%s makes checks of %s, which no criterion lists", step, s))
			}
		}
	}
	return out
}

func TestAMappedSuiteThatNoStepMakesIsNamed(t *testing.T) {
	t.Parallel()
	in := func(patterns ...string) evidence.Intent {
		return evidence.Intent{Criteria: []evidence.Criterion{{ID: "CC8.1", Checks: patterns}}}
	}
	steps := map[string][]string{"test-modules": {"rds", "s3"}, "test-alerts": {"alerts"}}
	require.Empty(t, unmade(in("rds.*", "s3.a-promise", "*.nothing-left", "alerts.*"), steps))
	require.Equal(t, []string{"CC8.1: no step makes checks like waf.*"}, unmade(in("rds.*", "s3.*", "alerts.*", "waf.*"), steps))
	require.Equal(t, []string{"test-alerts makes checks of alerts, which no criterion lists"}, unmade(in("rds.*", "s3.*", "*.no-drift"), steps))
}

// madeBy are the suites, by the beginning of their checks' ids, of each step of a run.
// Steps that make no checks are left out.
func madeBy(t *testing.T, run string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(root + "scripts/" + run)
	require.NoError(t, err)
	list := regexp.MustCompile(`(?:scripts/run" nightly|steps=\()((?: ?(?:lint|test-[a-z-]+))+)`).FindStringSubmatch(string(text))
	require.NotNil(t, list, "scripts/%s names its steps", run)
	out := map[string][]string{}
	for _, step := range strings.Fields(list[1]) {
		suites := map[string]bool{}
		made(t, step, map[string]bool{}, suites)
		if len(suites) > 0 {
			out[step] = slices.Sorted(maps.Keys(suites))
		}
	}
	return out
}

var (
	scriptWord  = regexp.MustCompile(`[a-z][a-z-]*(?:/[a-z-]+)*`)
	packageWord = regexp.MustCompile(`(?:\./|\$root/)(test/[a-z/-]+?)(/\.\.\.|/)?(?:["\s]|$)`)
	idBegins    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*\.`)
)

// made adds what a script makes: of the packages that it tests, and of the scripts that
// it calls. The suites of modules are called after their folders.
func made(t *testing.T, script string, seen, suites map[string]bool) {
	t.Helper()
	if seen[script] {
		return
	}
	seen[script] = true
	text, err := os.ReadFile(root + "scripts/" + script)
	require.NoError(t, err)
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if strings.Contains(line, "fintrack test-modules") {
			dirs, err := filepath.Glob(root + "modules/*/versions.tf")
			require.NoError(t, err)
			for _, d := range dirs {
				suites[filepath.Base(filepath.Dir(d))] = true
			}
		}
		if strings.Contains(line, "fintrack test-full") {
			packages(t, "test/layers", true, map[string]bool{}, suites)
		}
		for _, m := range packageWord.FindAllStringSubmatch(line, -1) {
			if !units(m[1]) {
				packages(t, m[1], m[2] == "/...", map[string]bool{}, suites)
			}
		}
		for _, word := range scriptWord.FindAllString(line, -1) {
			word = strings.TrimPrefix(strings.TrimPrefix(word, "root/"), "scripts/")
			if info, err := os.Stat(root + "scripts/" + word); err == nil && info.Mode().IsRegular() && strings.Contains(word, "test-") {
				made(t, word, seen, suites)
			}
		}
	}
}

// units tells whether the tests of a folder are unit tests, which make no checks of the
// platform, or layers, which others apply without their checks.
func units(dir string) bool {
	return strings.HasPrefix(dir, "test/kit") || strings.HasPrefix(dir, "test/cmd") || strings.HasPrefix(dir, "test/layers")
}

// packages adds the suites of a package, of those below it when all is set, and of the
// suites' own packages that it imports.
func packages(t *testing.T, dir string, all bool, seen, suites map[string]bool) {
	t.Helper()
	if seen[dir] {
		return
	}
	seen[dir] = true
	entries, err := os.ReadDir(root + dir)
	require.NoError(t, err)
	for _, e := range entries {
		switch {
		case e.IsDir() && all && e.Name() != "testdata":
			packages(t, dir+"/"+e.Name(), true, seen, suites)
		case strings.HasSuffix(e.Name(), ".go"):
			file, err := parser.ParseFile(token.NewFileSet(), root+dir+"/"+e.Name(), nil, 0)
			require.NoError(t, err)
			for _, i := range file.Imports {
				if path, ours := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), "github.com/fintrack/platform/"); ours && strings.HasPrefix(path, "test/") && !units(path) {
					packages(t, path, false, seen, suites)
				}
			}
			ids(file, suites)
		}
	}
}

// ids adds the beginnings of the ids that a file writes out.
func ids(file *ast.File, suites map[string]bool) {
	ast.Inspect(file, func(n ast.Node) bool {
		pair, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		if key, ok := pair.Key.(*ast.Ident); !ok || key.Name != "ID" {
			return true
		}
		value := pair.Value
		for {
			sum, ok := value.(*ast.BinaryExpr)
			if !ok {
				break
			}
			value = sum.X
		}
		if literal, ok := value.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil && idBegins.MatchString(text) {
				suite, _, _ := strings.Cut(text, ".")
				suites[suite] = true
			}
		}
		return true
	})
}
