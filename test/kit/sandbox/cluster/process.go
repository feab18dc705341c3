package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

var errPortTaken = errors.New("a port was taken meanwhile")

// child is one process of the control plane.
type child struct {
	name  string
	entry ledger.Background
	ended chan struct{} // closed when the process has ended
}

// startProcesses starts what commands says and writes each into the ledger at
// once: a run that is killed while it waits leaves nothing unknown.
func (c *Cluster) startProcesses() error {
	list, err := c.commands()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range list {
		cmd := exec.Command(x.path, x.args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, log, log
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is the run's to answer: it stops the cluster
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("start %s: %w", x.path, err)
		}
		p := &child{name: x.name, ended: make(chan struct{}), entry: ledger.Background{
			ID: fmt.Sprintf("cluster-%d-%d", c.ports.api, cmd.Process.Pid), Kind: "cluster", Endpoint: c.Endpoint,
			Process: ledger.Of(cmd.Process.Pid), Owner: ledger.Self(), Started: time.Now().UTC(),
		}}
		go func() {
			_ = cmd.Wait() // how it ended is in the log
			close(p.ended)
		}()
		c.running = append(c.running, p)
		if err := c.run.Ledger.Background.Put(p.entry.ID, p.entry); err != nil {
			return err
		}
	}
	return nil
}

// halt ends the processes by sig, the last one started first, and strikes them.
func (c *Cluster) halt(sig syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for len(c.running) > 0 {
		p := c.running[len(c.running)-1]
		if err := p.entry.Process.End(sig, stopGrace); err != nil {
			return errors.Join(append(errs, err)...)
		}
		<-p.ended
		errs = append(errs, c.run.Ledger.Background.Remove(p.entry.ID))
		c.running = c.running[:len(c.running)-1]
	}
	if c.client != nil {
		c.client.CloseIdleConnections()
	}
	return errors.Join(errs...)
}

// endedEarly returns an error when one of the processes has ended by itself.
func (c *Cluster) endedEarly() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.running {
		select {
		case <-p.ended:
			said := tail(c.Log)
			if strings.Contains(said, "address already in use") {
				return fmt.Errorf("%w: %s", errPortTaken, said)
			}
			return fmt.Errorf("%s ended at once; %s says:\n%s", p.name, c.Log, said)
		default:
		}
	}
	return nil
}

// tail returns the last lines of a log file.
func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}
