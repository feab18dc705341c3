package provider

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/provider/front"
)

// Bounds of a provider process.
var (
	serveReady = 60 * time.Second // from start to the announcement, on a loaded machine
	stopStep   = 3 * time.Second  // from one signal to the next, stronger one
)

// Process is a provider that outlives one Terraform command: Terraform attaches
// to it by TF_REATTACH_PROVIDERS instead of starting its own. It keeps the
// settings of the configuration that came last: one configuration at a time, unless
// a Pool has lent it, which puts a front before it.
type Process struct {
	cmd       *exec.Cmd
	announced announcement
	ended     chan struct{} // closed when the process has ended
	stop      sync.Once

	// What follows is a Pool's.
	signature string // which environment it was started in
	uses      int
	front     *front.Front
}

// Serve starts the provider in its debug mode and waits until it can be reached.
// It runs in a session of its own, so that a terminal's Ctrl-C does not reach it.
// env is added to this process's environment; log takes what it prints. A
// provider with compressed time is only served when env sends it to an endpoint
// on this machine: the error is ErrReal otherwise.
func Serve(ctx context.Context, in *Installation, env []string, log string) (*Process, error) {
	if in.Program == "" {
		return nil, errors.New("serve the provider: it is not on this machine")
	}
	env = append(os.Environ(), env...)
	if in.compressed {
		if err := emulated(env); err != nil {
			return nil, err
		}
		for k, v := range unreachable {
			env = append(env, k+"="+v)
		}
	}
	p, lines, err := start(in.Program, env, log)
	if err != nil {
		return nil, fmt.Errorf("start the provider %s: %w", in.Program, err)
	}
	if err := p.await(ctx, lines); err != nil {
		p.Stop()
		return nil, fmt.Errorf("%w; %s ends with:\n%s", err, log, lastLines(log))
	}
	return p, nil
}

// heard is one announcement, or why it could not be read.
type heard struct {
	announcement
	err error
}

// start starts the program; the channel gets its first announcement, and is
// closed when the program prints no more.
func start(program string, env []string, log string) (*Process, <-chan heard, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, errors.Join(err, out.Close())
	}
	cmd := exec.Command(program, "-debug")
	cmd.Env, cmd.Stdout, cmd.Stderr = env, w, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	w.Close()
	if err != nil {
		return nil, nil, errors.Join(err, r.Close(), out.Close())
	}
	p := &Process{cmd: cmd, ended: make(chan struct{})}
	lines := make(chan heard, 1)
	go func() {
		defer close(lines)
		defer out.Close()
		listen(r, out, lines)
	}()
	go func() {
		_ = cmd.Wait() // how it ended is in the ProcessState
		close(p.ended)
		// A child of its own that outlives it must not keep us listening.
		time.AfterFunc(stopStep, func() { r.Close() })
	}()
	return p, lines, nil
}

// listen copies what the provider prints to its log, and reports the first
// announcement in it. However long it prints, it is never kept waiting.
func listen(from io.Reader, log io.Writer, report chan<- heard) {
	in := bufio.NewReaderSize(from, 64<<10)
	found := false
	for {
		line, err := in.ReadString('\n')
		_, _ = io.WriteString(log, line) // a log that cannot be written is no reason to end
		if a, ok, bad := readAnnouncement(line); !found && (ok || bad != nil) {
			found = true
			report <- heard{a, bad}
		}
		if err != nil {
			return
		}
	}
}

// await waits for the announcement.
func (p *Process) await(ctx context.Context, lines <-chan heard) error {
	late := time.After(serveReady)
	ended := (<-chan struct{})(nil) // of interest only when nothing more can be heard
	for {
		select {
		case h, ok := <-lines:
			switch {
			case !ok:
				lines, ended = nil, p.ended
				continue
			case h.err != nil:
				return h.err
			case h.pid != p.PID():
				return fmt.Errorf("the provider announced process %d, but %d was started", h.pid, p.PID())
			}
			p.announced = h.announcement
			return nil
		case <-ended:
			return fmt.Errorf("the provider ended at once (%s)", p.cmd.ProcessState)
		case <-ctx.Done():
			return fmt.Errorf("wait for the provider: %w", ctx.Err())
		case <-late:
			return fmt.Errorf("the provider did not announce itself within %s", serveReady)
		}
	}
}

// PID is the number of the process, which is also that of its process group.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Socket is the path that the process listens on, "" when it listens elsewhere.
func (p *Process) Socket() string { return p.announced.socket }

// Reattach is the value of TF_REATTACH_PROVIDERS.
func (p *Process) Reattach() string {
	if p.front == nil {
		return p.announced.value
	}
	return announce(p.PID(), p.front.Socket())
}

// Show says that the root module in dir is what Terraform works on until the process
// is given back. Each command gets the schemas of the types that its configuration and
// the states beside it name then, or have named since, and no others. A process that
// no Pool has lent shows all, and so does one whose configuration cannot be read, which
// is Terraform's to complain about.
func (p *Process) Show(dir string) {
	if p.front == nil {
		return
	}
	seen := map[string]bool{}
	var mu sync.Mutex
	p.front.Show(func() map[string]bool {
		mu.Lock()
		defer mu.Unlock()
		words, err := mentioned(dir)
		if err != nil {
			return nil
		}
		maps.Copy(seen, words)
		return maps.Clone(seen)
	})
}

// Alive reports whether the process still runs.
func (p *Process) Alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Stop ends the process, and returns when it has ended and its socket is gone: it
// interrupts it, on which a provider closes its socket, and then is less polite.
// It may be called more than once.
func (p *Process) Stop() {
	p.stop.Do(func() {
		for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
			if !p.Alive() {
				break
			}
			_ = syscall.Kill(-p.PID(), signal) // it may have ended just now
			select {
			case <-p.ended:
			case <-time.After(stopStep):
			}
		}
		<-p.ended
		if p.announced.socket != "" {
			_ = os.Remove(p.announced.socket) // gone already, unless it had to be killed
		}
	})
}

// lastLines are the end of a log.
func lastLines(log string) string {
	b, err := os.ReadFile(log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}
