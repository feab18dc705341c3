package netpol

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/kube-network-policies/pkg/api"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

// Peer is one end of a connection: a pod, or an address that is no pod's.
type Peer struct {
	Pod  *Pod
	Addr netip.Addr
}

// String is the pod's name, or the address.
func (p Peer) String() string {
	if p.Pod != nil {
		return p.Pod.String()
	}
	return p.Addr.String()
}

// Answer says whether policies let a connection pass, and which decide.
type Answer struct {
	Passes bool
	// Egress and Ingress are the two directions' reasons.
	Egress, Ingress Reason
}

// Reason is what one direction comes to.
type Reason struct {
	Passes bool
	Text   string
}

// String tells both directions.
func (a Answer) String() string {
	return fmt.Sprintf("  out  %-6s  %s\n  in   %-6s  %s\n", verb(a.Egress.Passes), a.Egress.Text, verb(a.Ingress.Passes), a.Ingress.Text)
}

func verb(ok bool) string {
	if ok {
		return "passes"
	}
	return "STOPS"
}

// Ask answers about one connection to a port of TCP, UDP or SCTP.
func (c *Cluster) Ask(from, to Peer, protocol corev1.Protocol, port int) Answer {
	a := Answer{
		Egress:  c.direction(from, to, networkingv1.PolicyTypeEgress, protocol, port),
		Ingress: c.direction(to, from, networkingv1.PolicyTypeIngress, protocol, port),
	}
	a.Passes = a.Egress.Passes && a.Ingress.Passes
	return a
}

// direction judges what self's policies say of peer.
func (c *Cluster) direction(self, peer Peer, direction networkingv1.PolicyType, protocol corev1.Protocol, port int) Reason {
	switch {
	case self.Pod == nil:
		return Reason{true, self.String() + " is no pod"}
	case self.Pod.HostNetwork:
		return Reason{true, self.String() + " has its node's network: no policy holds it"}
	}
	selecting := c.selecting(self.Pod, direction)
	if len(selecting) == 0 {
		return Reason{true, fmt.Sprintf("no policy for %s selects %s", strings.ToLower(string(direction)), self)}
	}
	var names []string
	for _, p := range selecting {
		if c.evaluate(p, direction, self, peer, protocol, port) {
			return Reason{true, fmt.Sprintf("NetworkPolicy %s/%s admits it", p.Namespace, p.Name)}
		}
		names = append(names, p.Namespace+"/"+p.Name)
	}
	return Reason{false, "none of the policies that select " + self.String() + " admits it: " + strings.Join(names, ", ")}
}

// evaluate asks the engine about one policy. Its two ports are those of self and of
// peer; only the server's counts.
func (c *Cluster) evaluate(p *networkingv1.NetworkPolicy, direction networkingv1.PolicyType, self, peer Peer, protocol corev1.Protocol, port int) bool {
	var other *api.PodInfo
	if peer.Pod != nil && !peer.Pod.HostNetwork { // a node's address has no labels
		other = peer.Pod.info
	}
	addrs := c.addrs // a pod may have any of them
	if peer.Addr.IsValid() {
		addrs = []netip.Addr{peer.Addr}
	}
	for _, a := range addrs {
		in, out := port, 0
		if direction == networkingv1.PolicyTypeEgress {
			in, out = 0, port
		}
		if networkpolicy.EvaluatePolicyDirection(context.Background(), []*networkingv1.NetworkPolicy{p}, direction, self.Pod.info, in, other, net.IP(a.AsSlice()), out, protocol) {
			return true
		}
	}
	return false
}

// Ports are the ports that the policies and pods tell apart: for each, and for the
// ones between, one stands for all.
func (c *Cluster) Ports() []int {
	edges := []int{0, 1}
	add := func(ports []networkingv1.NetworkPolicyPort) {
		for _, p := range ports {
			if p.Port == nil || p.Port.IntValue() == 0 {
				continue
			}
			edges = append(edges, p.Port.IntValue(), p.Port.IntValue()+1)
			if p.EndPort != nil {
				edges = append(edges, int(*p.EndPort)+1)
			}
		}
	}
	for _, p := range c.policies {
		for _, r := range p.Spec.Ingress {
			add(r.Ports)
		}
		for _, r := range p.Spec.Egress {
			add(r.Ports)
		}
	}
	for _, p := range c.Pods {
		for _, port := range p.info.ContainerPorts {
			edges = append(edges, int(port.Port), int(port.Port)+1)
		}
	}
	slices.Sort(edges)
	return slices.DeleteFunc(slices.Compact(edges), func(p int) bool { return p < 1 || p > 65535 })
}

// Addrs are addresses of a range, one for each part that the policies tell apart.
func (c *Cluster) Addrs(within netip.Prefix) []netip.Addr {
	out := []netip.Addr{within.Masked().Addr()}
	add := func(cidr string) {
		p, err := netip.ParsePrefix(cidr)
		if err != nil {
			return // reported when it was read
		}
		if within.Contains(p.Masked().Addr()) {
			out = append(out, p.Masked().Addr())
		}
		if next := after(p); next.IsValid() && within.Contains(next) {
			out = append(out, next)
		}
	}
	blocks := func(peers []networkingv1.NetworkPolicyPeer) {
		for _, p := range peers {
			if p.IPBlock != nil {
				add(p.IPBlock.CIDR)
				for _, x := range p.IPBlock.Except {
					add(x)
				}
			}
		}
	}
	for _, p := range c.policies {
		for _, r := range p.Spec.Ingress {
			blocks(r.From)
		}
		for _, r := range p.Spec.Egress {
			blocks(r.To)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

// after is the first address behind a range.
func after(p netip.Prefix) netip.Addr {
	a := p.Masked().Addr().AsSlice()
	for bit := p.Bits(); bit < len(a)*8; bit++ {
		a[bit/8] |= 1 << (7 - bit%8)
	}
	last, _ := netip.AddrFromSlice(a)
	return last.Next()
}

// Open is a pair of pods with the ports at which the first reaches the second.
type Open struct {
	From, To *Pod
	Protocol corev1.Protocol
	// Ports stand for themselves and all up to the next one of Cluster.Ports.
	Ports []int
}

// Matrix lists every pair of pods that may talk, on every port of TCP and UDP.
func (c *Cluster) Matrix() []Open {
	ports := c.Ports()
	var out []Open
	for _, from := range c.Pods {
		for _, to := range c.Pods {
			for _, protocol := range []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP} {
				o := Open{From: from, To: to, Protocol: protocol}
				for _, p := range ports {
					if c.Ask(Peer{Pod: from}, Peer{Pod: to}, protocol, p).Passes {
						o.Ports = append(o.Ports, p)
					}
				}
				if len(o.Ports) > 0 {
					out = append(out, o)
				}
			}
		}
	}
	return out
}

// Find is the pod of a name, "namespace/name" or the name alone where only one pod
// has it.
func (c *Cluster) Find(name string) (*Pod, error) {
	var found []*Pod
	var known []string
	for _, p := range c.Pods {
		if p.String() == name || p.Name == name {
			found = append(found, p)
		}
		known = append(known, p.String())
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%d pods are called %q; there are %s", len(found), name, strings.Join(known, ", "))
	}
	return found[0], nil
}
