package netpol

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
	corev1 "k8s.io/api/core/v1"
)

// Across is the answer to one question through both worlds: what the cluster's
// policies let a pod send, and what the VPC carries from the pods' subnets.
type Across struct {
	Passes bool
	// Policies tell, for each part of the addresses asked that policies tell apart,
	// what they decide; Network tells the way through the VPC.
	Policies []Part
	Network  []reach.Pair
	trace    []reach.Trace
}

// Part is an address that stands for all up to the next one's, and its answer.
type Part struct {
	Addr netip.Addr
	Answer
}

// AskAcross asks whether a pod reaches a party of the VPC, or outside it, on a port
// of TCP or UDP. pods are the interfaces that pods have. It passes when policies
// admit some address and the VPC carries packets there.
func (c *Cluster) AskAcross(m *reach.Model, pod *Pod, pods, to reach.Party, protocol reach.Protocol, port reach.Port) Across {
	var out Across
	var admitted []netip.Prefix
	name := corev1.ProtocolTCP
	if protocol == reach.UDP {
		name = corev1.ProtocolUDP
	}
	for _, prefix := range to.Prefixes() {
		if !prefix.Addr().Is4() {
			continue
		}
		for _, a := range c.Addrs(prefix) {
			answer := c.Ask(Peer{Pod: pod}, Peer{Addr: a}, name, int(port))
			out.Policies = append(out.Policies, Part{a, answer})
			if answer.Passes {
				admitted = append(admitted, netip.PrefixFrom(a, 32))
			}
		}
	}
	for _, q := range m.Ask(pods, to, protocol, reach.Ports(port, port)) {
		out.Network = append(out.Network, q)
		out.trace = append(out.trace, m.Trace(q))
		for _, p := range admitted {
			for _, f := range q.Flows {
				out.Passes = out.Passes || f.To.Has(p.Addr())
			}
		}
	}
	return out
}

// String explains the answer: the policies, then the network.
func (a Across) String() string {
	var b strings.Builder
	for _, p := range a.Policies {
		fmt.Fprintf(&b, "policies, to %s:\n%s", p.Addr, p.Answer)
	}
	if len(a.trace) > 0 {
		best := a.trace[0]
		for _, t := range a.trace {
			if t.Pass && !best.Pass {
				best = t
			}
		}
		fmt.Fprintf(&b, "network: %s", best)
	}
	return b.String()
}
