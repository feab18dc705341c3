// Package ruleset compiles NetworkPolicies to packet filter rules for one node.
//
// It is the second reading of "Network Policies" (Kubernetes documentation) beside the
// engine that test/kit/netpol stands on: test/cmd/nodeagent loads its rules into a
// node's kernel, and test/network/kind holds what the kernel then does against the
// engine. The package does no I/O.
package ruleset

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// State is what a node knows of its cluster.
type State struct {
	// Node is the node whose pods are held.
	Node string
	// Local are the ranges that this node gives its pods addresses from, and Cluster
	// those of all nodes, IPv4 and IPv6.
	Local, Cluster []netip.Prefix
	Pods           []*corev1.Pod
	Namespaces     []*corev1.Namespace
	Policies       []*networkingv1.NetworkPolicy
}

// Rules are what a node does with packets to and from its pods.
type Rules struct {
	Local, Cluster []netip.Prefix
	// Known are the addresses of the node's pods. Other addresses of Local belong to
	// pods that the node does not know yet; nothing passes to or from them, so that no
	// pod is free before its policies hold it.
	Known []netip.Addr
	// Held are the pods that a policy of either direction selects.
	Held []Held
}

// Held is a pod of the node that policies select.
type Held struct {
	// UID names it in the kernel; Name is namespace/name.
	UID, Name string
	Addrs     []netip.Addr
	// Ingress and Egress say whether a policy of that direction selects it, In and Out
	// what those policies admit. Nothing else passes.
	Ingress, Egress bool
	In, Out         []Admit
}

// Admit is one reason to let a packet pass; it passes when all parts agree.
type Admit struct {
	// Anyone holds whatever the peer's address is. Otherwise it must be in one of
	// Peers, and in none of Except.
	Anyone        bool
	Peers, Except []netip.Prefix
	// Protocol is tcp, udp or sctp; empty for all of IP.
	Protocol string
	// First and Last are the server's ports; both 0 for all of them.
	First, Last uint16
}

