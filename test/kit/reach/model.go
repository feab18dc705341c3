package reach

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// Model answers questions about an Estate. It is safe for concurrent use.
type Model struct {
	vpcs        map[string]*vpc
	subnets     map[string]*subnet
	tables      map[string]*table
	groups      map[string]*group
	lists       map[string]*list
	nats        map[string]*nat
	endpoints   map[string]*Endpoint
	transits    map[string]*TransitGateway
	attachments map[string]*attachment
	transitTabs map[string]*transitTable
	peerings    map[string]*Peering
	balancers   []*LoadBalancer
	hosts       []*host
	byID        map[string]*host
	byGroup     map[*group][]*host
	bySubnet    map[*subnet][]*host
	exits       sync.Map // of exit to []way, filled as it is asked
}

type vpc struct {
	*VPC
	addrs       AddrSet
	gateway     *InternetGateway
	egress      *EgressGateway
	vpn         *VPNGateway
	subnets     []*subnet
	peerings    []*Peering
	attachments []*attachment
	main        *table
	defaultACL  *acl
}

type subnet struct {
	*Subnet
	vpc    *vpc
	table  *table
	acl    *acl
	addrs  AddrSet
	border string // what its network ACL is called
}

type list struct {
	*PrefixList
	addrs AddrSet
}

type nat struct {
	*NATGateway
	subnet *subnet
}

type attachment struct {
	*Attachment
	vpc     *vpc // nil when it leads outside
	table   *transitTable
	subnets []*subnet
}

// host is something with addresses in a subnet.
type host struct {
	name    string
	guard   string // what its groups are called
	subnet  *subnet
	groups  []*group
	open    bool // it stands for anything: no group holds it back
	addrs   AddrSet
	public  bool
	iface   *Interface
	hasAddr bool
}

// New checks an estate and makes a model of it. What is named and not there, named
// twice, or cannot be (a subnet outside its VPC) is an error that lists all of it.
func New(e Estate) (*Model, error) {
	m := &Model{
		vpcs: map[string]*vpc{}, subnets: map[string]*subnet{}, tables: map[string]*table{}, groups: map[string]*group{},
		lists: map[string]*list{}, nats: map[string]*nat{}, endpoints: map[string]*Endpoint{}, transits: map[string]*TransitGateway{},
		attachments: map[string]*attachment{}, transitTabs: map[string]*transitTable{}, peerings: map[string]*Peering{},
		byID: map[string]*host{}, byGroup: map[*group][]*host{}, bySubnet: map[*subnet][]*host{},
	}
	b := &builder{m: m}
	b.networks(e)
	b.gateways(e)
	b.filters(e)
	b.routes(e)
	b.transit(e)
	b.members(e)
	return m, errors.Join(b.errs...)
}

// builder gathers what is wrong.
type builder struct {
	m    *Model
	errs []error
}

func (b *builder) bad(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
}

// find looks id up and says what is missing, and for whom.
func find[T any](b *builder, in map[string]T, kind, id, user string) (T, bool) {
	v, ok := in[id]
	if !ok {
		b.bad("%s: %s %q is not in the documents", user, kind, id)
	}
	return v, ok
}

// add keeps a thing under its id.
func add[T any](b *builder, in map[string]T, kind, id string, v T) {
	if id == "" {
		b.bad("a %s has no id", kind)
	}
	if _, twice := in[id]; twice {
		b.bad("%s %s is there twice", kind, id)
	}
	in[id] = v
}

