package reach

import (
	"cmp"
	"maps"
	"slices"
)

// way is one way from here to there and back: all that a packet and its reply pass.
type way struct {
	via    []string
	stages []stage
	// refs says that rules for incoming connections may name groups of the other end,
	// refsOut the same of rules for outgoing ones.
	refs, refsOut bool
}

// sides are the axes of a direction: where a packet goes, and where it comes from.
type sides struct{ to, from axis }

var (
	thereway = sides{requestTo, requestFrom}
	backway  = sides{replyTo, replyFrom}
)

func routeStage(t *table, to target, a axis) stage {
	return stage{where: t.where, axis: a, table: t, to: to, lane: t.lanes[to]}
}

func aclStage(s *subnet, out bool, a axis) stage {
	return stage{where: s.border, axis: a, acl: s.acl, out: out}
}

func transitStage(t *transitTable, to string, a axis) stage {
	return stage{where: t.where, axis: a, transit: t, attachment: to, lane: t.lanes[to]}
}

func groupStage(h, peer *host, out, refs bool, a axis) stage {
	return stage{where: h.guard, axis: a, host: h, peer: peer, out: out, refs: refs}
}

func fact(where, text string, ok bool) stage {
	return stage{where: where, text: text, fixed: true, ok: ok}
}

var localVia = []string{"local"}

// legs are the ways of a packet, one direction only, from one subnet to another.
func (m *Model) legs(from, to *subnet, d sides) []way {
	if from == to {
		return []way{{refs: true, refsOut: true}}
	}
	var out []way
	if from.vpc == to.vpc {
		out = append(out, way{refs: true, refsOut: true, via: localVia, stages: []stage{
			routeStage(from.table, target{kind: Local}, d.to), aclStage(from, true, d.to), aclStage(to, false, d.from)}})
	}
	for _, p := range from.vpc.peerings {
		if !p.Active || p.A != to.vpc.ID && p.B != to.vpc.ID || from.vpc == to.vpc {
			continue
		}
		hop := target{ToPeering, p.ID}
		out = append(out, way{refs: true, refsOut: true, via: []string{hop.String()}, stages: []stage{
			routeStage(from.table, hop, d.to), aclStage(from, true, d.to), aclStage(to, false, d.from)}})
	}
	for _, a := range from.vpc.attachments {
		for _, b := range to.vpc.attachments {
			if a.TransitGateway == b.TransitGateway && a != b {
				out = append(out, m.acrossTransit(from, to, a, b, d))
			}
		}
	}
	return out
}

// acrossTransit is the way through a transit gateway. The ACL of a workload's subnet
// judges what leaves it; that of the attachment's subnet judges what enters the
// gateway by its source, and what leaves the gateway by its destination (How network
// ACLs work with transit gateways).
func (m *Model) acrossTransit(from, to *subnet, a, b *attachment, d sides) way {
	hop := target{ToTransit, a.TransitGateway}
	stages := append(make([]stage, 0, 8), routeStage(from.table, hop, d.to))
	stages = append(stages, m.enterTransit(from, a, d)...)
	if a.table == nil {
		stages = append(stages, fact("attachment "+label(a.ID, a.Name), "no route table of the transit gateway is associated with it", false))
	} else {
		stages = append(stages, transitStage(a.table, b.ID, d.to))
	}
	stages = append(stages, m.leaveTransit(to, b, d)...)
	// Only rules for incoming connections may (Introducing security group referencing for
	// AWS Transit Gateway).
	g := m.transits[a.TransitGateway]
	refs := g != nil && g.GroupReferences && a.GroupReferences && b.GroupReferences
	return way{refs: refs, via: []string{hop.String()}, stages: stages}
}

// enterTransit is what a packet passes from a subnet into a transit gateway. It gets
// there only from a zone in which the attachment has a subnet.
func (m *Model) enterTransit(from *subnet, a *attachment, d sides) []stage {
	stages := []stage{aclStage(from, true, d.to)}
	i := slices.IndexFunc(a.subnets, func(s *subnet) bool { return s.Zone == from.Zone })
	if i < 0 {
		return append(stages, fact("attachment "+label(a.ID, a.Name), "it has no subnet in zone "+from.Zone, false))
	}
	return append(stages, aclStage(a.subnets[i], false, d.from))
}

// leaveTransit is what a packet passes from a transit gateway to a subnet.
func (m *Model) leaveTransit(to *subnet, b *attachment, d sides) []stage {
	if len(b.subnets) == 0 {
		return []stage{fact("attachment "+label(b.ID, b.Name), "it has no subnet", false)}
	}
	s := b.subnets[max(0, slices.IndexFunc(b.subnets, func(s *subnet) bool { return s.Zone == to.Zone }))]
	if s == to {
		return nil
	}
	return []stage{routeStage(s.table, target{kind: Local}, d.to), aclStage(s, true, d.to), aclStage(to, false, d.from)}
}

