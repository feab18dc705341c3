package twin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Twin is a plan that stands: namespaces, held open by this process alone.
type Twin struct {
	*Plan
	at      map[string]*os.File
	serving []int // sockets that answer
}

// Build makes the namespaces of a plan. It returns ErrNotHere, with the reason, on a
// machine that cannot.
func Build(ctx context.Context, p *Plan) (*Twin, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w: this is not root", ErrNotHere)
	}
	for _, program := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, fmt.Errorf("%w: %s is missing: apt-get install -y iproute2 nftables", ErrNotHere, program)
		}
	}
	t := &Twin{Plan: p, at: map[string]*os.File{}}
	for _, s := range p.spaces {
		f, err := namespace()
		if err != nil {
			t.Close()
			return nil, fmt.Errorf("%w: a network namespace cannot be made: %w", ErrNotHere, err)
		}
		t.at[s.name] = f
	}
	err := t.furnish(ctx)
	if err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// namespace makes a network namespace and returns a file that holds it. Its thread
// ends with the goroutine, since it is never unlocked.
func namespace() (*os.File, error) {
	type result struct {
		f   *os.File
		err error
	}
	c := make(chan result)
	go func() {
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			c <- result{err: err}
			return
		}
		f, err := os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
		c <- result{f, err}
	}()
	r := <-c
	return r.f, r.err
}

// within runs do on a thread that is in a namespace.
func (t *Twin) within(space string, do func() error) error {
	f, ok := t.at[space]
	if !ok {
		return fmt.Errorf("no namespace %q in this twin", space)
	}
	c := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
			c <- fmt.Errorf("enter namespace %s: %w", space, err)
			return
		}
		c <- do()
	}()
	return <-c
}

// furnish makes the links, then gives each namespace its addresses, routes and rules.
func (t *Twin) furnish(ctx context.Context) error {
	pairs := map[string][]string{}
	for _, l := range t.links {
		pairs[l.a] = append(pairs[l.a], fmt.Sprintf("link add name %s type veth peer name %s netns /proc/%d/fd/%d", l.devA, l.devB, os.Getpid(), t.at[l.b].Fd()))
	}
	for space, lines := range pairs {
		if err := t.run(ctx, space, strings.Join(lines, "\n")+"\n", "ip", "-batch", "-"); err != nil {
			return err
		}
	}
	for _, s := range t.spaces {
		if err := t.within(s.name, func() error { return settings(s.forward) }); err != nil {
			return err
		}
		if err := t.run(ctx, s.name, strings.Join(s.batch, "\n")+"\n", "ip", "-batch", "-"); err != nil {
			return err
		}
		if s.nft == "" {
			continue
		}
		if err := t.run(ctx, s.name, s.nft, "nft", "-f", "-"); err != nil {
			return err
		}
	}
	return nil
}

// settings are those of a namespace: whether it forwards, and that it takes packets
// that come one way and go another, as AWS does.
func settings(forward bool) error {
	values := map[string]string{"ip_forward": "0", "conf/all/rp_filter": "0", "conf/default/rp_filter": "0", "conf/all/send_redirects": "0", "conf/default/send_redirects": "0"}
	if forward {
		values["ip_forward"] = "1"
	}
	for name, value := range values {
		if err := os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// run runs a program in a namespace. A child is in the namespace of the thread that
// started it.
func (t *Twin) run(ctx context.Context, space, stdin, program string, args ...string) error {
	return t.within(space, func() error {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Stdin = strings.NewReader(stdin)
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s in namespace %s: %w: %s\n%s", program, space, err, said.String(), stdin)
		}
		return nil
	})
}

// Close takes the twin down: the kernel removes a namespace that nobody holds.
func (t *Twin) Close() {
	for _, fd := range t.serving {
		_ = syscall.Shutdown(fd, syscall.SHUT_RDWR)
		_ = syscall.Close(fd)
	}
	t.serving = nil
	for _, f := range t.at {
		_ = f.Close()
	}
	t.at = nil
}

var errNoAddr = errors.New("nobody of that name")
