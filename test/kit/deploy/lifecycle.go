package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/census"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deployed"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// ErrLeft marks an environment in which something remains after the destroy.
var ErrLeft = errors.New("something was left behind")

// errReported ends a lifecycle whose failure stands in the recorded checks.
var errReported = errors.New("see the failed checks above")

// stage is one step of the life of a deployment.
type stage struct {
	name string
	do   func(*life, context.Context) error
	// after says that the step belongs to the tearing down: it runs under a
	// fresh context, whatever happened before it.
	after bool
	// always says that a failure before does not keep the step from running.
	always bool
}

// stages is the life of a deployment, in order.
var stages = []stage{
	{name: "init", do: (*life).init},
	{name: "validate", do: (*life).validate},
	{name: "plan", do: (*life).plan},
	{name: "apply", do: (*life).apply},
	{name: "verify", do: (*life).verify},
	{name: "replan", do: (*life).replan},
	{name: "destroy", do: (*life).destroy, after: true, always: true},
	{name: "census", do: (*life).census, after: true, always: true},
}

// teardownBound bounds everything that follows the last check.
var teardownBound = 100 * time.Minute

// life is a deployment under way.
type life struct {
	*Deployment
	h       *harness
	spec    Spec
	tf      *terraform
	path    string // of the root module, from the repository's root
	label   string // tells its files from those of others in the environment
	outputs func(context.Context) (map[string]output, error)
	vars    map[string]any
	scope   census.Scope
	touched bool // something may exist
	broken  bool // the apply was broken off: the state may not know all of it
	settled bool // a plan with nothing to change has read everything; nothing was done since
	stages  []check.Stage
}

// Module takes modules/<Module>/examples/<Example> through its whole life and
// fails the test at whatever does not hold. STAGES=apply,verify runs the named
// stages only; KEEP=1 keeps the environment; RUN=<id> takes up one that was kept.
//
// It runs beside the other parallel tests of its program.
func Module(t *testing.T, spec Spec) {
	t.Helper()
	t.Parallel()
	if spec.Example == "" {
		spec.Example = "complete"
	}
	if spec.Suite == "" {
		spec.Suite = spec.Module
		if spec.Example != "complete" {
			spec.Suite += "-" + spec.Example
		}
	}
	l, err := begin(t, spec)
	if err != nil {
		fail(t, current, err)
	}
	defer func() { l.h.collect(l.Checks.Results()) }()
	l.live(stages)
}

func fail(t testing.TB, h *harness, err error) {
	t.Helper()
	if h != nil {
		h.note(err)
	}
	t.Fatal(err)
}

func begin(t testing.TB, spec Spec) (*life, error) {
	h := current
	if h == nil {
		return nil, fmt.Errorf("%w: deploy.Main must run the tests of this package (func TestMain)", sandbox.ErrSetup)
	}
	if _, err := wanted(); err != nil {
		return nil, err
	}
	s, err := lease(h, spec)
	if err != nil {
		return nil, err
	}
	l, err := open(t, h, s, spec, "modules/"+spec.Module+"/examples/"+spec.Example)
	if err != nil {
		return nil, err
	}
	if l.tf, err = h.providers.terraform(h.ctx, t, s, l.Dir); err != nil {
		return nil, err
	}
	l.outputs = func(ctx context.Context) (map[string]output, error) { return l.tf.outputs(ctx) }
	err = s.Amend(func(e *ledger.Entry) { e.StatePath = filepath.Join(l.Dir, "terraform.tfstate") })
	l.scope = scopeOf(s.Entry())
	return l, err
}

// open copies the root module under path, from the repository's root, into the
// environment, and writes its variables.
func open(t testing.TB, h *harness, s *sandbox.Sandbox, spec Spec, path string) (*life, error) {
	dir, err := s.Source(path)
	if err != nil {
		return nil, err
	}
	l := &life{h: h, spec: spec, path: path, Deployment: &Deployment{
		T: t, Sandbox: s, AWS: s.AWS, Region: s.Region, Name: s.Prefix, Dir: dir,
		Checks: check.NewSet(t, check.Labels{Environment: string(h.run.Environment), Run: h.run.ID, Suite: spec.Suite, Deployed: true}, h.run.Journal),
	}}
	l.vars = map[string]any{"name": s.Prefix, "region": s.Region, "tags": s.Tags}
	maps.Copy(l.vars, spec.Vars)
	return l, errors.Join(h.record(spec.Suite, deployed.Facts{}), l.writeVars(l.vars))
}

