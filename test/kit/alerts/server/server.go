// Package server runs the real servers of the monitoring as processes of a test.
package server

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Program is the path of a server, from the environment of scripts/test-alerts-live.
func Program(t testing.TB, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	require.NotEmpty(t, path, "%s is not set: run scripts/test-alerts-live", variable)
	return path
}

// FreePort is a loopback address that nobody listened on a moment ago.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// Process is a server of the test; its output is shown when the test fails.
type Process struct {
	cmd  *exec.Cmd
	out  output
	done chan struct{}
}

type output struct {
	sync.Mutex
	bytes.Buffer
}

// Write adds to what the process said.
func (o *output) Write(p []byte) (int, error) {
	o.Lock()
	defer o.Unlock()
	return o.Buffer.Write(p)
}

// Start starts a server that ends with the test, and with the process of the test.
func Start(t testing.TB, program string, args ...string) *Process {
	t.Helper()
	p := &Process{cmd: exec.Command(program, args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(program), p.Said())
		}
	})
	return p
}

// Ready waits until the server answers a GET of url with 200; one that ends before
// fails the test with what it said.
func (p *Process) Ready(t testing.TB, url string, within time.Duration) {
	t.Helper()
	deadline := time.After(within)
	for {
		if resp, err := http.Get(url); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-p.done:
			require.FailNow(t, "the server ended", "%s said:\n%s", p.cmd.Path, p.Said())
		case <-deadline:
			require.FailNow(t, "the server is not ready", "%s does not answer %s within %s", p.cmd.Path, url, within)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Kill ends the process at once, as a node that dies would.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Stop ends the process as Kubernetes does, and waits until it has put its things in order.
func (p *Process) Stop(t testing.TB, within time.Duration) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.done:
	case <-time.After(within):
		require.FailNow(t, "the server does not end", "%s, %s after SIGTERM", p.cmd.Path, within)
	}
}

// Said is what the process has written so far.
func (p *Process) Said() string {
	p.out.Lock()
	defer p.out.Unlock()
	return p.out.String()
}
