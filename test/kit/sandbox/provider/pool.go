package provider

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/fintrack/platform/test/kit/sandbox/provider/front"
)

// Limits of one process of a Pool: it is replaced when it has grown or served
// that much.
type Limits struct {
	// Memory is its resident set, in bytes. A process that has just loaded its
	// schemas has about 400 MB.
	Memory int64
	// Uses is how many configurations it serves.
	Uses int
}

// DefaultLimits leave room for a few processes below 2 GiB.
var DefaultLimits = Limits{Memory: 900 << 20, Uses: 64}

// ErrClosed is returned by Acquire after Close.
var ErrClosed = errors.New("the pool of providers is closed")

// Watch is told of every process of a Pool, so that one whose owner is killed
// can be found. Either function may be nil.
type Watch struct {
	Started func(*Process) error // an error stops the process again
	Stopped func(*Process)
}

// Pool lends provider processes, each to one root module at a time. A front stands
// before each, and starts more beside it for the further configurations of that
// module: those do not count against the pool's size.
type Pool struct {
	in     *Installation
	dir    string
	limits Limits
	watch  Watch
	slots  chan struct{} // one for each process that may be lent

	mu       sync.Mutex
	idle     []*Process
	lent     map[*Process]bool
	starting int // not yet lent
	started  int
	closed   bool
}

// NewPool makes a pool of at most size processes, whose logs go into dir. It
// starts none before one is asked for.
func NewPool(in *Installation, size int, dir string, limits Limits, watch Watch) *Pool {
	return &Pool{in: in, dir: dir, limits: limits, watch: watch, slots: make(chan struct{}, max(size, 1)), lent: map[*Process]bool{}}
}

// Acquire returns a process that the caller alone may use until Release. When all
// are lent it waits, as long as ctx allows. env is the environment of the process
// as in Serve; one that runs is lent only to an environment that differs in
// nothing but keys, which the configuration carries itself (see Override).
func (p *Pool) Acquire(ctx context.Context, env []string) (*Process, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a provider process: %w", ctx.Err())
	}
	process, err := p.take(ctx, env)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return process, nil
}

// take returns an idle process that fits, or a new one; the caller has a slot.
func (p *Pool) take(ctx context.Context, env []string) (*Process, error) {
	want := signature(env)
	process, surplus, err := p.reserve(want)
	if err != nil {
		return nil, err
	}
	if process != nil {
		process.uses++
		process.front.Show(nil)
		return process, nil
	}
	if surplus != nil {
		p.stop(surplus)
	}
	process, err = p.serve(ctx, env)
	p.mu.Lock()
	p.starting--
	closed := p.closed
	if err == nil && !closed {
		process.signature, process.uses = want, 1
		p.lent[process] = true
	}
	p.mu.Unlock()
	if err == nil && closed {
		p.stop(process)
		err = ErrClosed
	}
	if err != nil {
		return nil, err
	}
	return process, nil
}

// serve starts a process with a front.
func (p *Pool) serve(ctx context.Context, env []string) (*Process, error) {
	process, err := p.lone(ctx, env)
	if err != nil {
		return nil, err
	}
	process.front, err = front.Start(front.Config{
		First: process, Cache: &p.in.schemas,
		More: func(ctx context.Context) (front.Backend, error) { return p.lone(ctx, env) },
	})
	if err != nil {
		p.stop(process)
		return nil, err
	}
	return process, nil
}

// lone starts a process that the watch knows.
func (p *Pool) lone(ctx context.Context, env []string) (*Process, error) {
	p.mu.Lock()
	p.started++
	log := filepath.Join(p.dir, fmt.Sprintf("provider-%d.log", p.started))
	p.mu.Unlock()
	process, err := Serve(ctx, p.in, env, log)
	if err != nil || p.watch.Started == nil {
		return process, err
	}
	if err := p.watch.Started(process); err != nil {
		p.stop(process)
		return nil, err
	}
	return process, nil
}

// stop stops a process, its front and those behind it.
func (p *Pool) stop(process *Process) {
	if process.front != nil {
		_ = process.front.Close() // its folder is in the temporary one
		for _, b := range process.front.Backends() {
			if other := b.(*Process); other != process {
				p.stop(other)
			}
		}
	}
	process.Stop()
	if p.watch.Stopped != nil {
		p.watch.Stopped(process)
	}
}

// trim stops the processes behind the front that have ended or grown.
func (p *Pool) trim(process *Process) {
	for _, b := range process.front.Backends() {
		if other := b.(*Process); other != process && p.spent(other) {
			process.front.Drop(other)
			p.stop(other)
		}
	}
}

// spent says whether a process has ended or grown too large.
func (p *Pool) spent(process *Process) bool {
	if !process.Alive() {
		return true
	}
	rss, err := process.Memory()
	return err != nil || rss > p.limits.Memory
}

// reserve lends an idle process with the signature. When there is none, the
// caller starts one, after it has stopped the surplus one that is in its place.
func (p *Pool) reserve(want string) (process, surplus *Process, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, ErrClosed
	}
	p.idle = slices.DeleteFunc(p.idle, func(x *Process) bool {
		if x.Alive() {
			return false
		}
		p.stop(x)
		return true
	})
	if i := slices.IndexFunc(p.idle, func(x *Process) bool { return x.signature == want }); i >= 0 {
		process = p.idle[i]
		p.idle = slices.Delete(p.idle, i, i+1)
		p.lent[process] = true
		return process, nil, nil
	}
	if len(p.idle)+len(p.lent)+p.starting >= cap(p.slots) {
		surplus, p.idle = p.idle[0], p.idle[1:]
	}
	p.starting++
	return nil, surplus, nil
}

// Release gives a process back. One that has ended, grown or served too much is
// stopped, and the next Acquire starts another.
func (p *Pool) Release(process *Process) {
	spent := process.uses >= p.limits.Uses || p.spent(process)
	if !spent {
		p.trim(process)
	}
	p.mu.Lock()
	if !p.lent[process] {
		p.mu.Unlock()
		return
	}
	delete(p.lent, process)
	if !spent && !p.closed {
		p.idle = append(p.idle, process)
		process = nil
	}
	p.mu.Unlock()
	if process != nil {
		p.stop(process)
	}
	<-p.slots
}

// Close stops every process, those that are lent too.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	all := p.idle
	p.idle = nil
	for process := range p.lent {
		all = append(all, process)
	}
	p.mu.Unlock()
	var group sync.WaitGroup
	for _, process := range all {
		group.Go(func() { p.stop(process) })
	}
	group.Wait()
}

// keys are variables that a configuration's own settings take the place of.
var keys = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}

// signature is what of an environment the provider acts on, keys left out.
func signature(env []string) string {
	last := map[string]string{}
	for _, kv := range env {
		if k, v, _ := strings.Cut(kv, "="); strings.HasPrefix(k, "AWS_") && !slices.Contains(keys, k) {
			last[k] = v
		}
	}
	var list []string
	for k, v := range last {
		list = append(list, k+"="+v)
	}
	slices.Sort(list)
	return strings.Join(list, "\n")
}