// Compile returns the rules of a node. Selectors, addresses and protocols that the API
// server would have refused are errors that name the policy or pod.
func Compile(s State) (Rules, error) {
	c := compiler{State: s, labels: map[string]labels.Set{}}
	for _, n := range s.Namespaces {
		c.labels[n.Name] = n.Labels
	}
	for _, p := range s.Pods {
		if !alive(p) {
			continue
		}
		addrs, err := addresses(p)
		c.fail(err)
		if len(addrs) > 0 {
			c.live = append(c.live, pod{p, addrs})
		}
	}
	slices.SortFunc(c.live, func(a, b pod) int { return cmp.Compare(a.UID, b.UID) })
	policies := slices.Clone(s.Policies)
	slices.SortFunc(policies, func(a, b *networkingv1.NetworkPolicy) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	r := Rules{Local: sorted(s.Local), Cluster: sorted(s.Cluster)}
	for _, p := range c.live {
		if p.Spec.NodeName != s.Node {
			continue
		}
		if p.UID == "" {
			c.fail(fmt.Errorf("pod %s/%s has no UID", p.Namespace, p.Name))
		}
		r.Known = append(r.Known, p.addrs...)
		if h := c.hold(p, policies); h.Ingress || h.Egress {
			r.Held = append(r.Held, h)
		}
	}
	slices.SortFunc(r.Known, netip.Addr.Compare)
	return r, errors.Join(c.errs...)
}

// compiler keeps what all pods of one compilation need.
type compiler struct {
	State
	live   []pod
	labels map[string]labels.Set
	errs   []error
}

type pod struct {
	*corev1.Pod
	addrs []netip.Addr
}

func (c *compiler) fail(err error) {
	if err != nil {
		c.errs = append(c.errs, err)
	}
}

// alive pods have addresses of their own that packets may go to. A pod of the node's
// network has the node's address, which no policy speaks of.
func alive(p *corev1.Pod) bool {
	return !p.Spec.HostNetwork && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed
}

func addresses(p *corev1.Pod) ([]netip.Addr, error) {
	var out []netip.Addr
	for _, ip := range p.Status.PodIPs {
		a, err := netip.ParseAddr(ip.IP)
		if err != nil {
			return nil, fmt.Errorf("pod %s/%s: %w", p.Namespace, p.Name, err)
		}
		out = append(out, a.Unmap())
	}
	return out, nil
}

// hold gathers what the policies that select a pod admit.
func (c *compiler) hold(p pod, policies []*networkingv1.NetworkPolicy) Held {
	h := Held{UID: string(p.UID), Name: p.Namespace + "/" + p.Name, Addrs: p.addrs}
	for _, n := range policies {
		if n.Namespace != p.Namespace || !c.selects(n, &n.Spec.PodSelector, p.Labels) {
			continue
		}
		for _, direction := range directions(n) {
			switch direction {
			case networkingv1.PolicyTypeIngress:
				h.Ingress = true
				for _, r := range n.Spec.Ingress {
					h.In = append(h.In, c.ingress(n, p, r)...)
				}
			case networkingv1.PolicyTypeEgress:
				h.Egress = true
				for _, r := range n.Spec.Egress {
					h.Out = append(h.Out, c.egress(n, r)...)
				}
			}
		}
	}
	return h
}

// directions are a policy's own, or what the API server fills in (NetworkPolicySpec,
// "policyTypes").
func directions(n *networkingv1.NetworkPolicy) []networkingv1.PolicyType {
	if len(n.Spec.PolicyTypes) > 0 {
		return n.Spec.PolicyTypes
	}
	if len(n.Spec.Egress) > 0 {
		return []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
	}
	return []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
}

func (c *compiler) selects(n *networkingv1.NetworkPolicy, s *metav1.LabelSelector, of labels.Set) bool {
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		c.fail(fmt.Errorf("NetworkPolicy %s/%s: %w", n.Namespace, n.Name, err))
		return false
	}
	return selector.Matches(of)
}

// ingress is every way into a pod that one rule admits.
func (c *compiler) ingress(n *networkingv1.NetworkPolicy, self pod, r networkingv1.NetworkPolicyIngressRule) []Admit {
	var spans []Admit
	for _, port := range r.Ports {
		if port.Port == nil || port.Port.Type == intstr.Int {
			spans = append(spans, c.span(n, port))
			continue
		}
		for _, number := range named(self, port) {
			spans = append(spans, Admit{Protocol: protocol(port.Protocol), First: number, Last: number})
		}
	}
	if len(r.Ports) == 0 {
		spans = []Admit{{}}
	}
	return cross(spans, c.peers(n, r.From))
}

// egress is every way out that one rule admits. A named port is the peer's own, so
// each pod that has one by that name is admitted for itself.
func (c *compiler) egress(n *networkingv1.NetworkPolicy, r networkingv1.NetworkPolicyEgressRule) []Admit {
	var spans, out []Admit
	peers := c.peers(n, r.To)
	for _, port := range r.Ports {
		if port.Port == nil || port.Port.Type == intstr.Int {
			spans = append(spans, c.span(n, port))
			continue
		}
		for _, q := range c.live {
			for _, number := range named(q, port) {
				if own := within(q.addrs, peers); len(own) > 0 {
					out = append(out, Admit{Peers: own, Protocol: protocol(port.Protocol), First: number, Last: number})
				}
			}
		}
	}
	if len(r.Ports) == 0 {
		spans = []Admit{{}}
	}
	return append(cross(spans, peers), out...)
}

// cross has every span of ports for every set of peers.
func cross(spans, peers []Admit) []Admit {
	var out []Admit
	for _, s := range spans {
		for _, p := range peers {
			s.Anyone, s.Peers, s.Except = p.Anyone, p.Peers, p.Except
			out = append(out, s)
		}
	}
	return out
}