func lease(h *harness, spec Spec) (*sandbox.Sandbox, error) {
	if id := os.Getenv("RUN"); id != "" {
		return h.run.Reopen(h.ctx, id)
	}
	return h.run.Lease(h.ctx, sandbox.Regions(spec.Regions...))
}

// live runs the stages.
func (l *life) live(stages []stage) {
	l.T.Helper()
	want, _ := wanted()
	keep := os.Getenv("KEEP") != "" && os.Getenv("KEEP") != "0"
	if keep {
		if err := l.keep(); err != nil {
			l.T.Error(err)
		}
	}
	teardown, cancel := context.WithTimeout(context.WithoutCancel(l.h.ctx), teardownBound)
	defer cancel()
	var failed error
	for _, st := range stages {
		if len(want) > 0 && !slices.Contains(want, st.name) || st.after && keep || failed != nil && !st.always || st.after && !l.touched {
			continue
		}
		ctx := l.h.ctx
		if st.after {
			ctx = teardown
		}
		err := l.timed(ctx, st)
		if err != nil {
			failed = errors.Join(failed, err)
			l.report(st.name, err)
		}
	}
	l.finish(failed, keep || len(want) > 0 && !slices.Contains(want, "census"))
}

func (l *life) timed(ctx context.Context, st stage) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	started := time.Now()
	end := l.h.progress.begin(l.spec.Suite, st.name)
	err := st.do(l, ctx)
	end(err)
	l.stages = append(l.stages, check.Stage{Name: st.name, Duration: time.Since(started), Failed: err != nil})
	return err
}

func (l *life) report(stage string, err error) {
	l.T.Helper()
	if errors.Is(err, errReported) {
		return
	}
	if ended := l.Sandbox.EmulatorEnded(context.WithoutCancel(l.h.ctx)); ended != nil {
		err = fmt.Errorf("%w\n(met while: %s)", ended, firstLine(err))
	}
	l.h.note(err)
	l.T.Errorf("%s of %s: %v\n(log: %s)", stage, l.spec.Suite, err, l.logPath())
}

func (l *life) logPath() string {
	return logFile(l.Sandbox, l.label)
}

// finish strikes the lease when a census has found nothing, and otherwise says
// where the environment is.
func (l *life) finish(failed error, open bool) {
	l.T.Helper()
	l.h.progress.say(func() { _ = check.WriteStages(os.Stdout, l.stages) })
	if err := l.h.timed(l.spec.Suite, l.stages); err != nil {
		l.T.Error(err)
	}
	switch {
	case open && l.touched:
		if err := l.keep(); err != nil {
			l.T.Error(err)
		}
		l.h.progress.say(func() { fmt.Print(l.howToReach()) })
	case !l.touched || !hasFailed(l.stages, "census"):
		if err := l.Sandbox.Release(); err != nil {
			l.T.Error(err)
		}
	}
}

func hasFailed(stages []check.Stage, name string) bool {
	return !slices.ContainsFunc(stages, func(s check.Stage) bool { return s.Name == name && !s.Failed })
}

// wanted returns the stages that STAGES names, or nil for all.
func wanted() ([]string, error) {
	v := os.Getenv("STAGES")
	if v == "" {
		return nil, nil
	}
	known := make([]string, len(stages))
	for i, s := range stages {
		known[i] = s.name
	}
	var out []string
	for _, n := range strings.Split(v, ",") {
		if n = strings.TrimSpace(n); !slices.Contains(known, n) {
			return nil, fmt.Errorf("%w: STAGES=%s: unknown stage %q; valid are %s", sandbox.ErrSetup, v, n, strings.Join(known, ", "))
		}
		out = append(out, n)
	}
	if slices.Contains(out, "apply") { // an apply needs a folder that is set up, and a plan
		out = append(out, "init", "plan")
	}
	return out, nil
}

// varsFile is read by Terraform by itself, so that a person who takes up a kept
// environment needs no flags.
const varsFile = "sandbox.auto.tfvars.json"

func (l *life) writeVars(vars map[string]any) error {
	b, err := json.MarshalIndent(vars, "", "  ")
	if err != nil {
		return fmt.Errorf("variables of %s: %w", l.path, err)
	}
	if err := os.WriteFile(filepath.Join(l.Dir, varsFile), b, 0o600); err != nil {
		return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	return nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(strings.TrimSpace(err.Error()), "\n")
	return line
}
