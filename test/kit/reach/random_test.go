package reach_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"github.com/fintrack/platform/test/kit/reach"
)

// world makes small random estates: up to three VPCs of a few tiny subnets, joined
// in every way the model knows, with rules drawn from few addresses and ports, so
// that they meet often.
type world struct{ *rand.Rand }

func (w world) maybe(percent int) bool { return w.IntN(100) < percent }

func pick[T any](w world, from []T) T { return from[w.IntN(len(from))] }

var (
	worldPorts = []reach.PortSet{reach.AllPorts, reach.Ports(443, 443), reach.Ports(5432, 5432), reach.Ports(1024, 65535), reach.Ports(0, 1023), reach.Ports(30000, 40000)}
	worldPeers = []string{"0.0.0.0/0", "10.0.0.0/16", "10.0.0.0/28", "10.0.0.16/28", "10.1.0.0/16", "10.1.0.0/28", "10.2.0.0/28", "203.0.113.0/24", "8.0.0.0/8", "::/0", "2001:db8:0:1::/64"}
	protocols  = []reach.Protocol{reach.Any, reach.TCP, reach.UDP, reach.ICMP}
)

func (w world) prefix() netip.Prefix { return netip.MustParsePrefix(pick(w, worldPeers)) }

func (w world) estate() reach.Estate {
	var e reach.Estate
	e.PrefixLists = []reach.PrefixList{{ID: "pl-1", Prefixes: []netip.Prefix{w.prefix(), netip.MustParsePrefix("198.51.100.0/24")}}}
	e.TransitGateways = []reach.TransitGateway{{ID: "tgw-1", GroupReferences: w.maybe(50)}}
	n := 1 + w.IntN(3)
	for v := range n {
		w.vpc(&e, v)
	}
	w.join(&e)
	w.routes(&e)
	return e
}

func (w world) vpc(e *reach.Estate, v int) {
	id := fmt.Sprintf("vpc-%d", v)
	e.VPCs = append(e.VPCs, reach.VPC{ID: id, CIDRs: []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("10.%d.0.0/16", v)), netip.MustParsePrefix(fmt.Sprintf("2001:db8:0:%d::/62", v*4))}})
	if w.maybe(70) {
		e.InternetGateways = append(e.InternetGateways, reach.InternetGateway{ID: "igw-" + id, VPC: id})
	}
	if w.maybe(40) {
		e.EgressGateways = append(e.EgressGateways, reach.EgressGateway{ID: "eigw-" + id, VPC: id})
	}
	e.ACLs = append(e.ACLs, w.acl("acl-"+id, id, nil))
	e.ACLs[len(e.ACLs)-1].Default = true
	for s := range 2 + w.IntN(2) {
		sub := reach.Subnet{ID: fmt.Sprintf("subnet-%d%d", v, s), VPC: id, Zone: pick(w, []string{"a", "b"}), CIDRs: []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("10.%d.0.%d/28", v, s*16))}}
		if w.maybe(40) {
			sub.CIDRs = append(sub.CIDRs, netip.MustParsePrefix(fmt.Sprintf("2001:db8:0:%x::/64", v*4+s)))
		}
		e.Subnets = append(e.Subnets, sub)
		if w.maybe(60) {
			e.ACLs = append(e.ACLs, w.acl("acl-"+sub.ID, id, []string{sub.ID}))
		}
		if w.maybe(40) {
			e.NATGateways = append(e.NATGateways, reach.NATGateway{ID: "nat-" + sub.ID, VPC: id, Subnet: sub.ID})
		}
	}
	for g := range 2 {
		e.Groups = append(e.Groups, reach.Group{ID: fmt.Sprintf("sg-%d%d", v, g), VPC: id, In: w.rules(), Out: w.rules()})
	}
	for _, s := range e.Subnets {
		for i := range w.IntN(3) {
			if s.VPC != id {
				continue
			}
			f := reach.Interface{ID: fmt.Sprintf("eni-%s-%d", s.ID, i), Subnet: s.ID, Public: w.maybe(50), Groups: []string{fmt.Sprintf("sg-%d%d", v, w.IntN(2))}}
			if w.maybe(50) {
				a := s.CIDRs[0].Addr()
				for range 4 + i {
					a = a.Next()
				}
				f.Addrs = []netip.Addr{a}
			}
			e.Interfaces = append(e.Interfaces, f)
		}
	}
}

func (w world) acl(id, vpc string, subnets []string) reach.ACL {
	return reach.ACL{ID: id, VPC: vpc, Subnets: subnets, In: w.entries(), Out: w.entries()}
}

func (w world) entries() []reach.Entry {
	var out []reach.Entry
	for i := range w.IntN(3) {
		out = append(out, reach.Entry{Number: 10 * (i + 1), Protocol: pick(w, protocols), Prefix: w.prefix(), Ports: pick(w, worldPorts), Allow: w.maybe(60)})
	}
	for _, all := range []string{"0.0.0.0/0", "::/0"} {
		if w.maybe(90) {
			out = append(out, reach.Entry{Number: 1000, Protocol: reach.Any, Prefix: netip.MustParsePrefix(all), Ports: reach.AllPorts, Allow: true})
		}
	}
	return out
}

func (w world) rule() reach.Rule {
	r := reach.Rule{Protocol: pick(w, protocols), Ports: pick(w, worldPorts)}
	switch w.IntN(4) {
	case 0:
		r.Group = fmt.Sprintf("sg-%d%d", w.IntN(3), w.IntN(2))
	case 1:
		r.PrefixList = "pl-1"
	default:
		r.Prefix = w.prefix()
	}
	return r
}

