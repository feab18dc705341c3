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
	"sync"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/census"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deployed"
	"github.com/fintrack/platform/test/kit/layers"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// Layer is what a suite knows of one layer beside its configuration.
type Layer struct {
	Name string
	// Vars are variables beside those of the environment's tfvars and the ones that
	// every layer is given: name, region, tags, state_bucket, state_region.
	Vars map[string]any
	// Regions are further regions in which the layer creates something.
	Regions []string
	// Prepare, when set, makes the files that the layer's plan needs, in its own copy,
	// and returns variables that name them. It must create nothing else.
	Prepare func(ctx context.Context, d *Deployment) (map[string]any, error)
	// Verify reads the layer's promises from the AWS API and records a check for each.
	Verify func(ctx context.Context, d *Deployment)
	// Residue, when set, runs once the layer is destroyed: it proves what must outlive
	// that (a final snapshot) and removes it.
	Residue func(ctx context.Context, d *Deployment)
}

// StackSpec says which layers to apply together, and what they promise as a whole.
type StackSpec struct {
	// Suite names the results of the whole.
	Suite string
	// Environment is the folder of terraform/environments with the layers' values.
	Environment string
	// Layers are all layers that there are.
	Layers []Layer
	// Only names the layers to apply, with all that they need; all when empty.
	Only []string
	// Verify, when set, runs when every layer is applied and verified.
	Verify func(ctx context.Context, s *Stack)
}

// Stack is several layers in one environment, each with its own state in one bucket.
type Stack struct {
	T       testing.TB
	Sandbox *sandbox.Sandbox
	// Platform is what the layers say of themselves.
	Platform *layers.Platform
	// Order are the layers applied, each after what it needs.
	Order []string
	// Bucket holds the states.
	Bucket string
	Checks *check.Set

	spec     StackSpec
	h        *harness
	lives    map[string]*life
	scope    census.Scope
	bucketed bool
	turn     chan struct{} // one token for each Terraform that may run
}

// unlocked are the values that lift a layer's protections before its destroy.
var unlocked = map[string]any{"deletion_protection": false}

// concurrent is how many Terraform commands of a stack run at a time.
const concurrent = 2

// ApplyStack takes layers through their whole life in one environment: each is
// applied as soon as those it needs are, its checks run beside the next applies,
// then the second plan of every layer must be empty, the whole is verified, and
// everything is destroyed in reverse order. KEEP=1 keeps the environment.
func ApplyStack(t *testing.T, spec StackSpec) {
	t.Helper()
	s, err := newStack(t, spec)
	if err != nil {
		fail(t, current, err)
		return
	}
	defer s.collect()
	s.live()
}