func (b *builder) networks(e Estate) {
	for i := range e.VPCs {
		v := &e.VPCs[i]
		add(b, b.m.vpcs, "VPC", v.ID, &vpc{VPC: v, addrs: Addrs(v.CIDRs...)})
	}
	for i := range e.Subnets {
		s := &e.Subnets[i]
		v, ok := find(b, b.m.vpcs, "VPC", s.VPC, "subnet "+label(s.ID, s.Name))
		if !ok {
			continue
		}
		sub := &subnet{Subnet: s, vpc: v, addrs: Addrs(s.CIDRs...)}
		if len(s.CIDRs) == 0 {
			b.bad("subnet %s has no range", label(s.ID, s.Name))
		}
		if !v.addrs.Covers(sub.addrs) {
			b.bad("subnet %s: %s is outside its VPC %s (%s)", label(s.ID, s.Name), sub.addrs, v.ID, v.addrs)
		}
		v.subnets = append(v.subnets, sub)
		add(b, b.m.subnets, "subnet", s.ID, sub)
	}
	for i := range e.PrefixLists {
		l := &e.PrefixLists[i]
		add(b, b.m.lists, "prefix list", l.ID, &list{PrefixList: l, addrs: Addrs(l.Prefixes...)})
	}
}

func (b *builder) gateways(e Estate) {
	for i := range e.InternetGateways {
		g := &e.InternetGateways[i]
		if v, ok := find(b, b.m.vpcs, "VPC", g.VPC, "internet gateway "+g.ID); ok {
			v.gateway = g
		}
	}
	for i := range e.EgressGateways {
		g := &e.EgressGateways[i]
		if v, ok := find(b, b.m.vpcs, "VPC", g.VPC, "egress-only internet gateway "+g.ID); ok {
			v.egress = g
		}
	}
	for i := range e.VPNGateways {
		g := &e.VPNGateways[i]
		if v, ok := find(b, b.m.vpcs, "VPC", g.VPC, "virtual private gateway "+g.ID); ok {
			v.vpn = g
		}
	}
	for i := range e.NATGateways {
		g := &e.NATGateways[i]
		if s, ok := find(b, b.m.subnets, "subnet", g.Subnet, "NAT gateway "+g.ID); ok {
			add(b, b.m.nats, "NAT gateway", g.ID, &nat{NATGateway: g, subnet: s})
		}
	}
	for i := range e.Endpoints {
		p := &e.Endpoints[i]
		find(b, b.m.vpcs, "VPC", p.VPC, "endpoint "+p.ID)
		add(b, b.m.endpoints, "endpoint", p.ID, p)
	}
	for i := range e.Peerings {
		p := &e.Peerings[i]
		add(b, b.m.peerings, "peering connection", p.ID, p)
		if b.m.vpcs[p.A] == nil && b.m.vpcs[p.B] == nil {
			b.bad("peering connection %s joins %q and %q: neither is in the documents", p.ID, p.A, p.B)
		}
		for _, id := range []string{p.A, p.B} {
			if v := b.m.vpcs[id]; v != nil {
				v.peerings = append(v.peerings, p)
			}
		}
	}
}

func (b *builder) filters(e Estate) {
	for i := range e.ACLs {
		b.acl(&e.ACLs[i])
	}
	for i := range e.Groups {
		g := &e.Groups[i]
		add(b, b.m.groups, "security group", g.ID, &group{Group: g})
	}
	for _, g := range b.m.groups {
		g.in, g.out = b.rules(g, g.In), b.rules(g, g.Out)
	}
	for _, s := range b.m.subnets {
		if s.acl == nil {
			s.acl = s.vpc.defaultACL
		}
		if s.acl == nil {
			b.bad("subnet %s: no network ACL names it, and VPC %s has no default one in the documents", label(s.ID, s.Name), s.VPC)
			continue
		}
		s.border = "network ACL " + label(s.acl.ID, s.acl.Name) + " of subnet " + label(s.ID, s.Name)
	}
}

