package pods

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/fintrack/platform/test/kit/kindcluster"
	"github.com/fintrack/platform/test/kit/netpol"
	"github.com/fintrack/platform/test/kit/netpol/probe"
	corev1 "k8s.io/api/core/v1"
)

const (
	// patience is how long a connection may take. One that the policies admit and that
	// does not come about is asked again, with more patience each time: the machine may
	// be busy. One that must not come about is never asked twice.
	patience = 1200 * time.Millisecond
	rounds   = 4
	// atOnce is how many connections one probe tries at a time, and asking how many
	// probes do so.
	atOnce = 400
	asking = 6
)

// cell is one connection: what the engine answers, and what came of it.
type cell struct {
	from, to netpol.Peer
	protocol corev1.Protocol
	port     int
	want     netpol.Answer
	got      probe.Answer
}

func (c cell) String() string {
	return fmt.Sprintf("%s (%s) to %s (%s) on %s %d: the packets say %s, the policies\n%s", c.from, c.from.Addr, c.to, c.to.Addr, c.protocol, c.port, c.got, c.want)
}

// agrees says whether the packets did what the policies say. Nobody refuses here: what
// passes is answered.
func (c cell) agrees() bool {
	if c.want.Passes {
		return c.got == probe.Open
	}
	return c.got == probe.Silent
}

// Cells is what came of all connections that were asked.
type Cells struct {
	Asked, Passed int
	// Differences tell where the packets and the policies disagree.
	Differences []string
}

// String counts.
func (c Cells) String() string {
	if len(c.Differences) > 0 {
		return fmt.Sprintf("%d differences in %d connections; the first: %s", len(c.Differences), c.Asked, c.Differences[0])
	}
	return fmt.Sprintf("%d connections, %d passed, %d did not, no difference", c.Asked, c.Passed, c.Asked-c.Passed)
}

// Proves says that there was no difference, and something that passes and something
// that does not: where all is alike nothing was seen.
func (c Cells) Proves() bool {
	return len(c.Differences) == 0 && c.Passed > 0 && c.Passed < c.Asked
}

// Between asks every pod of the cast for every other, on every port of TCP and UDP, by
// each address that both have.
func (c *Cast) Between(ctx context.Context) (Cells, error) {
	var all []cell
	for _, from := range c.probes() {
		for _, to := range c.Pods {
			if from == to || to.HostNetwork {
				continue
			}
			for _, a := range c.addrs[from.String()] {
				for _, b := range c.addrs[to.String()] {
					all = append(all, c.pair(netpol.Peer{Pod: from, Addr: a}, netpol.Peer{Pod: to, Addr: b})...)
				}
			}
		}
	}
	return c.ask(ctx, all, nil)
}

// Across asks every pod of the cast for every address outside, and the other way.
func (c *Cast) Across(ctx context.Context, outside *kindcluster.Outside, addrs []netip.Addr) (Cells, error) {
	var all []cell
	for _, p := range c.probes() {
		for _, a := range c.addrs[p.String()] {
			for _, b := range addrs {
				in, out := netpol.Peer{Pod: p, Addr: a}, netpol.Peer{Addr: b}
				all = append(append(all, c.pair(in, out)...), c.pair(out, in)...)
			}
		}
	}
	return c.ask(ctx, all, outside)
}

// pair is every port of TCP and UDP from one to another, with the engine's answers. A
// name server is asked for names alone; nobody listens on its other ports.
func (c *Cast) pair(from, to netpol.Peer) []cell {
	if from.Addr.Is4() != to.Addr.Is4() {
		return nil
	}
	ports := c.ports
	if to.String() == nameServer {
		ports = []int{53}
	}
	var out []cell
	for _, protocol := range []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP} {
		for _, port := range ports {
			out = append(out, cell{from: from, to: to, protocol: protocol, port: port, want: c.Ask(from, to, protocol, port)})
		}
	}
	return out
}

// ask makes the connections.
func (c *Cast) ask(ctx context.Context, all []cell, outside *kindcluster.Outside) (Cells, error) {
	open := make([]*cell, len(all))
	for i := range all {
		open[i] = &all[i]
	}
	for round := range rounds {
		if err := c.round(ctx, open, outside, patience*time.Duration(round+1)); err != nil {
			return Cells{}, err
		}
		open = slices.DeleteFunc(open, func(x *cell) bool { return x.agrees() || !x.want.Passes })
		if len(open) == 0 {
			break
		}
	}
	var out Cells
	for _, x := range all {
		out.Asked++
		if x.got == probe.Open {
			out.Passed++
		}
		if !x.agrees() {
			out.Differences = append(out.Differences, x.String())
		}
	}
	return out, nil
}

// round asks each connection once, of several sources side by side.
func (c *Cast) round(ctx context.Context, cells []*cell, outside *kindcluster.Outside, patience time.Duration) error {
	sources := map[string][]*cell{}
	for _, x := range cells {
		name := ""
		if x.from.Pod != nil {
			name = x.from.Pod.String()
		}
		sources[name] = append(sources[name], x)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	var failed error
	tokens := make(chan struct{}, asking)
	for _, of := range sources {
		wg.Add(1)
		tokens <- struct{}{}
		go func() {
			defer wg.Done()
			defer func() { <-tokens }()
			if err := c.source(ctx, of, outside, patience); err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
	return failed
}

// source asks all connections that start at one place.
func (c *Cast) source(ctx context.Context, cells []*cell, outside *kindcluster.Outside, patience time.Duration) error {
	r := probe.Round{Patience: patience, AtOnce: atOnce}
	for _, x := range cells {
		q := probe.Question{Network: "tcp", Address: net.JoinHostPort(x.to.Addr.String(), strconv.Itoa(x.port))}
		if x.protocol == corev1.ProtocolUDP {
			q.Network = "udp"
		}
		if x.from.Pod == nil {
			q.From = x.from.Addr.String()
		}
		r.Questions = append(r.Questions, q)
	}
	answers, err := c.put(ctx, cells[0].from.Pod, outside, r)
	if err != nil {
		return fmt.Errorf("ask as %s: %w", cells[0].from, err)
	}
	for i, a := range answers {
		cells[i].got = a
	}
	return nil
}

// put hands questions to the probe of a pod, or to the one outside.
func (c *Cast) put(ctx context.Context, from *netpol.Pod, outside *kindcluster.Outside, r probe.Round) ([]probe.Answer, error) {
	input, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	var output []byte
	if from == nil {
		output, err = c.kind.On(ctx, outside.Container, input, "/"+Program, "ask")
	} else {
		output, err = c.kind.Kubectl(ctx, input, "exec", "-i", "--namespace", from.Namespace, from.Name, "--", "/"+Program, "ask")
	}
	if err != nil {
		return nil, err
	}
	var answers []probe.Answer
	if err := json.Unmarshal(output, &answers); err != nil {
		return nil, err
	}
	if len(answers) != len(r.Questions) {
		return nil, fmt.Errorf("%d answers to %d questions", len(answers), len(r.Questions))
	}
	return answers, nil
}