// within are the addresses that one of the sets of peers has.
func within(addrs []netip.Addr, peers []Admit) []netip.Prefix {
	var out []netip.Prefix
	for _, a := range addrs {
		if slices.ContainsFunc(peers, func(p Admit) bool { return p.from(a) }) {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
		}
	}
	return out
}

// peers are the sets of addresses that a rule names: all, when it names none.
func (c *compiler) peers(n *networkingv1.NetworkPolicy, peers []networkingv1.NetworkPolicyPeer) []Admit {
	if len(peers) == 0 {
		return []Admit{{Anyone: true}}
	}
	var out []Admit
	for _, peer := range peers {
		if peer.IPBlock != nil {
			out = append(out, c.block(n, peer.IPBlock))
			continue
		}
		var chosen []netip.Prefix
		for _, q := range c.live {
			if !c.chosen(n, peer, q) {
				continue
			}
			for _, a := range q.addrs {
				chosen = append(chosen, netip.PrefixFrom(a, a.BitLen()))
			}
		}
		if len(chosen) > 0 {
			out = append(out, Admit{Peers: sorted(chosen)})
		}
	}
	return out
}

func (c *compiler) chosen(n *networkingv1.NetworkPolicy, peer networkingv1.NetworkPolicyPeer, q pod) bool {
	if peer.NamespaceSelector == nil && q.Namespace != n.Namespace {
		return false
	}
	if peer.NamespaceSelector != nil && !c.selects(n, peer.NamespaceSelector, c.labels[q.Namespace]) {
		return false
	}
	if peer.PodSelector == nil {
		return peer.NamespaceSelector != nil
	}
	return c.selects(n, peer.PodSelector, q.Labels)
}

func (c *compiler) block(n *networkingv1.NetworkPolicy, b *networkingv1.IPBlock) Admit {
	parse := func(cidr string) (out []netip.Prefix) {
		p, err := netip.ParsePrefix(cidr)
		if err != nil {
			c.fail(fmt.Errorf("NetworkPolicy %s/%s: %q is no range of addresses", n.Namespace, n.Name, cidr))
			return nil
		}
		return []netip.Prefix{p.Masked()}
	}
	out := Admit{Peers: parse(b.CIDR)}
	for _, e := range b.Except {
		out.Except = append(out.Except, parse(e)...)
	}
	out.Except = sorted(out.Except)
	return out
}

// span is what a port that is a number, a range or left out stands for.
func (c *compiler) span(n *networkingv1.NetworkPolicy, port networkingv1.NetworkPolicyPort) Admit {
	out := Admit{Protocol: protocol(port.Protocol)}
	if port.Port == nil {
		return out
	}
	first, last := port.Port.IntVal, port.Port.IntVal
	if port.EndPort != nil {
		last = *port.EndPort
	}
	if first < 1 || last < first || last > 65535 {
		c.fail(fmt.Errorf("NetworkPolicy %s/%s: ports %d to %d: a range of 1 to 65535 is wanted", n.Namespace, n.Name, first, last))
	}
	out.First, out.Last = uint16(first), uint16(last)
	return out
}

// named are the ports of a pod that have the name and protocol of a policy's port.
func named(p pod, port networkingv1.NetworkPolicyPort) []uint16 {
	var out []uint16
	for _, container := range p.Spec.Containers {
		for _, q := range container.Ports {
			if q.Name == port.Port.StrVal && protocol(&q.Protocol) == protocol(port.Protocol) {
				out = append(out, uint16(q.ContainerPort))
			}
		}
	}
	return out
}

// protocol is TCP when nothing is said.
func protocol(p *corev1.Protocol) string {
	if p == nil {
		return "tcp"
	}
	switch *p {
	case corev1.ProtocolUDP:
		return "udp"
	case corev1.ProtocolSCTP:
		return "sctp"
	}
	return "tcp"
}

func sorted(of []netip.Prefix) []netip.Prefix {
	out := slices.Clone(of)
	slices.SortFunc(out, func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
	})
	return slices.Compact(out)
}
