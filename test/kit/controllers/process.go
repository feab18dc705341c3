package controllers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// stopGrace is the time from SIGTERM to SIGKILL.
const stopGrace = 10 * time.Second

// Process is the program of a controller, as a process of the run.
type Process struct {
	// Log is the file with what it says.
	Log string

	run   *sandbox.Run
	entry ledger.Background
	ended chan struct{}
}

// Program builds what tools/<name> pins, if it was not built before, and returns its
// path. A large program takes minutes the first time.
func Program(ctx context.Context, r *sandbox.Run, name string) (string, error) {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, filepath.Join(r.Paths.Root, "scripts", "build-tool"), name)
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w: build tools/%s: %w:\n%s", sandbox.ErrSetup, name, err, strings.TrimSpace(said.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// Start starts a program. The ledger knows it from its first moment on, so that the
// next run or the janitor stops what a killed run leaves.
func Start(r *sandbox.Run, name, program string, environment []string, args ...string) (*Process, error) {
	p := &Process{run: r, Log: filepath.Join(r.Dir, name+".log"), ended: make(chan struct{})}
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.Dir, log, log
	cmd.Env = append(os.Environ(), environment...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	go func() {
		_ = cmd.Wait() // how it ended is in the log
		close(p.ended)
	}()
	p.entry = ledger.Background{
		ID: fmt.Sprintf("%s-%d", name, cmd.Process.Pid), Kind: "controller", Process: ledger.Of(cmd.Process.Pid),
		Owner: ledger.Self(), Started: time.Now().UTC(),
	}
	return p, r.Ledger.Background.Put(p.entry.ID, p.entry)
}

// Beside is Start for one test, which fails when the program cannot be started or ends
// before the test; the program stops with the test.
func Beside(t testing.TB, r *sandbox.Run, name, program string, environment []string, args ...string) *Process {
	t.Helper()
	p, err := Start(r, name, program, environment, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if why := p.Ended(); why != "" {
			t.Errorf("%s: %s", name, why)
		}
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// Ended says how a process ended that should run, "" while it does.
func (p *Process) Ended() string {
	select {
	case <-p.ended:
		return "it has ended: " + p.tail()
	default:
		return ""
	}
}

// Stop ends the process and strikes it from the ledger.
func (p *Process) Stop() error {
	err := p.entry.Process.End(syscall.SIGTERM, stopGrace)
	if err == nil {
		<-p.ended
	}
	return errors.Join(err, p.run.Ledger.Background.Remove(p.entry.ID))
}

// tail returns the last lines of the log.
func (p *Process) tail() string {
	b, err := os.ReadFile(p.Log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}

// Ports are n loopback ports that are free now.
func Ports(n int) ([]int, error) {
	var out []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out, nil
}
