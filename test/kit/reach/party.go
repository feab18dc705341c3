package reach

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"go4.org/netipx"
)

// internet are the addresses that the internet carries: all but those that RFC 6890
// keeps for other uses. The three ranges for documentation count as public, since a
// rule that names one means a real network.
var internet = all4.Minus(Addrs(prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3",
)...)).Union(Addrs(prefixes("2000::/3")...))

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		out[i] = netip.MustParsePrefix(t)
	}
	return out
}

// Party is one side of a question: things in the estate, or addresses outside.
type Party struct {
	Name    string
	hosts   []*host
	outside AddrSet
}

// Empty says that nobody is there.
func (p Party) Empty() bool { return len(p.hosts) == 0 && p.outside.Empty() }

// Outside says that the party is addresses outside the estate.
func (p Party) Outside() bool { return len(p.hosts) == 0 && !p.outside.Empty() }

// Members are the names of what the party stands for.
func (p Party) Members() []string {
	var out []string
	for _, h := range p.hosts {
		out = append(out, h.name)
	}
	if !p.outside.Empty() {
		out = append(out, p.outside.String())
	}
	return out
}

// Internet is every public address.
func Internet() Party { return Party{Name: "internet", outside: internet} }

// OutsideParty is a network outside the estate.
func OutsideParty(name string, prefixes ...netip.Prefix) Party {
	return Party{Name: name, outside: Addrs(prefixes...)}
}

// ServiceParty is an AWS service as a VPC sees it. With an interface endpoint whose
// private DNS works, its name leads to the endpoint; otherwise to public addresses,
// those of its prefix list where one is known.
func (m *Model) ServiceParty(vpcID, service string) (Party, error) {
	v := m.vpcs[vpcID]
	if v == nil {
		return Party{}, fmt.Errorf("VPC %q is not in the documents; there are %s", vpcID, Nearest(vpcID, slices.Collect(maps.Keys(m.vpcs))))
	}
	p := Party{Name: service}
	for _, h := range m.hosts {
		e := m.endpoints[h.iface.Owner]
		if h.iface.Kind == EndpointNode && e != nil && e.Service == service && e.VPC == vpcID && e.PrivateDNS && v.DNSSupport && v.DNSHostnames && e.Policy != PolicyClosed {
			p.hosts = append(p.hosts, h)
		}
	}
	if len(p.hosts) > 0 {
		return p, nil
	}
	for _, l := range m.lists {
		if l.Service == service {
			p.outside = p.outside.Union(l.addrs)
		}
	}
	if p.outside.Empty() {
		p.outside = internet
	}
	return p, nil
}

// Interface is the party of one interface.
func (m *Model) Interface(id string) (Party, error) {
	h, ok := m.byID[id]
	if !ok {
		return Party{}, fmt.Errorf("no interface %q; the nearest are %s", id, Nearest(id, slices.Collect(maps.Keys(m.byID))))
	}
	return Party{Name: h.name, hosts: []*host{h}}, nil
}

// Select is the party of all interfaces that choose picks.
func (m *Model) Select(name string, choose func(Interface, Subnet) bool) Party {
	p := Party{Name: name}
	for _, h := range m.hosts {
		if choose(*h.iface, *h.subnet.Subnet) {
			p.hosts = append(p.hosts, h)
		}
	}
	return p
}

// Anything is whatever may be placed in the subnets that choose picks: no group
// holds it back, and it may have a public address. What it cannot reach nothing
// there can, whatever groups it is given.
func (m *Model) Anything(name string, choose func(Subnet) bool) Party {
	p := Party{Name: name}
	for _, id := range slices.Sorted(maps.Keys(m.subnets)) {
		if s := m.subnets[id]; choose(*s.Subnet) {
			p.hosts = append(p.hosts, &host{name: "anything in " + label(s.ID, s.Name), guard: "security groups of anything in " + label(s.ID, s.Name), subnet: s, open: true, public: true, addrs: s.addrs, iface: &Interface{}})
		}
	}
	return p
}

// All is the party of every interface.
func (m *Model) All() Party { return Party{Name: "everything", hosts: m.hosts} }

// Contains says that an address outside the estate is one of the party.
func (p Party) Contains(a netip.Addr) bool { return p.outside.Has(a) }

// VPCs are the ids of the VPCs that the party has members in.
func (p Party) VPCs() []string {
	var out []string
	for _, h := range p.hosts {
		out = append(out, h.subnet.VPC)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// In is the part of the party that is in a VPC.
func (p Party) In(vpcID string) Party {
	out := Party{Name: p.Name}
	for _, h := range p.hosts {
		if h.subnet.VPC == vpcID {
			out.hosts = append(out.hosts, h)
		}
	}
	return out
}

// Prefixes are the party's addresses.
func (p Party) Prefixes() []netip.Prefix {
	all := p.outside
	for _, h := range p.hosts {
		all = all.Union(h.addrs)
	}
	var out []netip.Prefix
	for lo, hi := range all.Spans() {
		out = netipx.IPRangeFrom(lo, hi).AppendPrefixes(out)
	}
	return out
}
