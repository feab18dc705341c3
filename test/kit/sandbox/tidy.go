package sandbox

import (
	"context"
	"errors"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// Tidy strikes what dead runs left that needs no destroying: background
// processes and containers that nobody uses, and emulated environments whose emulator has
// ended, since they lived in its memory. It reports whether a dead run's
// environment is still there, for the janitor.
func (r *Run) Tidy(ctx context.Context) (need bool, err error) {
	return Tidy(ctx, r.Ledger, time.Now())
}

// Tidy is Run.Tidy over a ledger.
func Tidy(ctx context.Context, l *ledger.Ledger, now time.Time) (need bool, err error) {
	entries, err := l.Environments.List()
	used := map[string]bool{}
	for _, e := range entries {
		switch {
		case !e.Gone(now):
			used[e.Emulator] = true
		case e.Emulator != "" && !emulatorAlive(ctx, l, e.Emulator):
			err = errors.Join(err, l.Environments.Remove(e.ID))
		default:
			used[e.Emulator] = true
			need = true
		}
	}
	processes, lerr := l.Background.List()
	err = errors.Join(err, lerr)
	for _, b := range processes {
		if (b.Process.Alive() || len(b.Labels) > 0) && (b.Owner.Alive() || used[b.ID]) {
			continue
		}
		if len(b.Labels) > 0 {
			err = errors.Join(err, dropContainers(ctx, l, b))
			continue
		}
		err = errors.Join(err, b.Process.Stop(emulatorStop), l.Background.Remove(b.ID))
	}
	return need, err
}

// StopOwn stops the background processes and removes the containers that this program
// started, and strikes them from the ledger: what an interrupted run does before it ends.
func (r *Run) StopOwn() error {
	processes, err := r.Ledger.Background.List()
	errs := []error{err}
	for i := len(processes) - 1; i >= 0; i-- {
		b := processes[i]
		switch {
		case b.Owner != ledger.Self():
		case len(b.Labels) > 0:
			errs = append(errs, dropContainers(context.Background(), r.Ledger, b))
		default:
			errs = append(errs, b.Process.Stop(emulatorStop), r.Ledger.Background.Remove(b.ID))
		}
	}
	return errors.Join(errs...)
}

func emulatorAlive(ctx context.Context, l *ledger.Ledger, id string) bool {
	b, err := l.Background.Get(id)
	return err == nil && (&Emulator{Background: b}).Alive(ctx)
}
