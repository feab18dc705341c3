package twin

import (
	"net/netip"

	"github.com/fintrack/platform/test/kit/reach"
)

// Question is one connection to try: TCP or UDP, from the address of a host or of
// somebody far to another's.
type Question struct {
	From, To string
	Protocol reach.Protocol
	// FromPort is the client's port, 0 for one that the kernel chooses.
	FromPort, ToPort reach.Port
}

// Answer is what the kernel did with a question.
type Answer struct {
	Question
	// Passed says that the connection was made (TCP) or answered (UDP).
	Passed bool
	// Packet is what was sent, with the addresses that both ends have inside the VPC.
	Packet reach.Packet
	// Why is the last error of one that did not pass.
	Why string
}

// addrs are where somebody is asked from outside, and what address he has inside.
func (p *Plan) addrs(name string) (asked, own netip.Addr, space string) {
	for _, h := range p.hosts {
		if h.Name == name {
			return h.Addr, h.Addr, name
		}
	}
	for _, f := range p.far {
		if f.Name == name {
			return f.Addr, f.Addr, internet
		}
	}
	return netip.Addr{}, netip.Addr{}, ""
}

// public is a host's address on the internet.
func (p *Plan) public(name string) netip.Addr {
	for _, h := range p.hosts {
		if h.Name == name {
			return h.Public
		}
	}
	return netip.Addr{}
}
