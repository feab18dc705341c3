package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/census"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
	tfjson "github.com/hashicorp/terraform-json"
)

func (l *life) init(ctx context.Context) error     { return l.tf.init(ctx) }
func (l *life) validate(ctx context.Context) error { return l.tf.validate(ctx) }

// plan plans, and takes the census of what is there before: only what is not in
// this baseline can have been left behind.
func (l *life) plan(ctx context.Context) error {
	if l.spec.Prepare != nil {
		l.touched = true
		if err := l.baseline(ctx); err != nil {
			return err
		}
		if err := l.spec.Prepare(ctx, l.Deployment); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	if err := l.planOnly(ctx); err != nil {
		return err
	}
	if l.spec.Prepare == nil {
		return l.baseline(ctx)
	}
	return nil
}

// planOnly plans, and refuses what the census could not find again.
func (l *life) planOnly(ctx context.Context) (err error) {
	if _, err := l.tf.plan(ctx); err != nil {
		return err
	}
	if l.Plan, err = l.tf.planned(ctx); err != nil {
		return err
	}
	if missing := census.Covers(managedTypes(l.Plan)); len(missing) > 0 {
		return fmt.Errorf("the census of this suite cannot find resources of type %s: import the package of test/kit/census that lists them", strings.Join(missing, ", "))
	}
	return nil
}

func (l *life) baseline(ctx context.Context) error {
	found, err := census.Take(ctx, l.AWS, l.scope)
	if err != nil {
		return fmt.Errorf("census before the apply: %w", err)
	}
	l.scope.Baseline = found
	return l.Sandbox.Amend(func(e *ledger.Entry) { e.Baseline = found.Keys() })
}

func managedTypes(plan *tfjson.Plan) []string {
	types := map[string]bool{}
	for _, rc := range plan.ResourceChanges {
		if rc.Mode == tfjson.ManagedResourceMode && !strings.HasPrefix(rc.ProviderName, "terraform.io/builtin/") {
			types[rc.Type] = true
		}
	}
	return slices.Sorted(maps.Keys(types))
}

func (l *life) apply(ctx context.Context) error {
	l.touched, l.settled = true, false
	err := l.tf.apply(ctx)
	l.broken = err != nil
	if err != nil {
		return err
	}
	return l.read(ctx)
}

func (l *life) verify(ctx context.Context) (err error) {
	l.touched = true
	if l.Outputs == nil { // nothing was applied by this run
		if err := l.read(ctx); err != nil {
			return err
		}
	}
	if l.spec.Verify == nil {
		return nil
	}
	before := check.Tally(l.Checks.Results())
	l.spec.Verify(ctx, l.Deployment)
	after := check.Tally(l.Checks.Results())
	switch {
	case after.Fail > before.Fail:
		return errReported
	case after == before:
		return errors.New("no check was made")
	}
	return nil
}

func (l *life) replan(ctx context.Context) error {
	changed, err := l.tf.plan(ctx)
	if err != nil {
		return err
	}
	c := check.Check{
		ID: l.spec.Suite + ".no-drift", Title: "A second plan right after the apply is empty", Controls: []string{"CC8.1"},
		Subject: l.path,
		Next:    "compare the attributes above with what the module sets; a value that AWS normalises must be written as AWS returns it",
	}
	observed := "no changes"
	if changed {
		plan, err := l.tf.planned(ctx)
		if err != nil {
			return err
		}
		observed = "changes:\n          " + strings.Join(Drift(plan), "\n          ")
	}
	if !l.Checks.That(c, !changed, "no changes", observed) {
		return errReported
	}
	l.settled = true
	return nil
}

// destroy lifts the protections by an apply of the Unlock variables, destroys,
// and lets the suite look at what must outlive a destroy. What an empty plan has
// just read is not read again.
func (l *life) destroy(ctx context.Context) error {
	l.touched = true
	var errs []error
	var how []string
	if l.settled && !l.broken && !plain() {
		how = append(how, "-refresh=false")
	}
	if err := l.unlock(ctx); err != nil {
		errs = append(errs, err)
	}
	if err := l.tf.destroy(ctx, how...); err != nil || l.broken {
		errs = append(errs, l.sweep(ctx, err))
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, l.residue(ctx))...)
}

// residue lets the suite look at what must outlive a destroy.
func (l *life) residue(ctx context.Context) error {
	if l.spec.Residue == nil || l.Outputs == nil {
		return nil
	}
	before := check.Tally(l.Checks.Results())
	l.spec.Residue(ctx, l.Deployment)
	if check.Tally(l.Checks.Results()).Fail > before.Fail {
		return errReported
	}
	return nil
}

// destroyOnly destroys what the state knows, its protections lifted first.
func (l *life) destroyOnly(ctx context.Context) error {
	if err := errors.Join(l.unlock(ctx), l.tf.destroy(ctx)); err != nil {
		return err
	}
	return l.residue(ctx)
}

// unlock lifts the protections that must refuse a destroy.
func (l *life) unlock(ctx context.Context) error {
	if len(l.spec.Unlock) == 0 {
		return nil
	}
	vars := maps.Clone(l.vars)
	maps.Copy(vars, l.spec.Unlock)
	err := l.writeVars(vars)
	if err == nil {
		_, err = l.tf.plan(ctx)
	}
	if err == nil {
		err = l.tf.apply(ctx)
	}
	if err != nil {
		return fmt.Errorf("lift the protections before the destroy: %w", err)
	}
	return nil
}

// sweep removes what a destroy could not: an apply that was broken off leaves
// resources that its state does not know, and on which others hang. A destroy
// that failed for no such reason stays a failure, swept or not.
func (l *life) sweep(ctx context.Context, failed error) error {
	_, left, err := census.Sweep(ctx, l.AWS, l.scope)
	if err != nil {
		return errors.Join(failed, fmt.Errorf("sweep after a broken-off apply: %w", err))
	}
	if l.broken && len(left) == 0 {
		return nil
	}
	return failed
}

// census asks the APIs what is there that was not before.
func (l *life) census(ctx context.Context) error {
	found, err := census.Take(ctx, l.AWS, l.scope)
	if err != nil {
		return fmt.Errorf("census after the destroy: %w", err)
	}
	return nothingLeft(l.h, l.Checks, l.Sandbox, l.spec.Suite, "After the destroy", found)
}
