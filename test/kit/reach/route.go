package reach

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/gaissmai/bart"
)

// target is where a route leads.
type target struct {
	kind TargetKind
	id   string
}

func (t target) String() string {
	if t.kind == Local {
		return "local"
	}
	return string(t.kind) + " " + t.id
}

// table is a route table in which each address has found its longest prefix.
type table struct {
	*RouteTable
	where    string
	byPrefix bart.Table[*Route]
	lanes    map[target]AddrSet
}

func (b *builder) table(t *RouteTable, v *vpc) *table {
	c := &table{RouteTable: t, where: "route table " + label(t.ID, t.Name), lanes: map[target]AddrSet{}}
	routes := slices.Clone(t.Routes)
	for _, cidr := range v.CIDRs { // every table has them (Configure route tables, "Local route")
		if !slices.ContainsFunc(routes, func(r Route) bool { return r.Prefix == cidr }) {
			routes = append(routes, Route{Prefix: cidr, Kind: Local})
		}
	}
	type line struct {
		prefix netip.Prefix
		route  *Route
	}
	var lines []line
	for i := range routes {
		r := &routes[i]
		b.known(t, r)
		if r.PrefixList == "" {
			lines = append(lines, line{r.Prefix.Masked(), r})
			continue
		}
		if l, ok := find(b, b.m.lists, "prefix list", r.PrefixList, "route table "+label(t.ID, t.Name)); ok {
			for _, p := range l.Prefixes {
				lines = append(lines, line{p.Masked(), r})
			}
		}
	}
	// A route with a range wins over one with a list ("Prefix lists and route priority").
	slices.SortStableFunc(lines, func(x, y line) int {
		return cmp.Or(cmp.Compare(y.prefix.Bits(), x.prefix.Bits()), cmp.Compare(len(x.route.PrefixList), len(y.route.PrefixList)))
	})
	var taken AddrSet
	for _, l := range lines {
		if _, ok := c.byPrefix.Get(l.prefix); !ok {
			c.byPrefix.Insert(l.prefix, l.route)
		}
		whole := Addrs(l.prefix)
		if own := whole.Minus(taken); !l.route.Blackhole && !own.Empty() {
			to := target{l.route.Kind, l.route.Target}
			c.lanes[to] = c.lanes[to].Union(own)
		}
		taken = taken.Union(whole)
	}
	return c
}

// known reports a route whose target is not there.
func (b *builder) known(t *RouteTable, r *Route) {
	if r.PrefixList == "" && !r.Prefix.IsValid() {
		b.bad("route table %s: a route has no destination", label(t.ID, t.Name))
	}
	if r.Blackhole {
		return
	}
	who := "route table " + label(t.ID, t.Name)
	v := b.m.vpcs[t.VPC]
	attached := true
	switch r.Kind {
	case Local:
	case ToInternet:
		attached = v.gateway != nil && v.gateway.ID == r.Target
	case ToEgressOnly:
		attached = v.egress != nil && v.egress.ID == r.Target
	case ToVPN:
		attached = v.vpn != nil && v.vpn.ID == r.Target
	case ToNAT:
		find(b, b.m.nats, "NAT gateway", r.Target, who)
	case ToEndpoint:
		find(b, b.m.endpoints, "endpoint", r.Target, who)
	case ToPeering:
		find(b, b.m.peerings, "peering connection", r.Target, who)
	case ToTransit: // one that another account shares may be known by its attachment alone
	default:
		b.bad("%s: the route to %s leads to %q: the model has no rule for that", who, r.destination(), r.Kind)
	}
	if !attached {
		b.bad("%s: the route to %s leads to %s %s, which is not attached to VPC %s in the documents", who, r.destination(), r.Kind, r.Target, t.VPC)
	}
}

func (r *Route) destination() string {
	if r.PrefixList != "" {
		return r.PrefixList
	}
	return r.Prefix.String()
}

// find is the route of one address.
func (t *table) find(addr netip.Addr) (*Route, bool) { return t.byPrefix.Lookup(addr) }

// judge says whether an address takes the way to a target.
func (t *table) judge(addr netip.Addr, want target) (bool, string) {
	r, ok := t.find(addr)
	switch {
	case !ok:
		return false, fmt.Sprintf("no route to %s", addr)
	case r.Blackhole:
		return false, fmt.Sprintf("%s -> blackhole (%s is gone)", r.destination(), r.Target)
	case target{r.Kind, r.Target} != want:
		return false, fmt.Sprintf("%s -> %s, not %s", r.destination(), target{r.Kind, r.Target}, want)
	}
	return true, fmt.Sprintf("%s -> %s", r.destination(), want)
}

// transitTable is a route table of a transit gateway.
type transitTable struct {
	*TransitTable
	where    string
	byPrefix bart.Table[*TransitRoute]
	lanes    map[string]AddrSet // by attachment
}

func newTransitTable(t *TransitTable) *transitTable {
	c := &transitTable{TransitTable: t, where: "transit gateway route table " + label(t.ID, t.Name), lanes: map[string]AddrSet{}}
	// Static routes win over propagated ones (How transit gateways work, "Route
	// evaluation order").
	slices.SortStableFunc(t.Routes, func(x, y TransitRoute) int {
		return cmp.Or(cmp.Compare(y.Prefix.Bits(), x.Prefix.Bits()), cmp.Compare(index(y.Static), index(x.Static)))
	})
	var taken AddrSet
	for i := range t.Routes {
		r := &t.Routes[i]
		if _, ok := c.byPrefix.Get(r.Prefix); !ok {
			c.byPrefix.Insert(r.Prefix, r)
		}
		whole := Addrs(r.Prefix)
		if own := whole.Minus(taken); !r.Blackhole && !own.Empty() {
			c.lanes[r.Attachment] = c.lanes[r.Attachment].Union(own)
		}
		taken = taken.Union(whole)
	}
	return c
}

func (t *transitTable) judge(addr netip.Addr, attachment string) (bool, string) {
	r, ok := t.byPrefix.Lookup(addr)
	switch {
	case !ok:
		return false, fmt.Sprintf("no route to %s", addr)
	case r.Blackhole:
		return false, r.Prefix.String() + " -> blackhole"
	case r.Attachment != attachment:
		return false, fmt.Sprintf("%s -> %s, not %s", r.Prefix, r.Attachment, attachment)
	}
	return true, fmt.Sprintf("%s -> %s", r.Prefix, attachment)
}
