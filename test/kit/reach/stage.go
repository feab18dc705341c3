package reach

import (
	"net/netip"
)

// axis says which address and port of a flow a stage looks at. A request has the
// client's address as its source and the server's port; its reply has the client's
// address as its destination and the client's port.
type axis int

const (
	requestTo   axis = iota // destination of the request, the server's port
	requestFrom             // source of the request, the server's port
	replyTo                 // destination of the reply, the client's port
	replyFrom               // source of the reply, the client's port
)

// stage is one thing that a packet must pass. Exactly one of its parts is set.
type stage struct {
	where string
	axis  axis

	table *table // a route table that must lead to a target
	to    target

	transit    *transitTable // one of a transit gateway that must lead to an attachment
	attachment string

	lane AddrSet // what the table leads there

	acl *acl // a network ACL, in or out

	host *host // the groups of a host, in or out, towards a peer
	peer *host
	refs bool // whether rules that name groups can match

	only *AddrSet // addresses that alone pass, and why
	text string

	fixed, ok bool // a fact that does not depend on the packet
	out       bool
	anyPort   bool // the port is a NAT gateway's own choice
}

// boxes are what the stage lets pass of addresses x, written into room where the
// stage keeps no list of its own.
func (s *stage) boxes(p Protocol, v6 bool, x AddrSet, room []box) []box {
	switch {
	case s.fixed && s.ok:
		return append(room, box{x, AllPorts})
	case s.fixed:
		return nil
	case s.table != nil || s.transit != nil:
		return append(room, box{s.lane, AllPorts})
	case s.only != nil:
		return append(room, box{*s.only, AllPorts})
	case s.host != nil:
		return s.host.groupBoxes(p, s.out, x, s.peer, s.refs, room)
	}
	allowed := s.acl.boxes(p, v6, s.out)
	if !s.anyPort {
		return allowed
	}
	var some AddrSet
	for _, b := range allowed {
		if b.ports.Overlaps(natPorts(p)) {
			some = some.Union(b.addrs)
		}
	}
	return append(room, box{some, AllPorts})
}

// natPorts are the ports that a NAT gateway may choose for its end.
func natPorts(p Protocol) PortSet { return p.usual() }

// judge says whether one packet passes, and by which rule.
func (s *stage) judge(p Protocol, k Packet) (bool, string) {
	addr, port := k.on(s.axis)
	switch {
	case s.fixed:
		return s.ok, s.text
	case s.table != nil:
		return s.table.judge(addr, s.to)
	case s.transit != nil:
		return s.transit.judge(addr, s.attachment)
	case s.only != nil:
		return s.only.Has(addr), s.text
	case s.host != nil:
		return s.host.judgeGroups(p, s.out, addr, port, s.peer, s.refs)
	case !s.anyPort:
		return s.acl.judge(p, s.out, addr, port)
	}
	// Some port is enough for a connection to be possible; the first that passes is
	// told, or why the first does not.
	var first string
	for _, b := range s.acl.boxes(p, addr.Is6(), s.out) {
		if at := b.ports.Intersect(natPorts(p)); b.addrs.Has(addr) && !at.Empty() {
			port, _ := at.First()
			return s.acl.judge(p, s.out, addr, port)
		}
	}
	port, _ = natPorts(p).First()
	_, first = s.acl.judge(p, s.out, addr, port)
	return false, first
}

// Packet is one request: its addresses and ports. Its reply goes the other way.
type Packet struct {
	From, To         netip.Addr
	FromPort, ToPort Port
}

func (k Packet) on(a axis) (netip.Addr, Port) {
	switch a {
	case requestTo:
		return k.To, k.ToPort
	case requestFrom:
		return k.From, k.ToPort
	case replyTo:
		return k.From, k.FromPort
	}
	return k.To, k.FromPort
}

// Flow is a set of packets of one protocol: every combination of its parts passes,
// and so does the reply.
type Flow struct {
	Protocol        Protocol
	From, To        AddrSet
	FromPorts, Port PortSet
	// Via is what it passes on its way between networks, empty within a subnet.
	Via []string
}

// Has says that a packet is one of the flow.
func (f Flow) Has(k Packet) bool {
	return f.From.Has(k.From) && f.To.Has(k.To) && f.FromPorts.Has(k.FromPort) && f.Port.Has(k.ToPort)
}

// First is a packet of the flow.
func (f Flow) First() Packet {
	var k Packet
	k.From, _ = f.From.First()
	k.To, _ = f.To.First()
	k.FromPort, _ = f.FromPorts.First()
	if high, ok := f.FromPorts.Intersect(f.Protocol.usual()).First(); ok {
		k.FromPort = high
	}
	k.ToPort, _ = f.Port.First()
	return k
}

// cut appends to out what a stage lets pass of flows. room is for the boxes.
func (s *stage) cut(out, flows []Flow, v6 bool, room []box) []Flow {
	for i := range flows {
		f := &flows[i]
		x := f.To
		if s.axis == requestFrom || s.axis == replyTo {
			x = f.From
		}
		for _, b := range s.boxes(f.Protocol, v6, x, room) {
			addrs, ports := x.Intersect(b.addrs), f.Port
			back := s.axis == replyTo || s.axis == replyFrom
			if back {
				ports = f.FromPorts
			}
			if ports = ports.Intersect(b.ports); addrs.Empty() || ports.Empty() {
				continue
			}
			g := *f
			if s.axis == requestFrom || s.axis == replyTo {
				g.From = addrs
			} else {
				g.To = addrs
			}
			if back {
				g.FromPorts = ports
			} else {
				g.Port = ports
			}
			out = append(out, g)
		}
	}
	return out
}
