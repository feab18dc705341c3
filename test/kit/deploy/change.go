package deploy

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"slices"
)

// Change applies a layer again with other values, and returns what changed in it.
func (s *Stack) Change(ctx context.Context, layer string, vars map[string]any) (own []string, err error) {
	l, ok := s.lives[layer]
	if !ok {
		return nil, fmt.Errorf("no layer %q in this stack", layer)
	}
	maps.Copy(l.vars, vars)
	if err := l.writeVars(l.vars); err != nil {
		return nil, err
	}
	err = s.run(ctx, layer, stage{name: "change", do: func(l *life, ctx context.Context) (err error) {
		if own, err = l.drift(ctx); err != nil || len(own) == 0 {
			return err
		}
		if err := l.tf.apply(ctx); err != nil {
			return err
		}
		return l.read(ctx)
	}})
	return own, err
}

// Drift plans every layer and returns what each would change: "layer: attribute"
// lines in the layers' order, none when all are as they were applied.
func (s *Stack) Drift(ctx context.Context) ([]string, error) {
	var failures failures
	found := make([][]string, len(s.Order))
	s.each(s.Order, func(name string) {
		failures.add(s.run(ctx, name, stage{name: "again", do: func(l *life, ctx context.Context) error {
			lines, err := l.drift(ctx)
			i := slices.Index(s.Order, name)
			for _, line := range lines {
				found[i] = append(found[i], name+": "+line)
			}
			return err
		}}))
	})
	return slices.Concat(found...), failures.any()
}

// drift plans, and says what would change.
func (l *life) drift(ctx context.Context) ([]string, error) {
	changed, err := l.tf.plan(ctx)
	if err != nil || !changed {
		return nil, err
	}
	plan, err := l.tf.planned(ctx)
	if err != nil {
		return nil, err
	}
	return Drift(plan), nil
}

// Plan plans a layer and returns what Terraform said when it could not.
func (s *Stack) Plan(ctx context.Context, layer string) error {
	return s.inTurn(ctx, func() error {
		_, err := s.lives[layer].tf.plan(ctx)
		return err
	})
}

// Command returns a Terraform command in the folder of an applied layer, as a
// second person would run it there: not waited for, not stopped with the run.
func (s *Stack) Command(layer string, args ...string) *exec.Cmd {
	l := s.lives[layer]
	cmd := exec.Command(l.tf.program, args...)
	cmd.Dir = l.Dir
	cmd.Env = cmd.Environ()
	for k, v := range l.tf.opts.EnvVars {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	return cmd
}
