package deploy

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/sandbox"
	tt "github.com/gruntwork-io/terratest/modules/terraform"
)

// PlannedLayer returns the plan of a layer that needs no other one, with the values
// of an environment, as `terraform show -json` gives it. Nothing is applied but the
// bucket for the state, which is removed.
func PlannedLayer(t *testing.T, layer Layer, environment string) []byte {
	t.Helper()
	layer.Verify = nil
	s, err := newStack(t, StackSpec{Suite: layer.Name, Environment: environment, Layers: []Layer{layer}, Only: []string{layer.Name}})
	if err != nil {
		fail(t, current, err)
		return nil
	}
	plan, err := s.planned(layer.Name)
	if err != nil {
		fail(t, s.h, fmt.Errorf("plan of layer %s of %s: %w", layer.Name, environment, err))
	}
	return plan
}

func (s *Stack) planned(layer string) (plan []byte, err error) {
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.h.ctx), teardownBound)
		defer cancel()
		if s.bucketed {
			err = errors.Join(err, s.Sandbox.RemoveStateBucket(ctx, s.Bucket))
		}
		err = errors.Join(err, s.Sandbox.Release())
	}()
	if err := s.prepare(s.h.ctx); err != nil {
		return nil, err
	}
	l := s.lives[layer]
	end := s.h.progress.begin(layer+" of "+s.spec.Environment, "plan")
	defer func() { end(err) }()
	if err := l.tf.init(s.h.ctx); err != nil {
		return nil, err
	}
	if _, err := l.tf.plan(s.h.ctx); err != nil {
		return nil, err
	}
	text, err := tt.ShowContextE(s.T, s.h.ctx, l.tf.opts)
	return []byte(text), err
}

// Checks is a set for what a test proves without an environment of its own. It is
// part of the run's results.
func Checks(t testing.TB, suite string) *check.Set {
	t.Helper()
	h := current
	if h == nil {
		fail(t, nil, fmt.Errorf("%w: deploy.Main must run the tests of this package (func TestMain)", sandbox.ErrSetup))
		return nil
	}
	set := check.NewSet(t, check.Labels{Environment: string(h.run.Environment), Run: h.run.ID, Suite: suite}, h.run.Journal)
	t.Cleanup(func() { h.collect(set.Results()) })
	return set
}