func (b *builder) acl(a *ACL) {
	v, ok := find(b, b.m.vpcs, "VPC", a.VPC, "network ACL "+a.ID)
	if !ok {
		return
	}
	for _, entries := range [][]Entry{a.In, a.Out} {
		slices.SortStableFunc(entries, func(x, y Entry) int { return cmp.Compare(x.Number, y.Number) })
		for i := 1; i < len(entries); i++ {
			if x, y := entries[i-1], entries[i]; x.Number == y.Number && x.Prefix.Addr().Is4() == y.Prefix.Addr().Is4() {
				b.bad("network ACL %s: rule %d is there twice in one direction", label(a.ID, a.Name), x.Number)
			}
		}
	}
	compiled := newACL(a)
	if a.Default {
		v.defaultACL = compiled
	}
	for _, id := range a.Subnets {
		s, ok := find(b, b.m.subnets, "subnet", id, "network ACL "+a.ID)
		if ok && s.acl != nil {
			b.bad("subnet %s has two network ACLs: %s and %s", id, s.acl.ID, a.ID)
		}
		if ok {
			s.acl = compiled
		}
	}
}

func (b *builder) rules(g *group, rules []Rule) []rule {
	out := make([]rule, 0, len(rules))
	for i := range rules {
		r := rule{Rule: &rules[i], v6: rules[i].Prefix.Addr().Is6()}
		switch {
		case r.PrefixList != "":
			if l, ok := find(b, b.m.lists, "prefix list", r.PrefixList, "security group "+label(g.ID, g.Name)); ok {
				r.addrs = l.addrs
			}
		case r.Group != "":
			// A group of an account that was not read has no member here.
			r.peer = b.m.groups[r.Group]
		case r.Prefix.IsValid():
			r.addrs = Addrs(r.Prefix)
		default:
			b.bad("security group %s: a rule has no peer", label(g.ID, g.Name))
		}
		out = append(out, r)
	}
	return out
}

func (b *builder) routes(e Estate) {
	for i := range e.RouteTables {
		t := &e.RouteTables[i]
		v, ok := find(b, b.m.vpcs, "VPC", t.VPC, "route table "+t.ID)
		if !ok {
			continue
		}
		compiled := b.table(t, v)
		add(b, b.m.tables, "route table", t.ID, compiled)
		if t.Main {
			v.main = compiled
		}
		for _, id := range t.Subnets {
			s, ok := find(b, b.m.subnets, "subnet", id, "route table "+t.ID)
			if ok && s.table != nil {
				b.bad("subnet %s has two route tables: %s and %s", id, s.table.ID, t.ID)
			}
			if ok {
				s.table = compiled
			}
		}
	}
	for _, s := range b.m.subnets {
		if s.table == nil {
			s.table = s.vpc.main
		}
		if s.table == nil {
			b.bad("subnet %s: no route table names it, and VPC %s has no main one in the documents", label(s.ID, s.Name), s.VPC)
		}
	}
}

func (b *builder) transit(e Estate) {
	for i := range e.TransitGateways {
		add(b, b.m.transits, "transit gateway", e.TransitGateways[i].ID, &e.TransitGateways[i])
	}
	for i := range e.TransitTables {
		t := &e.TransitTables[i]
		find(b, b.m.transits, "transit gateway", t.TransitGateway, "transit gateway route table "+t.ID)
		add(b, b.m.transitTabs, "transit gateway route table", t.ID, newTransitTable(t))
	}
	for i := range e.Attachments {
		b.attachment(&e.Attachments[i])
	}
	for _, t := range b.m.transitTabs {
		for _, r := range t.Routes {
			if !r.Blackhole {
				find(b, b.m.attachments, "attachment", r.Attachment, "transit gateway route table "+t.ID)
			}
		}
	}
}

func (b *builder) attachment(a *Attachment) {
	who := "attachment " + label(a.ID, a.Name)
	find(b, b.m.transits, "transit gateway", a.TransitGateway, who)
	c := &attachment{Attachment: a}
	if a.Table != "" {
		c.table, _ = find(b, b.m.transitTabs, "transit gateway route table", a.Table, who)
	}
	if v := b.m.vpcs[a.VPC]; a.Kind == "vpc" && v != nil { // else a VPC of an account that was not read
		c.vpc = v
		v.attachments = append(v.attachments, c)
		for _, id := range a.Subnets {
			if s, ok := find(b, b.m.subnets, "subnet", id, who); ok {
				c.subnets = append(c.subnets, s)
			}
		}
	}
	add(b, b.m.attachments, "attachment", a.ID, c)
}

