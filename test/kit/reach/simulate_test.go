package reach_test

import (
	"net/netip"

	"github.com/fintrack/platform/test/kit/reach"
)

// simulator sends one packet and its reply through an estate, hop by hop. It is the
// witness of the engine and shares nothing with it but the data: no sets, no
// compiled tables, every question answered by going through the lists again.
type simulator struct{ e reach.Estate }

type packet struct {
	protocol reach.Protocol
	src, dst netip.Addr
	sport    reach.Port // of the end that src is
	dport    reach.Port
}

func (p packet) reply() packet {
	return packet{p.protocol, p.dst, p.src, p.dport, p.sport}
}

func (s simulator) subnet(id string) reach.Subnet {
	for _, x := range s.e.Subnets {
		if x.ID == id {
			return x
		}
	}
	return reach.Subnet{}
}

func (s simulator) table(id string) reach.RouteTable {
	sub := s.subnet(id)
	var main reach.RouteTable
	for _, t := range s.e.RouteTables {
		for _, x := range t.Subnets {
			if x == id {
				return t
			}
		}
		if t.Main && t.VPC == sub.VPC {
			main = t
		}
	}
	return main
}

// route is the longest prefix that holds an address.
func (s simulator) route(subnet string, dst netip.Addr) (reach.Route, bool) {
	t, best, found, bits := s.table(subnet), reach.Route{}, false, -1
	consider := func(r reach.Route, p netip.Prefix) {
		if p.Contains(dst) && p.Bits() > bits {
			best, found, bits = r, true, p.Bits()
		}
	}
	for _, r := range t.Routes {
		if r.PrefixList == "" {
			consider(r, r.Prefix)
		}
	}
	for _, v := range s.e.VPCs {
		if v.ID == t.VPC {
			for _, c := range v.CIDRs {
				consider(reach.Route{Prefix: c, Kind: reach.Local}, c)
			}
		}
	}
	for _, r := range t.Routes {
		for _, l := range s.e.PrefixLists {
			if l.ID == r.PrefixList {
				for _, p := range l.Prefixes {
					consider(r, p)
				}
			}
		}
	}
	return best, found && !best.Blackhole
}

func (s simulator) leads(subnet string, dst netip.Addr, kind reach.TargetKind, id string) bool {
	r, ok := s.route(subnet, dst)
	return ok && r.Kind == kind && r.Target == id
}

// acl judges a packet at a subnet's border: the peer is the other end.
func (s simulator) acl(subnet string, p packet, out bool) bool {
	sub := s.subnet(subnet)
	var acl reach.ACL
	for _, a := range s.e.ACLs {
		if a.Default && a.VPC == sub.VPC && acl.ID == "" {
			acl = a
		}
		for _, x := range a.Subnets {
			if x == subnet {
				acl = a
			}
		}
	}
	entries, peer := acl.In, p.src
	if out {
		entries, peer = acl.Out, p.dst
	}
	number, allowed := 1<<30, false
	for _, e := range entries {
		if (e.Protocol == reach.Any || e.Protocol == p.protocol) && e.Prefix.Contains(peer) && e.Ports.Has(p.dport) && e.Number < number {
			number, allowed = e.Number, e.Allow
		}
	}
	return allowed
}

// group judges a request at an interface.
func (s simulator) group(f *reach.Interface, p packet, out bool, peer *reach.Interface) bool {
	if f.Unguarded {
		return true
	}
	for _, id := range f.Groups {
		for _, g := range s.e.Groups {
			rules, other := g.In, p.src
			if out {
				rules, other = g.Out, p.dst
			}
			for _, r := range rules {
				if g.ID != id || r.Protocol != reach.Any && r.Protocol != p.protocol || !r.Ports.Has(p.dport) {
					continue
				}
				if r.Prefix.IsValid() && r.Prefix.Contains(other) {
					return true
				}
				for _, l := range s.e.PrefixLists {
					for _, c := range l.Prefixes {
						if l.ID == r.PrefixList && c.Contains(other) {
							return true
						}
					}
				}
				if peer != nil {
					for _, pg := range peer.Groups {
						if pg == r.Group {
							return true
						}
					}
				}
			}
		}
	}
	return false
}

// connects says that a request from one interface reaches another, and its reply
// the first.
func (s simulator) connects(from, to *reach.Interface, p packet) bool {
	ok, refs := s.carry(from.Subnet, to.Subnet, p)
	if !ok {
		return false
	}
	a, b := from, to
	if !refs {
		a = nil
	}
	if s.subnet(from.Subnet).VPC != s.subnet(to.Subnet).VPC && !s.peered(from.Subnet, p) {
		b = nil // a transit gateway tells nobody whom he asks
	}
	if !s.group(from, p, true, b) || !s.group(to, p, false, a) {
		return false
	}
	ok, _ = s.carry(to.Subnet, from.Subnet, p.reply())
	return ok
}

// peered says that a packet takes a peering connection.
func (s simulator) peered(from string, p packet) bool {
	r, ok := s.route(from, p.dst)
	return ok && r.Kind == reach.ToPeering
}