func (w world) rules() []reach.Rule {
	var out []reach.Rule
	for range 1 + w.IntN(3) {
		out = append(out, w.rule())
	}
	for _, all := range []string{"0.0.0.0/0", "::/0"} {
		if w.maybe(60) {
			out = append(out, reach.Rule{Protocol: reach.Any, Ports: reach.AllPorts, Prefix: netip.MustParsePrefix(all)})
		}
	}
	return out
}

// join makes peerings and attachments.
func (w world) join(e *reach.Estate) {
	for i, a := range e.VPCs {
		for _, b := range e.VPCs[i+1:] {
			if w.maybe(50) {
				e.Peerings = append(e.Peerings, reach.Peering{ID: "pcx-" + a.ID + b.ID, A: a.ID, B: b.ID, Active: w.maybe(80)})
			}
		}
		att := reach.Attachment{ID: "att-" + a.ID, TransitGateway: "tgw-1", Kind: "vpc", VPC: a.ID, GroupReferences: w.maybe(70)}
		for _, s := range e.Subnets {
			if s.VPC == a.ID && w.maybe(60) {
				att.Subnets = append(att.Subnets, s.ID)
			}
		}
		if w.maybe(80) {
			att.Table = "tgw-rtb-1"
		}
		e.Attachments = append(e.Attachments, att)
	}
	t := reach.TransitTable{ID: "tgw-rtb-1", TransitGateway: "tgw-1"}
	for _, a := range e.Attachments {
		t.Routes = append(t.Routes, reach.TransitRoute{Prefix: netip.MustParsePrefix("10." + a.VPC[4:] + ".0.0/16"), Attachment: a.ID})
		if w.maybe(20) {
			t.Routes = append(t.Routes, reach.TransitRoute{Prefix: netip.MustParsePrefix("10." + a.VPC[4:] + ".0.0/28"), Blackhole: true, Static: true})
		}
	}
	e.TransitTables = []reach.TransitTable{t}
}

// routes gives every VPC a main table and one of its own to some subnets.
func (w world) routes(e *reach.Estate) {
	for _, v := range e.VPCs {
		e.RouteTables = append(e.RouteTables, reach.RouteTable{ID: "rtb-" + v.ID, VPC: v.ID, Main: true, Routes: w.some(e, v.ID)})
	}
	for _, s := range e.Subnets {
		if w.maybe(60) {
			e.RouteTables = append(e.RouteTables, reach.RouteTable{ID: "rtb-" + s.ID, VPC: s.VPC, Subnets: []string{s.ID}, Routes: w.some(e, s.VPC)})
		}
	}
}

func (w world) some(e *reach.Estate, vpc string) []reach.Route {
	var out []reach.Route
	seen := map[string]bool{}
	add := func(prefix string, kind reach.TargetKind, id string) {
		if w.maybe(75) && !seen[prefix] {
			seen[prefix] = true
			out = append(out, reach.Route{Prefix: netip.MustParsePrefix(prefix), Kind: kind, Target: id, Blackhole: w.maybe(10)})
		}
	}
	for _, n := range e.NATGateways {
		if n.VPC == vpc {
			add("0.0.0.0/0", reach.ToNAT, n.ID)
		}
	}
	for _, g := range e.InternetGateways {
		if g.VPC == vpc {
			add("0.0.0.0/0", reach.ToInternet, g.ID)
			add("::/0", reach.ToInternet, g.ID)
			add("8.8.8.0/24", reach.ToInternet, g.ID)
		}
	}
	for _, g := range e.EgressGateways {
		if g.VPC == vpc {
			add("::/0", reach.ToEgressOnly, g.ID)
		}
	}
	for _, p := range e.Peerings {
		if p.A == vpc || p.B == vpc {
			other := p.A
			if other == vpc {
				other = p.B
			}
			add("10."+other[4:]+".0.0/16", reach.ToPeering, p.ID)
		}
	}
	add("10.0.0.0/8", reach.ToTransit, "tgw-1")
	add("10.1.0.0/28", reach.ToTransit, "tgw-1")
	return out
}

// packet is one that may matter: addresses of the two ends, and ports at the edges
// of what rules name.
func (w world) packet(p reach.Protocol, from, to []netip.Addr) packet {
	ports := []reach.Port{0, 22, 443, 1023, 1024, 5432, 30000, 40000, 40001, 50000, 65535}
	k := packet{protocol: p, src: pick(w, from), dst: pick(w, to), sport: pick(w, ports), dport: pick(w, ports)}
	if p == reach.ICMP {
		k.sport, k.dport = 0, 8
	}
	return k
}

// addrs are some addresses that an interface may have.
func addrs(e reach.Estate, f reach.Interface) []netip.Addr {
	if len(f.Addrs) > 0 {
		return f.Addrs
	}
	var out []netip.Addr
	for _, s := range e.Subnets {
		if s.ID == f.Subnet {
			for _, c := range s.CIDRs {
				out = append(out, c.Addr(), c.Addr().Next().Next())
			}
		}
	}
	return out
}

var outsiders = []netip.Addr{
	netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("8.9.9.9"), netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("198.51.100.1"),
	netip.MustParseAddr("2001:db8:ffff::1"), netip.MustParseAddr("192.168.1.1"),
}
