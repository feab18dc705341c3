package sandbox

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// Reopen takes up a kept environment under its ledger id.
func (r *Run) Reopen(ctx context.Context, id string) (*Sandbox, error) {
	e, err := r.Ledger.Environments.Get(id)
	if err != nil {
		return nil, fmt.Errorf("%w: RUN=%s: %w (fintrack ledger lists what is open)", ErrSetup, id, err)
	}
	if e.Owner.Alive() && e.Owner != ledger.Self() {
		return nil, fmt.Errorf("%w: RUN=%s: process %d works with it", ErrSetup, id, e.Owner.PID)
	}
	if Environment(e.Environment) != r.Environment {
		return nil, fmt.Errorf("%w: RUN=%s: it is in the environment %s, this run in %s: set ENV=%s", ErrSetup, id, e.Environment, r.Environment, e.Environment)
	}
	s := &Sandbox{Run: r, Account: e.Account, Region: e.Region, Prefix: e.Prefix, Dir: e.Dir,
		Tags: map[string]string{"fintrack:run": e.Run, "fintrack:expires": e.Expires.Format(time.RFC3339)}}
	if r.Environment.EmulatesAWS() {
		if s.emulator, err = attachEmulator(ctx, r.Ledger, e.Emulator); err != nil {
			return nil, err
		}
		if s.AWS, err = EmulatedConfig(ctx, s.emulator.Endpoint, e.Account, e.Region); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSetup, err)
		}
		if s.credentials, err = s.AWS.Credentials.Retrieve(ctx); err != nil {
			return nil, err
		}
	} else if err := s.leaseAWS(ctx); err != nil {
		return nil, err
	}
	e.Owner = ledger.Self()
	s.entry = e
	return s, s.Amend(func(*ledger.Entry) {})
}

// Reach returns SDK settings for the account of a ledger entry.
func (r *Run) Reach(ctx context.Context, e ledger.Entry) (aws.Config, error) {
	if !Environment(e.Environment).EmulatesAWS() {
		s := &Sandbox{Run: r, Region: e.Region}
		if err := s.leaseAWS(ctx); err != nil {
			return aws.Config{}, err
		}
		if s.Account != e.Account {
			return aws.Config{}, fmt.Errorf("%w: environment %s is in account %s, these credentials are for %s", ErrSetup, e.ID, e.Account, s.Account)
		}
		return s.AWS, nil
	}
	b, err := r.Ledger.Background.Get(e.Emulator)
	if err != nil {
		return aws.Config{}, err
	}
	return EmulatedConfig(ctx, b.Endpoint, e.Account, e.Region)
}
