package provider

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Bounds of a provider process, as data.
var (
	serveReady = 60 * time.Second // from start to the announcement, on a loaded machine
	serveStop  = 5 * time.Second  // from SIGTERM to SIGKILL
)

// opener opens one file whatever name is asked for; it stands for a folder of one file.
func opener(path string) func(string) (io.ReadCloser, error) {
	return func(string) (io.ReadCloser, error) { return os.Open(path) }
}

// Process is a provider that outlives one Terraform command: Terraform attaches
// to it by TF_REATTACH_PROVIDERS instead of starting its own. It keeps the
// settings of the configuration that came last: one configuration at a time.
type Process struct {
	cmd      *exec.Cmd
	reattach string
	ended    chan struct{}
}

// Serve starts the provider in its debug mode, in a session of its own so that
// a terminal's Ctrl-C does not reach it; env is its whole environment beside
// this process's, log takes what it prints.
func Serve(ctx context.Context, in *Installation, env []string, log string) (*Process, error) {
	if in.Program == "" {
		return nil, errors.New("serve the provider: it is not on this machine")
	}
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd := exec.Command(in.Program, "-debug")
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the provider %s: %w", in.Program, err)
	}
	p := &Process{cmd: cmd, ended: make(chan struct{})}
	announced := make(chan string, 1)
	go func() {
		defer close(p.ended)
		lines := bufio.NewScanner(stdout)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if _, v, ok := strings.Cut(lines.Text(), "TF_REATTACH_PROVIDERS="); ok {
				announced <- strings.Trim(strings.TrimSpace(v), "'")
			}
		}
		_ = cmd.Wait()
	}()
	select {
	case p.reattach = <-announced:
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("the provider ended at once; log: %s", log)
	case <-ctx.Done():
		p.Stop()
		return nil, ctx.Err()
	case <-time.After(serveReady):
		p.Stop()
		return nil, fmt.Errorf("the provider did not announce itself within %s; log: %s", serveReady, log)
	}
}

// PID is the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Reattach is the value of TF_REATTACH_PROVIDERS.
func (p *Process) Reattach() string { return p.reattach }

// Alive reports whether the process still runs.
func (p *Process) Alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Stop ends the process and waits until it has ended.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(serveStop):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}
