// Package pipelines_test proves the delivery pipelines: their workflows keep our
// rules, the roles that they ask for admit them alone, and the shell of every step
// does what it should, in failure as well.
//
// What GitHub itself does is not here: a step's script is taken out of its workflow
// and run as the runner runs it. Programs stand in for what is not on a machine that
// tests (docker, npm, kubectl and the services behind aws), or the real ones answer:
// PostgreSQL, git, jq, and S3 and CloudFront of the emulator.
package pipelines_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/pipelines"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/stretchr/testify/require"
)

var suite struct {
	run       *sandbox.Run
	checks    *check.Set
	workflows []pipelines.Workflow
	reporter  *switchboard

	mu  sync.Mutex
	ran map[string]bool
	// secret is how often each step that is given a secret ran with one, leaks is where
	// any of them told it.
	secret map[string]int
	leaks  []string
}

// switchboard hands failures on to the test that is under way.
type switchboard struct {
	mu sync.Mutex
	t  check.Reporter
}

func (s *switchboard) Helper() {}
func (s *switchboard) Errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.t.Errorf(format, args...)
}

func TestMain(m *testing.M) { os.Exit(begin(m)) }

func begin(m *testing.M) int {
	r, err := sandbox.Begin("pipelines")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	suite.run, suite.ran, suite.secret, suite.reporter = r, map[string]bool{}, map[string]int{}, &switchboard{}
	suite.checks = check.NewSet(suite.reporter, check.Labels{Environment: string(r.Environment), Run: r.ID, Suite: "pipelines"}, r.Journal)
	if suite.workflows, err = pipelines.Read(os.DirFS(r.Paths.Root)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	code := m.Run()
	if err := r.End(); err != nil {
		fmt.Fprintln(os.Stderr, "end of the run:", err)
		code = max(code, 1)
	}
	results := suite.checks.Results()
	if err := check.WriteTable(os.Stdout, results); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	fmt.Printf("\npipelines: %s; environment: %s; results: %s\n", check.Tally(results), r.Environment, r.JournalPath)
	return code
}

// checks returns the set, reporting to the test.
func checks(t *testing.T) *check.Set {
	suite.reporter.mu.Lock()
	suite.reporter.t = t
	suite.reporter.mu.Unlock()
	return suite.checks
}

func promise(id, title, subject, next string, controls ...string) check.Check {
	return check.Check{ID: "pipelines." + id, Title: title, Subject: subject, Next: next, Controls: controls}
}

// place is a fresh checkout of the fixture project with stand-ins on PATH.
type place struct {
	t *testing.T
	pipelines.Place
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{t, pipelines.Place{Dir: t.TempDir(), Temp: t.TempDir(), Programs: t.TempDir(), Env: map[string]string{}}}
	require.NoError(t, os.CopyFS(p.Dir, os.DirFS("testdata/project")))
	return p
}

// program puts a stand-in on PATH: bash, whose calls are kept in <name>.calls.
func (p *place) program(name, body string) {
	p.t.Helper()
	text := "#!/bin/bash\nset -euo pipefail\nprintf '%s\\n' \"" + name + " $*\" >>\"" + filepath.Join(p.Programs, name+".calls") + "\"\n" + body + "\n"
	require.NoError(p.t, os.WriteFile(filepath.Join(p.Programs, name), []byte(text), 0o755))
}

func (p *place) calls(name string) string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.Programs, name+".calls"))
	if os.IsNotExist(err) {
		return ""
	}
	require.NoError(p.t, err)
	return string(text)
}

func (p *place) write(name, text string) {
	p.t.Helper()
	to := filepath.Join(p.Dir, name)
	require.NoError(p.t, os.MkdirAll(filepath.Dir(to), 0o755))
	require.NoError(p.t, os.WriteFile(to, []byte(text), 0o644))
}

func (p *place) env(pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		p.Env[pairs[i]] = pairs[i+1]
	}
}

// run runs the step of that id; that it ran is kept, for the check that all did.
func (p *place) run(id string) pipelines.Outcome {
	p.t.Helper()
	s, err := pipelines.FindStep(suite.workflows, id)
	require.NoError(p.t, err)
	o, err := pipelines.Run(context.Background(), s, p.Place)
	require.NoError(p.t, err)
	ran(id)
	suite.mu.Lock()
	defer suite.mu.Unlock()
	for _, name := range s.Secrets {
		if p.Env[name] != "" {
			suite.secret[id]++
		}
	}
	suite.leaks = append(suite.leaks, o.Leaks(s, p.Place)...)
	return o
}

// ran keeps that a step was run.
func ran(id string) {
	suite.mu.Lock()
	defer suite.mu.Unlock()
	suite.ran[id] = true
}

// said is an outcome in one line, for the record of a check.
func said(o pipelines.Outcome) string {
	return fmt.Sprintf("exit code %d; printed %q", o.Exit, o.Shown())
}