func newStack(t *testing.T, spec StackSpec) (*Stack, error) {
	h := current
	if h == nil {
		return nil, fmt.Errorf("%w: deploy.Main must run the tests of this package (func TestMain)", sandbox.ErrSetup)
	}
	for _, v := range []string{"STAGES", "RUN"} {
		if os.Getenv(v) != "" {
			return nil, fmt.Errorf("%w: %s=%s: chooses parts of a module's run, and layers have none; KEEP=1 keeps the environment", sandbox.ErrSetup, v, os.Getenv(v))
		}
	}
	tree := os.DirFS(filepath.Join(h.run.Paths.Source(), "terraform"))
	platform, err := layers.Load(tree)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	order, err := platform.Order(spec.Only...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	values, err := platform.Environment(tree, spec.Environment)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	var regions []string
	for _, l := range spec.Layers {
		regions = append(regions, l.Regions...)
	}
	slices.Sort(regions)
	leased, err := h.run.Lease(h.ctx, sandbox.Regions(slices.Compact(regions)...))
	if err != nil {
		return nil, err
	}
	s := &Stack{
		T: t, Sandbox: leased, Platform: platform, Order: order, Bucket: leased.Prefix + "-state", spec: spec, h: h,
		lives: map[string]*life{}, scope: scopeOf(leased.Entry()), turn: make(chan struct{}, concurrent),
		Checks: check.NewSet(t, check.Labels{Environment: string(h.run.Environment), Run: h.run.ID, Suite: spec.Suite, Deployed: true}, h.run.Journal),
	}
	if err := h.record(spec.Suite, deployed.Facts{}); err != nil {
		return nil, errors.Join(err, leased.Release()) // nothing was made
	}
	for _, name := range order {
		if s.lives[name], err = s.layer(name, values[name]); err != nil {
			return nil, errors.Join(err, leased.Release()) // nothing was made
		}
	}
	return s, nil
}

// layer copies one layer into the environment with its values.
func (s *Stack) layer(name string, v layers.Values) (*life, error) {
	i := slices.IndexFunc(s.spec.Layers, func(l Layer) bool { return l.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("%w: layer %s has no checks: add them to test/layers", sandbox.ErrSetup, name)
	}
	declared := s.Platform.Layers[name].Variables
	given := map[string]any{"state_bucket": s.Bucket, "state_region": s.Sandbox.Region, "environment": s.spec.Environment}
	maps.Copy(given, s.spec.Layers[i].Vars)
	for k := range given {
		if _, ok := declared[k]; !ok {
			delete(given, k)
		}
	}
	unlock := maps.Clone(unlocked)
	for k := range unlock {
		if _, ok := declared[k]; !ok {
			delete(unlock, k)
		}
	}
	l, err := open(s.T, s.h, s.Sandbox, Spec{Module: name, Suite: name, Vars: given, Unlock: unlock, Verify: s.spec.Layers[i].Verify, Residue: s.spec.Layers[i].Residue}, "terraform/"+name)
	if err != nil {
		return nil, err
	}
	l.label, l.scope, l.Stack = name+"-", s.scope, s
	if s.spec.Layers[i].Prepare != nil {
		more, err := s.spec.Layers[i].Prepare(s.h.ctx, l.Deployment)
		if err != nil {
			return nil, fmt.Errorf("prepare layer %s: %w", name, err)
		}
		maps.Copy(l.vars, more)
		if err := l.writeVars(l.vars); err != nil {
			return nil, err
		}
	}
	if v.File != "" {
		b, err := os.ReadFile(filepath.Join(s.h.run.Paths.Source(), "terraform", filepath.FromSlash(v.File)))
		if err == nil { // sandbox.auto.tfvars.json comes after it, and wins
			err = os.WriteFile(filepath.Join(l.Dir, "environment.auto.tfvars"), b, 0o600)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
		}
	}
	if l.tf, err = s.h.providers.runner(s.h.ctx, s.T, s.Sandbox, l.Dir, l.label); err != nil {
		return nil, err
	}
	l.outputs = func(ctx context.Context) (map[string]output, error) { return s.outputs(ctx, name) }
	l.tf.opts.BackendConfig = map[string]any{"bucket": s.Bucket, "region": s.Sandbox.Region}
	return l, nil
}

// Deployment returns an applied layer.
func (s *Stack) Deployment(layer string) *Deployment {
	s.T.Helper()
	l, ok := s.lives[layer]
	if !ok || l.Outputs == nil {
		s.T.Fatalf("layer %s is not applied here", layer)
	}
	return l.Deployment
}

func (s *Stack) collect() {
	for _, name := range s.Order {
		s.h.collect(s.lives[name].Checks.Results())
	}
	s.h.collect(s.Checks.Results())
}

// live takes the stack through its life. What it made is destroyed even when a
// check of the caller ends the test.
func (s *Stack) live() {
	started := time.Now()
	defer func() { s.end(started) }()
	if err := s.prepare(s.h.ctx); err != nil {
		s.report(s.spec.Suite, "prepare", err)
		return
	}
	if err := s.build(s.h.ctx); err == nil && s.spec.Verify != nil {
		s.spec.Verify(s.h.ctx, s)
	}
}

// end keeps the environment, or destroys it and strikes the lease.
func (s *Stack) end(started time.Time) {
	if keep := os.Getenv("KEEP"); keep != "" && keep != "0" {
		s.keep()
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.h.ctx), teardownBound)
	defer cancel()
	if err := s.teardown(ctx); err == nil {
		if err := s.Sandbox.Release(); err != nil {
			s.T.Error(err)
		}
	}
	for _, name := range s.Order {
		if err := s.h.timed(name, s.lives[name].stages); err != nil {
			s.T.Error(err)
		}
	}
	s.h.progress.say(func() { fmt.Printf("%s: apply to census %.1fs\n", s.spec.Suite, time.Since(started).Seconds()) })
}

// prepare takes the census of what is there before, and makes the bucket of the states.
func (s *Stack) prepare(ctx context.Context) error {
	found, err := census.Take(ctx, s.Sandbox.AWS, s.scope)
	if err != nil {
		return fmt.Errorf("census before the apply: %w", err)
	}
	s.scope.Baseline = found
	if err := s.Sandbox.Amend(func(e *ledger.Entry) { e.Baseline, e.StateBucket = found.Keys(), s.Bucket }); err != nil {
		return err
	}
	s.bucketed = true
	return s.Sandbox.MakeStateBucket(ctx, s.Bucket)
}

// build applies every layer once those that it needs are applied, verifies each
// beside the next applies, and plans all of them again at the end.
func (s *Stack) build(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	applied := map[string]chan struct{}{}
	for _, name := range s.Order {
		applied[name] = make(chan struct{})
	}
	var group sync.WaitGroup
	var failures failures
	for _, name := range s.Order {
		group.Go(func() {
			for _, need := range s.Platform.Needs(name) {
				select {
				case <-applied[need]:
				case <-ctx.Done():
					return
				}
			}
			if err := s.raise(ctx, name); err != nil {
				failures.add(err)
				cancel(fmt.Errorf("layer %s failed", name))
				return
			}
			close(applied[name])
			failures.add(s.step(ctx, name, stage{name: "verify", do: (*life).verify}))
		})
	}
	group.Wait()
	if failures.any() != nil {
		return failures.any()
	}
	s.each(s.Order, func(name string) {
		failures.add(s.run(ctx, name, stage{name: "replan", do: (*life).replan}))
	})
	return failures.any()
}

// raise applies one layer.
func (s *Stack) raise(ctx context.Context, name string) error {
	// The init gets a provider of its own, so that anybody can work in the folder.
	err := s.inTurn(ctx, func() error { return s.step(ctx, name, stage{name: "init", do: (*life).init}) })
	if err != nil {
		return err
	}
	return s.run(ctx, name, stage{name: "validate", do: (*life).validate}, stage{name: "plan", do: (*life).planOnly}, stage{name: "apply", do: (*life).apply})
}

// each runs f for every name, all at once.
func (s *Stack) each(names []string, f func(name string)) {
	var group sync.WaitGroup
	for _, name := range names {
		group.Go(func() { f(name) })
	}
	group.Wait()
}

// inTurn runs what uses Terraform when it is its turn.
func (s *Stack) inTurn(ctx context.Context, f func() error) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
		return f()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// run runs stages of a layer in its turn, on a long-lived provider process where
// the layer may use one.
func (s *Stack) run(ctx context.Context, name string, stages ...stage) error {
	return s.inTurn(ctx, func() error {
		release, err := s.h.providers.lend(ctx, s.Sandbox, s.lives[name].tf)
		if err != nil {
			s.report(name, "provider", err)
			return err
		}
		defer release()
		for _, st := range stages {
			if err := s.step(ctx, name, st); err != nil {
				return err
			}
		}
		return nil
	})
}

// step runs one stage of a layer and reports its failure.
func (s *Stack) step(ctx context.Context, name string, st stage) error {
	l := s.lives[name]
	err := l.timed(ctx, st)
	if err != nil {
		l.report(st.name, err)
	}
	return err
}

func (s *Stack) report(what, stage string, err error) {
	s.T.Helper()
	s.h.note(err)
	s.T.Errorf("%s of %s: %v", stage, what, err)
}

// keep leaves the environment as it is, and says how to reach it.
func (s *Stack) keep() {
	for _, name := range s.Order {
		if err := s.lives[name].keep(); err != nil {
			s.T.Error(err)
		}
	}
	e := s.Sandbox.Entry()
	s.h.progress.say(func() {
		fmt.Printf("kept: environment %s (account %s, %s, prefix %s) until %s\n  work in it:   . %s && cd %s/<layer> && terraform plan\n  destroy it:   make janitor RUN=%s\n",
			e.ID, e.Account, e.Region, e.Prefix, e.Expires.Format("2006-01-02 15:04 MST"),
			s.lives[s.Order[0]].envFile(), filepath.Dir(s.lives[s.Order[0]].Dir), e.ID)
	})
}

// failures gathers the errors of what runs side by side.
type failures struct {
	mu   sync.Mutex
	errs []error
}

func (f *failures) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs = append(f.errs, err)
}