// carry takes a packet from one subnet to another.
func (s simulator) carry(from, to string, p packet) (ok, refs bool) {
	if from == to {
		return true, true
	}
	a, b := s.subnet(from), s.subnet(to)
	r, found := s.route(from, p.dst)
	if !found {
		return false, false
	}
	switch r.Kind {
	case reach.Local:
		return a.VPC == b.VPC && s.acl(from, p, true) && s.acl(to, p, false), true
	case reach.ToPeering:
		for _, c := range s.e.Peerings {
			if c.ID == r.Target && c.Active && a.VPC != b.VPC && (c.A == a.VPC && c.B == b.VPC || c.A == b.VPC && c.B == a.VPC) {
				return s.acl(from, p, true) && s.acl(to, p, false), true
			}
		}
	case reach.ToTransit:
		if a.VPC != b.VPC {
			return s.cross(a, b, r.Target, p)
		}
	}
	return false, false
}

// cross takes a packet through a transit gateway.
func (s simulator) cross(a, b reach.Subnet, gateway string, p packet) (ok, refs bool) {
	for _, in := range s.e.Attachments {
		if in.TransitGateway != gateway || in.VPC != a.VPC {
			continue
		}
		enter := ""
		for _, id := range in.Subnets {
			if s.subnet(id).Zone == a.Zone && enter == "" {
				enter = id
			}
		}
		if enter == "" || !s.acl(a.ID, p, true) || !s.acl(enter, p, false) {
			return false, false
		}
		next := s.transit(in.Table, p.dst)
		for _, out := range s.e.Attachments {
			if out.ID != next || out.VPC != b.VPC || len(out.Subnets) == 0 {
				continue
			}
			leave := out.Subnets[0]
			for i := len(out.Subnets) - 1; i >= 0; i-- {
				if s.subnet(out.Subnets[i]).Zone == b.Zone {
					leave = out.Subnets[i]
				}
			}
			passes := leave == b.ID || s.leads(leave, p.dst, reach.Local, "") && s.acl(leave, p, true) && s.acl(b.ID, p, false)
			return passes, in.GroupReferences && out.GroupReferences && s.references(gateway)
		}
	}
	return false, false
}

func (s simulator) references(gateway string) bool {
	for _, g := range s.e.TransitGateways {
		if g.ID == gateway {
			return g.GroupReferences
		}
	}
	return false
}

func (s simulator) transit(table string, dst netip.Addr) string {
	next, bits, static := "", -1, false
	for _, t := range s.e.TransitTables {
		for _, r := range t.Routes {
			if t.ID == table && r.Prefix.Contains(dst) && (r.Prefix.Bits() > bits || r.Prefix.Bits() == bits && r.Static && !static) {
				next, bits, static = r.Attachment, r.Prefix.Bits(), r.Static
				if r.Blackhole {
					next = ""
				}
			}
		}
	}
	return next
}

// reachesInternet says that a request gets out to the internet and its reply back.
func (s simulator) reachesInternet(from *reach.Interface, p packet) bool {
	if !reach.Internet().Contains(p.dst) || !s.group(from, p, true, nil) {
		return false
	}
	r, ok := s.route(from.Subnet, p.dst)
	if !ok || !s.acl(from.Subnet, p, true) || !s.acl(from.Subnet, p.reply(), false) {
		return false
	}
	switch r.Kind {
	case reach.ToInternet:
		return from.Public || p.dst.Is6()
	case reach.ToEgressOnly:
		return p.dst.Is6()
	case reach.ToNAT:
		return p.dst.Is4() && s.throughNAT(from, r.Target, p)
	}
	return false
}

func (s simulator) throughNAT(from *reach.Interface, id string, p packet) bool {
	for _, n := range s.e.NATGateways {
		if n.ID != id {
			continue
		}
		if n.Subnet != from.Subnet && (!s.acl(n.Subnet, p, false) || !s.acl(n.Subnet, p.reply(), true) || !s.leads(n.Subnet, p.src, reach.Local, "")) {
			return false
		}
		r, ok := s.route(n.Subnet, p.dst)
		if !ok || r.Kind != reach.ToInternet || !s.acl(n.Subnet, p, true) {
			return false
		}
		// The gateway chooses a port of its own: one that comes back is enough.
		for _, port := range []reach.Port{1024, 5432, 29999, 30000, 40000, 40001, 65535} { // both sides of every edge in these worlds
			q := packet{p.protocol, p.src, p.dst, port, p.dport}
			if p.protocol == reach.ICMP {
				q.sport = p.sport
			}
			if s.acl(n.Subnet, q.reply(), false) {
				return true
			}
		}
	}
	return false
}

// reachedFromInternet says that a request from the internet arrives, and its reply
// gets back.
func (s simulator) reachedFromInternet(to *reach.Interface, p packet) bool {
	vpc, gateway := s.subnet(to.Subnet).VPC, ""
	for _, g := range s.e.InternetGateways {
		if g.VPC == vpc {
			gateway = g.ID
		}
	}
	return gateway != "" && reach.Internet().Contains(p.src) && (to.Public || p.dst.Is6()) &&
		s.acl(to.Subnet, p, false) && s.group(to, p, false, nil) &&
		s.leads(to.Subnet, p.src, reach.ToInternet, gateway) && s.acl(to.Subnet, p.reply(), true)
}
