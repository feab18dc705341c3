package ruleset

import (
	"net/netip"
	"slices"
)

// Passes says whether a node with these rules forwards the first packet of a
// connection: what its kernel will do, read without one. protocol is tcp, udp or sctp.
func (r Rules) Passes(from, to netip.Addr, protocol string, port uint16) bool {
	for _, a := range []netip.Addr{from, to} {
		if contains(r.Local, a) && !slices.Contains(r.Known, a) {
			return false
		}
	}
	for _, h := range r.Held {
		if h.Egress && slices.Contains(h.Addrs, from) && !admitted(h.Out, to, protocol, port) {
			return false
		}
		if h.Ingress && slices.Contains(h.Addrs, to) && !admitted(h.In, from, protocol, port) {
			return false
		}
	}
	return true
}

func admitted(by []Admit, peer netip.Addr, protocol string, port uint16) bool {
	return slices.ContainsFunc(by, func(a Admit) bool {
		return a.from(peer) && (a.Protocol == "" || a.Protocol == protocol) && (a.First == 0 || a.First <= port && port <= a.Last)
	})
}

// from says whether the peer's address is one of those that are meant.
func (a Admit) from(peer netip.Addr) bool {
	return a.Anyone || contains(a.Peers, peer) && !contains(a.Except, peer)
}

func contains(ranges []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(a) })
}