func (f *failures) any() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Join(f.errs...)
}

// teardown destroys the layers in reverse order, each once nothing needs it any
// more, then the states, and takes the census.
func (s *Stack) teardown(ctx context.Context) error {
	if !s.bucketed {
		return nil
	}
	destroyed := map[string]chan struct{}{}
	for _, name := range s.Order {
		destroyed[name] = make(chan struct{})
	}
	var failures failures
	s.each(s.Order, func(name string) {
		defer close(destroyed[name]) // what it needs is destroyed all the same
		for _, other := range s.Order {
			if slices.Contains(s.Platform.Needs(other), name) {
				<-destroyed[other]
			}
		}
		if s.lives[name].touched {
			failures.add(s.run(ctx, name, stage{name: "destroy", do: (*life).destroyOnly}))
		}
	})
	failed := failures.any()
	if err := s.Sandbox.RemoveStateBucket(ctx, s.Bucket); err != nil {
		failed = errors.Join(failed, err)
		s.report(s.spec.Suite, "states", err)
	}
	if failed != nil {
		// What a broken apply left hangs on other things: it goes all at once.
		if _, _, err := census.Sweep(ctx, s.Sandbox.AWS, s.scope); err != nil {
			s.report(s.spec.Suite, "sweep", err)
		}
	}
	return s.census(ctx)
}

func (s *Stack) census(ctx context.Context) error {
	end := s.h.progress.begin(s.spec.Suite, "census")
	found, err := census.Take(ctx, s.Sandbox.AWS, s.scope)
	end(err)
	if err != nil {
		s.report(s.spec.Suite, "census", err)
		return err
	}
	return nothingLeft(s.h, s.Checks, s.Sandbox, s.spec.Suite, "After the destroy of every layer", found)
}

// outputs reads what an applied layer gives to others, where those read it.
func (s *Stack) outputs(ctx context.Context, layer string) (map[string]output, error) {
	b, err := s.State(ctx, layer)
	if err != nil {
		return nil, err
	}
	var state struct{ Outputs map[string]output }
	if err := json.Unmarshal(b, &state); err != nil {
		return nil, fmt.Errorf("the state of %s: %w", layer, err)
	}
	return state.Outputs, nil
}

// State returns the state of an applied layer, as it lies in the bucket.
func (s *Stack) State(ctx context.Context, layer string) ([]byte, error) {
	return s.Sandbox.State(ctx, s.Bucket, s.Platform.Layers[layer].Key)
}
