package reach

import (
	"slices"
)

// Pair is what one member of a party reaches of one of another: the answer to a
// question, without the reasons, which Trace tells.
type Pair struct {
	From, To string
	Protocol Protocol
	// Asked is what the question was about.
	Asked Flow
	// Flows are all that pass; none, when nothing does. They may overlap.
	Flows []Flow

	from, to end
	through  *host // the node of a load balancer that keeps the client's address
	v6       bool
}

// end is a host, or addresses outside.
type end struct {
	name  string
	host  *host
	addrs AddrSet
}

func (p Party) ends() []end {
	out := make([]end, 0, len(p.hosts)+1)
	for _, h := range p.hosts {
		out = append(out, end{h.name, h, h.addrs})
	}
	if !p.outside.Empty() {
		out = append(out, end{p.Name, nil, p.outside})
	}
	return out
}

// Ask answers whether members of from reach members of to on ports of a protocol:
// one Pair for each two members and each address family that both have. A member
// is not asked about itself.
func (m *Model) Ask(from, to Party, p Protocol, ports PortSet) []Pair {
	return (&asker{m: m}).ask(from, to, p, ports)
}

func (k *asker) ask(from, to Party, p Protocol, ports PortSet) []Pair {
	var out []Pair
	for _, a := range from.ends() {
		for _, b := range to.ends() {
			if a.host != nil && a.host == b.host || a.host == nil && b.host == nil {
				continue
			}
			for _, v6 := range []bool{false, true} {
				if q, ok := question(a, b, p, ports, v6); ok {
					q.Flows = k.flows(q)
					out = append(out, q)
				}
			}
		}
	}
	return out
}

// question is about one family; ok is false where one end has no address of it.
func question(a, b end, p Protocol, ports PortSet, v6 bool) (Pair, bool) {
	if !p.family(v6) {
		return Pair{}, false
	}
	all := everything(v6)
	server, client := p.ends()
	q := Pair{From: a.name, To: b.name, Protocol: p, from: a, to: b, v6: v6, Asked: Flow{
		Protocol: p, From: a.addrs.Intersect(all), To: b.addrs.Intersect(all), Port: server.Intersect(ports), FromPorts: client,
	}}
	if p == ICMP || p == ICMPv6 {
		q.Asked.Port = server
	}
	return q, !q.Asked.From.Empty() && !q.Asked.To.Empty() && !q.Asked.Port.Empty()
}

func (m *Model) ways(q Pair) []way {
	switch {
	case q.through != nil:
		return []way{kept(q.through, q.to.host)}
	case q.from.host == nil:
		return m.inward(q.to.host, q.v6)
	case q.to.host == nil:
		return m.outward(q.from.host, q.v6)
	}
	return m.between(q.from.host, q.to.host)
}

// Reachable says that some packet passes.
func (q Pair) Reachable() bool { return len(q.Flows) > 0 }

// Ports are those at which something passes.
func (q Pair) Ports() PortSet {
	var out PortSet
	for _, f := range q.Flows {
		out = out.Union(f.Port)
	}
	return out
}

// Missing is what was asked and does not pass, from any port that a client normally
// chooses (Ephemeral): none, when the connection always works.
func (q Pair) Missing() []Flow {
	rest := q.Asked
	rest.FromPorts = rest.FromPorts.Intersect(q.Protocol.usual())
	return Without(rest, q.Flows)
}

// minus is what is in f and not in g: up to four parts that do not overlap.
func (f Flow) minus(g Flow) []Flow {
	if !f.From.Overlaps(g.From) || !f.To.Overlaps(g.To) || !f.Port.Overlaps(g.Port) || !f.FromPorts.Overlaps(g.FromPorts) {
		return []Flow{f}
	}
	var out []Flow
	part := func(p Flow) {
		if !p.From.Empty() && !p.To.Empty() && !p.Port.Empty() && !p.FromPorts.Empty() {
			out = append(out, p)
		}
	}
	a, b, c, d := f, f, f, f
	a.From = f.From.Minus(g.From)
	rest := f.From.Intersect(g.From)
	b.From, b.To = rest, f.To.Minus(g.To)
	to := f.To.Intersect(g.To)
	c.From, c.To, c.Port = rest, to, f.Port.Minus(g.Port)
	d.From, d.To, d.Port, d.FromPorts = rest, to, f.Port.Intersect(g.Port), f.FromPorts.Minus(g.FromPorts)
	for _, p := range []Flow{a, b, c, d} {
		part(p)
	}
	return out
}

// WhoReaches lists all of the estate that reaches a party on ports of a protocol. It
// asks only those that some rule of the party's groups may admit.
func (m *Model) WhoReaches(to Party, p Protocol, ports PortSet) []Pair {
	var out []Pair
	k := &asker{m: m}
	for _, h := range to.hosts {
		for _, from := range m.candidates(h, p, ports) {
			if from == h {
				continue
			}
			for _, v6 := range []bool{false, true} {
				q, ok := question(end{from.name, from, from.addrs}, end{h.name, h, h.addrs}, p, ports, v6)
				if !ok {
					continue
				}
				if q.Flows = k.flows(q); q.Reachable() {
					out = append(out, q)
				}
			}
		}
	}
	return out
}

// candidates are the hosts that a rule of h may admit.
func (m *Model) candidates(h *host, p Protocol, ports PortSet) []*host {
	if h.open {
		return m.hosts
	}
	var out []*host
	var addrs AddrSet
	h.rules(func(_ *group, r rule) bool {
		switch {
		case r.Protocol != Any && r.Protocol != p || !r.Ports.Overlaps(ports):
		case r.peer != nil:
			out = append(out, m.byGroup[r.peer]...)
		default:
			addrs = addrs.Union(r.addrs)
		}
		return true
	}, false)
	if !addrs.Empty() {
		for s, hosts := range m.bySubnet {
			if !s.addrs.Overlaps(addrs) {
				continue
			}
			for _, x := range hosts {
				if x.addrs.Overlaps(addrs) {
					out = append(out, x)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b *host) int { return compare(a, b) })
	return slices.Compact(out)
}

func compare(a, b *host) int {
	if a.iface.ID < b.iface.ID {
		return -1
	}
	return index(a.iface.ID > b.iface.ID)
}

// Without is what is in a flow and in none of others.
func Without(f Flow, others []Flow) []Flow {
	left := []Flow{f}
	for _, g := range others {
		var next []Flow
		for _, l := range left {
			next = append(next, l.minus(g)...)
		}
		left = next
	}
	return left
}

// SameSubnet says that no route and no network ACL stands between the two.
func (q Pair) SameSubnet() bool {
	return q.from.host != nil && q.to.host != nil && q.from.host.subnet == q.to.host.subnet
}

// Usual are the ports that a client normally has for its end.
func (q Pair) Usual() PortSet { return q.Protocol.usual() }
