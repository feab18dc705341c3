package deploy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/release"
	"github.com/fintrack/platform/test/kit/sandbox"
)

// upgradeStages is the life of an upgrade, in order.
var upgradeStages = []stage{
	{name: "init", do: (*life).init},
	{name: "plan", do: (*life).plan},
	{name: "apply", do: (*life).apply},
	{name: "upgrade", do: (*life).upgrade},
	{name: "destroy", do: (*life).destroy, after: true, always: true},
	{name: "census", do: (*life).census, after: true, always: true},
}

// Upgrade applies an example as it was in the last release of the module, plans
// the working tree over it, and fails when that replaces or deletes something
// stateful. Where nothing has changed since the release there is nothing to plan,
// and the check says so. It takes the fields Module, Example, Vars, Unlock, Regions
// and Prepare of a Spec.
//
// It runs beside the other parallel tests of its program.
func Upgrade(t *testing.T, spec Spec) {
	t.Helper()
	t.Parallel()
	if os.Getenv("STAGES") != "" || os.Getenv("RUN") != "" {
		t.Log("STAGES and RUN choose parts of the deployment: the upgrade is not run")
		return
	}
	if spec.Example == "" {
		spec.Example = "complete"
	}
	spec.Suite, spec.Verify, spec.Residue = spec.Module+"-upgrade", nil, nil
	l, err := begin(t, spec)
	if err != nil {
		fail(t, current, err)
		return
	}
	defer func() { l.h.collect(l.Checks.Results()) }()
	from, ready, err := l.release()
	if err != nil || !ready {
		err = errors.Join(err, l.Sandbox.Release()) // nothing was made
		if err != nil {
			fail(t, l.h, err)
		}
		return
	}
	l.T.Logf("from %s, commit %s", from, from.Commit)
	l.live(upgradeStages)
}

func (l *life) upgradeCheck(from string) check.Check {
	return check.Check{
		ID: l.spec.Module + ".upgrade", Title: "An upgrade from the last release replaces and deletes nothing stateful", Controls: []string{"CC8.1", "A1.2"},
		Subject: "modules/" + l.spec.Module + " after " + from,
		Next:    "keep the address and what forces the replacement, add a moved block, or release a major version with its way of migrating",
	}
}

// release puts the last release in the place of the configuration; ready is false
// when there is nothing to upgrade, which the checks then say.
func (l *life) release() (from release.Release, ready bool, err error) {
	root := l.h.run.Paths.Root
	from, err = release.Last(l.h.ctx, root, l.spec.Module)
	if errors.Is(err, release.ErrHistory) {
		l.Checks.NotProven(l.upgradeCheck("the last release"), "history", err.Error())
		return from, false, nil
	}
	if err != nil {
		return from, false, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	names, err := closure(filepath.Join(root, "modules"), l.spec.Module)
	if err != nil {
		return from, false, err
	}
	folders := make([]string, len(names))
	for i, n := range names {
		folders[i] = "modules/" + n
	}
	same, err := from.Same(l.h.ctx, root, folders...)
	if err != nil {
		return from, false, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	if same {
		l.Checks.That(l.upgradeCheck(from.String()), true, "no such change", "no change at all in "+strings.Join(folders, ", "))
		return from, false, nil
	}
	modules := l.modules()
	if err := errors.Join(os.Rename(modules, l.workingTree()), from.Extract(l.h.ctx, root, "modules", filepath.Dir(modules))); err != nil {
		return from, false, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	return from, true, l.prepareDir()
}

// modules is the folder of all modules in the environment's own copy.
func (l *life) modules() string {
	return filepath.Join(strings.TrimSuffix(l.Dir, filepath.FromSlash("modules/"+l.spec.Module+"/examples/"+l.spec.Example)), "modules")
}

func (l *life) workingTree() string { return l.modules() + "-working-tree" }

// prepareDir writes into the configuration's folder what each run needs there.
func (l *life) prepareDir() (err error) {
	if err := l.writeVars(l.vars); err != nil {
		return err
	}
	// The provider process that was lent for this test stays with it.
	l.tf, err = l.h.providers.again(l.Sandbox, l.tf)
	return err
}

// upgrade puts the working tree in the place of the release, with the state of
// what was applied, and judges the plan.
func (l *life) upgrade(ctx context.Context) error {
	modules := l.modules()
	state, err := os.ReadFile(filepath.Join(l.Dir, "terraform.tfstate"))
	if err != nil {
		return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	err = errors.Join(os.RemoveAll(modules), os.Rename(l.workingTree(), modules), os.WriteFile(filepath.Join(l.Dir, "terraform.tfstate"), state, 0o600))
	if err != nil {
		return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	if err := l.prepareDir(); err != nil {
		return err
	}
	if err := l.tf.init(ctx); err != nil {
		return err
	}
	if _, err := l.tf.plan(ctx); err != nil {
		return err
	}
	plan, err := l.tf.planned(ctx)
	if err != nil {
		return err
	}
	losses := Losses(plan)
	observed := fmt.Sprintf("%d changes, none of them such", len(Drift(plan)))
	if len(losses) > 0 {
		observed = strings.Join(losses, "\n          ")
	}
	// What the destroy leaves on purpose, a final snapshot, is swept like the rest.
	l.broken = true
	from, err := release.Last(ctx, l.h.run.Paths.Root, l.spec.Module)
	if err != nil {
		return err
	}
	if !l.Checks.That(l.upgradeCheck(from.String()), len(losses) == 0, "no such change", observed) {
		return errReported
	}
	return nil
}
