package deploy

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
	"github.com/fintrack/platform/test/kit/sandbox/provider"
)

// providers lends the provider processes of this program: a process keeps the
// settings of whoever configured it last, so one configuration has it at a time,
// until its test ends.
type providers struct {
	mu        sync.Mutex
	installed *provider.Installation
	pool      *provider.Pool
}

// providerProcesses is how many configurations of one program are under way at a
// time: what a module's life waits for leaves a core to its refusals.
const providerProcesses = 2

// terraform returns a runner for the root module in dir, with the provider
// installed for it: the compressed-time copy and a long-lived process, until the
// test ends, in the emulated environment, the untouched provider elsewhere.
func (p *providers) terraform(ctx context.Context, t testing.TB, s *sandbox.Sandbox, dir string) (*terraform, error) {
	tf, err := p.runner(ctx, t, s, dir, "")
	if err != nil {
		return nil, err
	}
	release, err := p.lend(ctx, s, tf)
	if err != nil {
		return nil, err
	}
	t.Cleanup(release)
	return tf, nil
}

// plain says that the suite is measured as plain terratest would run it.
func plain() bool { return os.Getenv("FINTRACK_PLAIN_PROVIDER") != "" }

// collectorPercent is GOGC for Terraform and the provider. Both hold the provider's
// schemas, some hundred MiB, for as long as they live; at Go's own 100 a third of
// their processor time goes into tracing them again.
const collectorPercent = "400"

// runner is terraform without a long-lived process, which lend gives it. The label
// tells its log from that of others in the same environment.
func (p *providers) runner(ctx context.Context, t testing.TB, s *sandbox.Sandbox, dir, label string) (*terraform, error) {
	in, _, err := p.prepare(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	env := s.Environ()
	maps.Copy(env, in.Environ())
	if os.Getenv("GOGC") == "" && !plain() {
		env["GOGC"] = collectorPercent
	}
	if err := in.Seed(dir); err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	if s.Endpoint() != "" {
		if err := emulate(s, dir); err != nil {
			return nil, err
		}
	}
	return newTerraform(t, s, dir, label, env)
}

// emulate writes the emulator's settings into the folder of a configuration.
func emulate(s *sandbox.Sandbox, dir string) error {
	c := s.Credentials()
	if err := provider.Override(dir, provider.Settings{AccessKey: c.AccessKeyID, SecretKey: c.SecretAccessKey, Token: c.SessionToken}); err != nil {
		return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	return nil
}

// lend gives a runner a long-lived process, where its configuration may use one,
// until release is called.
func (p *providers) lend(ctx context.Context, s *sandbox.Sandbox, tf *terraform) (release func(), err error) {
	release = func() {}
	if s.Endpoint() == "" || plain() {
		return release, nil
	}
	ok, _, err := provider.Reattachable(tf.opts.TerraformDir)
	if err != nil {
		return release, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	if !ok {
		return release, nil
	}
	var list []string
	for _, k := range slices.Sorted(maps.Keys(tf.opts.EnvVars)) {
		list = append(list, k+"="+tf.opts.EnvVars[k])
	}
	process, err := p.pool.Acquire(ctx, list)
	if err != nil {
		return release, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	process.Show(tf.opts.TerraformDir)
	tf.opts.EnvVars[reattach] = process.Reattach()
	return func() {
		delete(tf.opts.EnvVars, reattach)
		p.pool.Release(process)
	}, nil
}

// reattach is the variable that makes Terraform use a process that runs.
const reattach = "TF_REATTACH_PROVIDERS"

// again writes the provider's files into the folder of a runner anew, for another
// configuration in the same place, and returns a runner for it. A configuration
// that cannot use the long-lived process any more, or could only now, is run
// without it.
func (p *providers) again(s *sandbox.Sandbox, tf *terraform) (*terraform, error) {
	dir := tf.opts.TerraformDir
	if err := p.installed.Seed(dir); err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	if s.Endpoint() == "" {
		return tf, nil
	}
	if err := emulate(s, dir); err != nil {
		return nil, err
	}
	ok, _, err := provider.Reattachable(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	if !ok {
		delete(tf.opts.EnvVars, reattach)
	}
	return tf, nil
}

// prepare installs the provider once for this program.
func (p *providers) prepare(ctx context.Context, s *sandbox.Sandbox) (*provider.Installation, *provider.Pool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.installed != nil {
		return p.installed, p.pool, nil
	}
	factor, err := compression(s)
	if err != nil {
		return nil, nil, err
	}
	in, err := provider.Prepare(ctx, s.Run.Paths.Cache, factor)
	if err != nil {
		return nil, nil, err
	}
	if in.Warning != "" {
		fmt.Fprintln(os.Stderr, "warning:", in.Warning)
	}
	p.installed = in
	p.pool = provider.NewPool(in, providerProcesses, s.Run.Dir, provider.DefaultLimits, recorded(s.Run))
	return p.installed, p.pool, nil
}

// recorded keeps every provider process in the ledger as long as it runs.
func recorded(r *sandbox.Run) provider.Watch {
	id := func(p *provider.Process) string { return fmt.Sprintf("provider-%d", p.PID()) }
	return provider.Watch{
		Started: func(p *provider.Process) error {
			return r.Ledger.Background.Put(id(p), ledger.Background{ID: id(p), Kind: "provider", Process: ledger.Of(p.PID()), Owner: ledger.Self(), Started: time.Now().UTC()})
		},
		Stopped: func(p *provider.Process) {
			if err := r.Ledger.Background.Remove(id(p)); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		},
	}
}

// stop ends the processes at the end of the run.
func (p *providers) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pool != nil {
		p.pool.Close()
	}
}

// timeCompression divides the provider's waits in the emulated environment, unless
// FINTRACK_COMPRESSION says otherwise. A higher factor would also cut the timeouts
// that a loaded machine needs.
const timeCompression = 32

// compression is the clock as it is anywhere but on an emulator.
func compression(s *sandbox.Sandbox) (provider.Compression, error) {
	if s.Endpoint() == "" || plain() {
		return 0, nil
	}
	text := os.Getenv("FINTRACK_COMPRESSION")
	if text == "" {
		return timeCompression, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 1024 || n&(n-1) != 0 {
		return 0, fmt.Errorf("FINTRACK_COMPRESSION=%s: want a power of two from 1 to 1024", text)
	}
	return provider.Compression(n), nil
}
