package deploy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/fintrack/platform/test/kit/census"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// sweepBound bounds the sweep of one environment.
var sweepBound = map[bool]time.Duration{true: 10 * time.Minute, false: 90 * time.Minute}

// scopeOf says what in its account an environment can have made.
func scopeOf(e ledger.Entry) census.Scope {
	return census.Scope{
		Regions: e.Regions, Baseline: census.Known(e.Baseline), Prefix: e.Prefix,
		Tags: map[string]string{"fintrack:run": e.Run}, Own: sandbox.Environment(e.Environment).EmulatesAWS(),
	}
}

// Recover destroys what a dead run left in the environment of a ledger entry:
// it stops a Terraform that outlived the run, and its providers, sweeps the account
// by asking each service what is there (the state of a killed apply does not know
// all of it), and strikes the entry when a census finds nothing. It returns what is
// left.
//
// The program that calls it must link the listers of every service
// (test/kit/census/all).
func Recover(ctx context.Context, r *sandbox.Run, e ledger.Entry) ([]census.Resource, error) {
	pids, err := filepath.Glob(filepath.Join(e.Dir, "*"+pidFile))
	for _, pid := range pids {
		err = errors.Join(err, interruptTerraform(pid, e.ID))
	}
	if err = errors.Join(err, endProviders(e.ID)); err != nil {
		return nil, err
	}
	cfg, err := r.Reach(ctx, e)
	if err != nil {
		return nil, err
	}
	if _, err := ClearLocks(ctx, sandbox.S3(cfg, e), e); err != nil {
		var gone *types.NoSuchBucket
		if !errors.As(err, &gone) { // the run died before it had made one
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, sweepBound[sandbox.Environment(e.Environment).EmulatesAWS()])
	defer cancel()
	left, err := sweep(ctx, cfg, e)
	if err != nil || len(left) > 0 {
		return left, err
	}
	return nil, errors.Join(r.Ledger.Environments.Remove(e.ID), os.RemoveAll(e.Dir))
}

func sweep(ctx context.Context, cfg aws.Config, e ledger.Entry) ([]census.Resource, error) {
	_, left, err := census.Sweep(ctx, cfg, scopeOf(e))
	if err != nil {
		return left, fmt.Errorf("sweep environment %s: %w", e.ID, err)
	}
	return left, nil
}

// Janitor recovers every dead run of the ledger, or the one environment that id
// names, kept ones included. It returns ErrLeft when something remains.
func Janitor(ctx context.Context, r *sandbox.Run, id string, say func(format string, args ...any)) error {
	if _, err := r.Tidy(ctx); err != nil {
		return err
	}
	entries, err := r.Ledger.Environments.List()
	if err != nil {
		return err
	}
	found := false
	var errs []error
	for _, e := range entries {
		if id != "" && e.ID != id || id == "" && !e.Gone(time.Now()) {
			continue
		}
		found = true
		if e.Owner.Alive() && e.Owner != ledger.Self() {
			errs = append(errs, fmt.Errorf("%w: environment %s: process %d works with it: stop that first", sandbox.ErrSetup, e.ID, e.Owner.PID))
			continue
		}
		started := time.Now()
		left, err := Recover(ctx, r, e)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("environment %s (account %s, prefix %s): %w", e.ID, e.Account, e.Prefix, err))
		case len(left) > 0:
			lines := make([]string, len(left))
			for i, x := range left {
				lines[i] = x.String()
			}
			errs = append(errs, fmt.Errorf("%w in environment %s (account %s):\n  %s", ErrLeft, e.ID, e.Account, strings.Join(lines, "\n  ")))
		default:
			say("environment %s (%s, account %s): nothing left, %.1fs", e.ID, e.Suite, e.Account, time.Since(started).Seconds())
		}
	}
	if id != "" && !found {
		return fmt.Errorf("%w: RUN=%s: the ledger has no such environment (fintrack ledger lists what is open)", sandbox.ErrSetup, id)
	}
	if id == "" && !found {
		say("the ledger has no environment of a dead run")
	}
	_, err = r.Tidy(ctx) // the emulators that nobody needs now
	return errors.Join(append(errs, err)...)
}

// ExitCode returns the exit code of a program that ends with err.
func ExitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return ExitProven
	case errors.As(err, &exit):
		return exit.ExitCode()
	case errors.Is(err, ErrLeft):
		return ExitLeft
	case errors.Is(err, sandbox.ErrSetup):
		return ExitSetup
	}
	return ExitFailed
}
