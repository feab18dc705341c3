package deploy

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
	"github.com/fintrack/platform/test/kit/sandbox/provider"
)

// providerHolder lends the one long-lived provider process of this program. A
// provider process keeps the settings of whoever configured it last, so one
// configuration has it at a time, until its test ends.
type providerHolder struct {
	mu        sync.Mutex
	installed *provider.Installation
	process   *provider.Process
	recorded  string
}

// terraform returns a runner for the root module in dir, with the provider
// installed for it: the compressed-time copy and the long-lived process in the
// emulated environment, the untouched provider elsewhere.
func (p *providerHolder) terraform(ctx context.Context, t testing.TB, s *sandbox.Sandbox, dir string) (_ *terraform, err error) {
	p.mu.Lock()
	t.Cleanup(p.mu.Unlock)
	if p.installed == nil {
		if p.installed, err = provider.Prepare(ctx, s.Run.Paths.Cache, compression(s)); err != nil {
			return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
		}
		if p.installed.Warning != "" {
			fmt.Fprintln(os.Stderr, "warning:", p.installed.Warning)
		}
	}
	env := s.Environ()
	maps.Copy(env, p.installed.Environ())
	if err := p.installed.Seed(dir); err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	if s.Endpoint() != "" {
		if err := p.emulate(ctx, s, dir, env); err != nil {
			return nil, err
		}
	}
	return newTerraform(t, s, dir, env)
}

func (p *providerHolder) emulate(ctx context.Context, s *sandbox.Sandbox, dir string, env map[string]string) error {
	c := s.Credentials()
	err := provider.Override(dir, provider.Settings{AccessKey: c.AccessKeyID, SecretKey: c.SecretAccessKey, Token: c.SessionToken})
	if err != nil {
		return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	if ok, _, err := provider.Reattachable(dir); err != nil || !ok || os.Getenv("FINTRACK_PLAIN_PROVIDER") != "" {
		return err
	}
	if p.process == nil {
		var list []string
		for _, k := range slices.Sorted(maps.Keys(env)) {
			list = append(list, k+"="+env[k])
		}
		if p.process, err = provider.Serve(ctx, p.installed, list, filepath.Join(s.Run.Dir, "provider.log")); err != nil {
			return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
		}
		pid := p.process.PID()
		p.recorded = fmt.Sprintf("provider-%d", pid)
		err = s.Run.Ledger.Background.Put(p.recorded, ledger.Background{ID: p.recorded, Kind: "provider", Process: ledger.Of(pid), Owner: ledger.Self(), Started: time.Now().UTC()})
		if err != nil {
			return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
		}
	}
	env["TF_REATTACH_PROVIDERS"] = p.process.Reattach()
	return nil
}

// stop ends the process at the end of the run.
func (p *providerHolder) stop(r *sandbox.Run) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process == nil {
		return
	}
	p.process.Stop()
	if err := r.Ledger.Background.Remove(p.recorded); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	p.process = nil
}

// timeCompression divides the provider's waits in the emulated environment. A
// higher factor would also cut the timeouts that a loaded machine needs.
const timeCompression = 32

// compression is the clock as it is anywhere but on an emulator.
func compression(s *sandbox.Sandbox) provider.Compression {
	if s.Endpoint() == "" || os.Getenv("FINTRACK_PLAIN_PROVIDER") != "" {
		return 0
	}
	return timeCompression
}