// between are the ways of a connection between two hosts. The reply may come back
// another way than the request went.
func (m *Model) between(from, to *host) []way {
	var out []way
	for _, there := range m.legs(from.subnet, to.subnet, thereway) {
		for _, back := range m.legs(to.subnet, from.subnet, backway) {
			stages := make([]stage, 0, len(there.stages)+len(back.stages)+2)
			stages = append(stages, groupStage(from, to, true, there.refsOut, requestTo))
			stages = append(stages, there.stages...)
			stages = append(stages, groupStage(to, from, false, there.refs, requestFrom))
			stages = append(stages, back.stages...)
			out = append(out, way{via: there.via, stages: stages})
		}
	}
	return out
}

// inward are the ways of a connection from outside to a host.
func (m *Model) inward(to *host, v6 bool) []way {
	s, v := to.subnet, to.subnet.vpc
	var out []way
	enter := func(via string, there, back []stage) {
		stages := append(there, aclStage(s, false, requestFrom), groupStage(to, nil, false, false, requestFrom))
		out = append(out, way{via: []string{via}, stages: append(stages, back...)})
	}
	direct := func(hop target, there ...stage) {
		enter(hop.String(), there, []stage{routeStage(s.table, hop, replyTo), aclStage(s, true, replyTo)})
	}
	if g := v.gateway; g != nil {
		hop := target{ToInternet, g.ID}
		direct(hop, publicOnly(hop.String(), requestFrom), addressed(to.public, v6))
	}
	if g := v.vpn; g != nil {
		direct(target{ToVPN, g.ID})
	}
	for _, p := range v.peerings {
		if p.Active && (m.vpcs[p.A] == nil || m.vpcs[p.B] == nil) {
			direct(target{ToPeering, p.ID})
		}
	}
	for _, a := range v.attachments {
		for _, b := range m.outsideOf(a) {
			if b.table == nil || b.table.lanes[a.ID].Empty() {
				continue
			}
			hop := target{ToTransit, a.TransitGateway}
			there := append([]stage{transitStage(b.table, a.ID, requestTo)}, m.leaveTransit(s, a, thereway)...)
			if n := len(there); n > 1 { // the subnet's own ACL comes below
				there = there[:n-1]
			}
			back := append([]stage{routeStage(s.table, hop, replyTo)}, m.enterTransit(s, a, backway)...)
			if a.table != nil {
				back = append(back, transitStage(a.table, b.ID, replyTo))
			} else {
				back = append(back, fact("attachment "+label(a.ID, a.Name), "no route table of the transit gateway is associated with it", false))
			}
			enter(hop.String(), there, back)
		}
	}
	return out
}

// outsideOf are the attachments of the same transit gateway that lead outside.
func (m *Model) outsideOf(a *attachment) []*attachment {
	var out []*attachment
	for _, id := range slices.Sorted(maps.Keys(m.attachments)) {
		if b := m.attachments[id]; b.TransitGateway == a.TransitGateway && b.vpc == nil {
			out = append(out, b)
		}
	}
	return out
}

// publicOnly is the internet's own rule: it carries no private address (RFC 6890).
func publicOnly(where string, a axis) stage {
	return stage{where: where, axis: a, only: &internet, text: "the internet carries public addresses alone"}
}

// addressed says whether the internet has an address for a host.
func addressed(public, v6 bool) stage {
	text := "the host has a public address"
	switch {
	case v6:
		text = "IPv6 addresses are public"
	case !public:
		text = "the host has no public address"
	}
	return fact("internet gateway", text, v6 || public)
}

// place is where a packet is on its way out of AWS: in a subnet, with what it passed
// so far, and what a reply passes from a subnet of the same VPC back to the origin.
type place struct {
	sub   *subnet
	there []stage
	back  func(from *subnet) []stage
	via   []string
	first bool
	left  AddrSet // where packets that get here may still be going
}

// outward are the ways of a connection from a host to the outside.
func (m *Model) outward(from *host, v6 bool) []way {
	s := from.subnet
	start := place{sub: s, first: true, left: everything(v6), back: func(n *subnet) []stage {
		if n == s {
			return nil
		}
		return []stage{routeStage(n.table, target{kind: Local}, replyTo), aclStage(n, true, replyTo), aclStage(s, false, replyFrom)}
	}}
	key := exit{s, v6, from.public}
	exits, ok := m.exits.Load(key)
	if !ok {
		exits, _ = m.exits.LoadOrStore(key, m.leave(from.public, start, v6, []*vpc{s.vpc}))
	}
	known, _ := exits.([]way)
	out := slices.Clone(known)
	for i := range out {
		out[i].stages = append([]stage{groupStage(from, nil, true, false, requestTo)}, out[i].stages...)
	}
	return out
}

// exit is what the ways out of a subnet depend on.
type exit struct {
	from   *subnet
	v6     bool
	public bool
}

