package reach

import (
	"fmt"
	"net/netip"
	"sync/atomic"
)

// box is a set of addresses with the ports that hold for all of them.
type box struct {
	addrs AddrSet
	ports PortSet
}

var (
	all4 = Addrs(netip.PrefixFrom(netip.IPv4Unspecified(), 0))
	all6 = Addrs(netip.PrefixFrom(netip.IPv6Unspecified(), 0))
)

func everything(v6 bool) AddrSet {
	if v6 {
		return all6
	}
	return all4
}

// acl is a network ACL with what it allows, computed when it is first asked.
type acl struct {
	*ACL
	// by protocol (as in Known), family and direction
	allowed [4][2][2]atomic.Pointer[[]box]
}

func newACL(a *ACL) *acl { return &acl{ACL: a} }

func (a *acl) entries(out bool) []Entry {
	if out {
		return a.Out
	}
	return a.In
}

func index(b bool) int {
	if b {
		return 1
	}
	return 0
}

func known(p Protocol) int {
	switch p {
	case TCP:
		return 0
	case UDP:
		return 1
	case ICMP:
		return 2
	}
	return 3
}

// boxes are what the ACL allows of a protocol and family in one direction.
func (a *acl) boxes(p Protocol, v6, out bool) []box {
	cell := &a.allowed[known(p)][index(v6)][index(out)]
	if b := cell.Load(); b != nil {
		return *b
	}
	rest, allowed := []box{{everything(v6), AllPorts}}, []box(nil)
	for _, e := range a.entries(out) {
		if e.Protocol != Any && e.Protocol != p || e.Prefix.Addr().Is6() != v6 {
			continue
		}
		addrs, ports := Addrs(e.Prefix), e.Ports
		var next []box
		for _, r := range rest {
			at := r.addrs.Intersect(addrs)
			if at.Empty() || !r.ports.Overlaps(ports) {
				next = append(next, r)
				continue
			}
			if e.Allow {
				allowed = append(allowed, box{at, r.ports.Intersect(ports)})
			}
			if beside := r.addrs.Minus(addrs); !beside.Empty() {
				next = append(next, box{beside, r.ports})
			}
			if other := r.ports.Minus(ports); !other.Empty() {
				next = append(next, box{at, other})
			}
		}
		rest = next
	}
	allowed = merge(allowed)
	cell.Store(&allowed)
	return allowed
}

// judge finds the entry that decides on one packet.
func (a *acl) judge(p Protocol, out bool, addr netip.Addr, port Port) (bool, string) {
	way := "in"
	if out {
		way = "out"
	}
	for _, e := range a.entries(out) {
		if (e.Protocol == Any || e.Protocol == p) && e.Prefix.Contains(addr) && e.Ports.Has(port) {
			verb := "denies"
			if e.Allow {
				verb = "allows"
			}
			return e.Allow, fmt.Sprintf("rule %d %s: %s %s", e.Number, way, verb, traffic(e.Protocol, e.Ports, e.Prefix.String()))
		}
	}
	return false, fmt.Sprintf("rule * %s: no rule matches, which denies", way)
}

// traffic puts a rule's protocol, ports and peer into words.
func traffic(p Protocol, ports PortSet, peer string) string {
	switch {
	case p == Any:
		return "everything with " + peer
	case ports.Equal(AllPorts):
		return p.String() + " with " + peer
	}
	return fmt.Sprintf("%s %s with %s", p, ports, peer)
}

// group is a security group with its rules resolved.
type group struct {
	*Group
	in, out []rule
}

// rule is one with its peer resolved: a set of addresses, or a group, which is nil
// when the group is not in the estate.
type rule struct {
	*Rule
	addrs AddrSet
	peer  *group
	v6    bool
}

// matches says that a rule is about one packet with a peer.
func (r rule) matches(p Protocol, addr netip.Addr, port Port, peer *host, refs bool) bool {
	if r.Protocol != Any && r.Protocol != p || !r.Ports.Has(port) {
		return false
	}
	if r.Group != "" {
		return refs && peer.in(r.peer)
	}
	return r.addrs.Has(addr)
}

func (r rule) String() string {
	peer := r.Prefix.String()
	switch {
	case r.Group != "":
		peer = "group " + r.Group
		if r.peer != nil {
			peer = "group " + label(r.Group, r.peer.Name)
		}
	case r.PrefixList != "":
		peer = "prefix list " + r.PrefixList
	}
	s := traffic(r.Protocol, r.Ports, peer)
	if r.ID != "" {
		s = r.ID + ": " + s
	}
	return s
}

// in says that a host has a group.
func (h *host) in(g *group) bool {
	if h == nil || g == nil {
		return false
	}
	for _, x := range h.groups {
		if x == g {
			return true
		}
	}
	return false
}

func (h *host) rules(yield func(*group, rule) bool, out bool) {
	for _, g := range h.groups {
		rules := g.in
		if out {
			rules = g.out
		}
		for _, r := range rules {
			if !yield(g, r) {
				return
			}
		}
	}
}

// groupBoxes are what a host's groups admit of a peer whose addresses are x, written
// into boxes.
func (h *host) groupBoxes(p Protocol, out bool, x AddrSet, peer *host, refs bool, boxes []box) []box {
	if h.open {
		return append(boxes, box{x, AllPorts})
	}
	h.rules(func(_ *group, r rule) bool {
		if r.Protocol != Any && r.Protocol != p {
			return true
		}
		if r.Group != "" {
			if refs && peer.in(r.peer) {
				boxes = append(boxes, box{x, r.Ports})
			}
			return true
		}
		if at := x.Intersect(r.addrs); !at.Empty() {
			boxes = append(boxes, box{at, r.Ports})
		}
		return true
	}, out)
	return merge(boxes)
}

// judgeGroups finds the rule of a host's groups that admits one packet.
func (h *host) judgeGroups(p Protocol, out bool, addr netip.Addr, port Port, peer *host, refs bool) (bool, string) {
	way := "in"
	if out {
		way = "out"
	}
	if h.open && h.iface.Unguarded {
		return true, "it has no security group and needs none"
	}
	if h.open {
		return true, "any group: this stands for whatever may be placed here"
	}
	found, text := false, ""
	h.rules(func(g *group, r rule) bool {
		if r.matches(p, addr, port, peer, refs) {
			found, text = true, fmt.Sprintf("%s %s: %s", label(g.ID, g.Name), way, r)
		}
		return !found
	}, out)
	if found {
		return true, text
	}
	names := "it has no security group"
	for i, g := range h.groups {
		if i == 0 {
			names = ""
		} else {
			names += ", "
		}
		names += label(g.ID, g.Name)
	}
	return false, fmt.Sprintf("%s %s: no rule admits it", names, way)
}

// merge joins boxes with the same ports or the same addresses.
func merge(boxes []box) []box {
	if len(boxes) < 2 {
		return boxes
	}
	var out []box
next:
	for _, b := range boxes {
		for i := range out {
			switch {
			case out[i].ports.Equal(b.ports):
				out[i].addrs = out[i].addrs.Union(b.addrs)
				continue next
			case out[i].addrs.Equal(b.addrs):
				out[i].ports = out[i].ports.Union(b.ports)
				continue next
			}
		}
		out = append(out, b)
	}
	return out
}