func (b *builder) members(e Estate) {
	for i := range e.Interfaces {
		f := &e.Interfaces[i]
		who := "interface " + label(f.ID, f.Name)
		s, ok := find(b, b.m.subnets, "subnet", f.Subnet, who)
		if !ok {
			continue
		}
		h := &host{name: cmp.Or(f.Name, f.ID), guard: "security groups of " + cmp.Or(f.Name, f.ID), subnet: s, addrs: s.addrs, public: f.Public, open: f.Unguarded, iface: f}
		if f.Unguarded && len(f.Groups) > 0 {
			b.bad("%s: it has security groups and is said to need none", who)
		}
		if len(f.Addrs) > 0 {
			h.hasAddr = true
			prefixes := make([]netip.Prefix, len(f.Addrs))
			for i, a := range f.Addrs {
				prefixes[i] = netip.PrefixFrom(a, a.BitLen())
			}
			h.addrs = Addrs(prefixes...)
			if !s.addrs.Covers(h.addrs) {
				b.bad("%s: address %s is outside its subnet %s", who, h.addrs, s.addrs)
			}
		}
		for _, id := range f.Groups {
			if g, ok := find(b, b.m.groups, "security group", id, who); ok {
				h.groups = append(h.groups, g)
				b.m.byGroup[g] = append(b.m.byGroup[g], h)
			}
		}
		add(b, b.m.byID, "interface", f.ID, h)
		b.m.hosts = append(b.m.hosts, h)
		b.m.bySubnet[s] = append(b.m.bySubnet[s], h)
	}
	for i := range e.LoadBalancers {
		b.m.balancers = append(b.m.balancers, &e.LoadBalancers[i])
	}
}

// label is how a thing is named: its id, and its name where it has another.
func label(id, name string) string {
	if name == "" || name == id {
		return id
	}
	return id + " (" + name + ")"
}

// Overlap is a pair of ranges that share addresses where both can be asked for.
type Overlap struct{ A, B, Shared string }

// String says it as a sentence.
func (o Overlap) String() string { return o.A + " and " + o.B + " share " + o.Shared }

// Overlaps lists the subnets of a VPC that share addresses, and the VPCs that are
// joined by a peering connection or a transit gateway and do.
func (m *Model) Overlaps() []Overlap {
	var out []Overlap
	ids := slices.Sorted(maps.Keys(m.vpcs))
	for i, a := range ids {
		subs := m.vpcs[a].subnets
		for j, s := range subs {
			for _, t := range subs[j+1:] {
				if s.addrs.Overlaps(t.addrs) {
					out = append(out, Overlap{"subnet " + label(s.ID, s.Name), "subnet " + label(t.ID, t.Name), s.addrs.Intersect(t.addrs).String()})
				}
			}
		}
		for _, b := range ids[i+1:] {
			if x, y := m.vpcs[a], m.vpcs[b]; m.joined(x, y) && x.addrs.Overlaps(y.addrs) {
				out = append(out, Overlap{"VPC " + label(x.ID, x.Name), "VPC " + label(y.ID, y.Name), x.addrs.Intersect(y.addrs).String()})
			}
		}
	}
	return out
}

func (m *Model) joined(a, b *vpc) bool {
	for _, p := range a.peerings {
		if p.A == b.ID || p.B == b.ID {
			return true
		}
	}
	for _, x := range a.attachments {
		for _, y := range b.attachments {
			if x.TransitGateway == y.TransitGateway {
				return true
			}
		}
	}
	return false
}

// Nearest lists what is named most like name, for the text of an error.
func Nearest(name string, known []string) string {
	best := slices.Clone(known)
	slices.SortStableFunc(best, func(a, b string) int { return cmp.Compare(distance(name, a), distance(name, b)) })
	return strings.Join(best[:min(len(best), 5)], ", ")
}

// distance is the Levenshtein distance.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		last := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := last
			if a[i-1] != b[j-1] {
				change++
			}
			last = row[j]
			row[j] = min(change, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