// leave lists the ways out from a place. passed are the VPCs that lie behind: a
// packet that comes back to one goes in a circle.
func (m *Model) leave(public bool, p place, v6 bool, passed []*vpc) []way {
	var out []way
	s := p.sub
	hops := slices.SortedFunc(maps.Keys(s.table.lanes), func(a, b target) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id))
	})
	for _, hop := range hops {
		if !p.left.Overlaps(s.table.lanes[hop]) {
			continue
		}
		route := routeStage(s.table, hop, requestTo)
		via := append(slices.Clone(p.via), hop.String())
		there := append(slices.Clone(p.there), route, aclStage(s, true, requestTo))
		home := func() []stage { return append([]stage{aclStage(s, false, replyFrom)}, p.rest(s)...) }
		end := func(more []stage, back []stage) {
			out = append(out, way{via: via, stages: slices.Concat(there, more, back)})
		}
		switch hop.kind {
		case ToInternet:
			if p.first { // a private address that comes from elsewhere ends here
				end([]stage{addressed(public, v6), publicOnly(hop.String(), requestTo)}, home())
			}
		case ToEgressOnly:
			if v6 {
				end([]stage{publicOnly(hop.String(), requestTo)}, home())
			}
		case ToVPN:
			end(nil, home())
		case ToEndpoint:
			e := m.endpoints[hop.id]
			end([]stage{fact("endpoint "+label(e.ID, e.Name), "its policy is "+string(e.Policy), e.Policy != PolicyClosed)}, home())
		case ToPeering:
			if q := m.peerings[hop.id]; p.first && q.Active && (m.vpcs[q.A] == nil || m.vpcs[q.B] == nil) {
				end(nil, home())
			}
		case ToNAT:
			if !v6 {
				out = append(out, m.translate(p, m.nats[hop.id], there, via)...)
			}
		case ToTransit:
			out = append(out, m.leaveByTransit(public, p, hop, route, v6, passed)...)
		}
	}
	return out
}

// rest is what a reply passes from subnet s to the origin beyond s itself.
func (p place) rest(s *subnet) []stage {
	if p.first {
		return nil
	}
	return p.back(s)
}

// translate goes on from a NAT gateway, which has an address and ports of its own.
func (m *Model) translate(p place, n *nat, there []stage, via []string) []way {
	var out []way
	s := n.subnet
	if s != p.sub {
		there = append(there, aclStage(s, false, requestFrom))
	}
	for hop := range s.table.lanes {
		if hop.kind != ToInternet {
			continue
		}
		arrives := aclStage(s, false, replyFrom)
		arrives.anyPort = true
		stages := slices.Concat(there,
			[]stage{routeStage(s.table, hop, requestTo), aclStage(s, true, requestTo), publicOnly(hop.String(), requestTo), arrives},
			p.back(s))
		out = append(out, way{via: append(slices.Clone(via), hop.String()), stages: stages})
	}
	return out
}

func (m *Model) leaveByTransit(public bool, p place, hop target, route stage, v6 bool, passed []*vpc) []way {
	var out []way
	s := p.sub
	for _, a := range s.vpc.attachments {
		if a.TransitGateway != hop.id || a.table == nil {
			continue
		}
		there := slices.Concat(p.there, []stage{route}, m.enterTransit(s, a, thereway))
		via := append(slices.Clone(p.via), hop.String())
		home := func() []stage { return slices.Concat(m.leaveTransit(s, a, backway), p.rest(s)) }
		for _, id := range slices.Sorted(maps.Keys(a.table.lanes)) {
			b := m.attachments[id]
			left := p.left.Intersect(s.table.lanes[hop]).Intersect(a.table.lanes[id])
			if b != nil && b.vpc != nil {
				left = left.Minus(b.vpc.addrs)
			}
			if left.Empty() { // nothing goes farther than the VPC over there
				continue
			}
			onward := append(slices.Clone(there), transitStage(a.table, id, requestTo))
			switch {
			case b == nil || b == a:
			case b.vpc == nil && b.table == nil:
				out = append(out, way{via: via, stages: append(onward, fact("attachment "+label(b.ID, b.Name), "no route table of the transit gateway is associated with it: no reply comes back", false))})
			case b.vpc == nil:
				out = append(out, way{via: via, stages: slices.Concat(onward, []stage{transitStage(b.table, a.ID, replyTo)}, home())})
			case b.vpc != nil && b.table != nil && !slices.Contains(passed, b.vpc):
				for _, at := range b.subnets {
					next := place{sub: at, left: left, there: onward, via: via, back: func(n *subnet) []stage {
						back := append([]stage{routeStage(n.table, hop, replyTo)}, m.enterTransit(n, b, backway)...)
						return slices.Concat(back, []stage{transitStage(b.table, a.ID, replyTo)}, home())
					}}
					out = append(out, m.leave(public, next, v6, append(slices.Clone(passed), b.vpc))...)
				}
			}
		}
	}
	return out
}
