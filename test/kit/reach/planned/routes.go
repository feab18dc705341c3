package planned

import (
	"net/netip"
	"slices"

	"github.com/fintrack/platform/test/kit/reach"
)

func (r *reader) tables() {
	for _, n := range r.all("aws_route_table") {
		r.blocks(n, "route", "propagating_vgws")
		if v, ok := r.one(n, "vpc_id", "aws_vpc"); ok {
			r.e.RouteTables = append(r.e.RouteTables, reach.RouteTable{ID: n.Address, Name: n.name(), VPC: v.Address})
		}
	}
	for _, n := range r.all("aws_route_table_association") {
		if n.has("gateway_id") {
			r.bad("%s: it is of a gateway (ingress routing): the model has no rule for that", n.Address)
			continue
		}
		t, ok := r.one(n, "route_table_id", "aws_route_table")
		s, found := r.one(n, "subnet_id", "aws_subnet")
		if !ok || !found {
			continue
		}
		for i := range r.e.RouteTables {
			if x := &r.e.RouteTables[i]; x.ID == t.Address {
				x.Subnets = append(x.Subnets, s.Address)
			}
		}
	}
	r.routes()
	r.endpoints()
}

// targets are the attributes of a route that name where it leads. The others of
// aws_route are refused.
var (
	targets = []struct {
		attr, kind string
		to         reach.TargetKind
	}{
		{"gateway_id", "aws_internet_gateway", reach.ToInternet},
		{"nat_gateway_id", "aws_nat_gateway", reach.ToNAT},
		{"transit_gateway_id", "aws_ec2_transit_gateway", reach.ToTransit},
	}
	strange = []string{"carrier_gateway_id", "core_network_arn", "destination_ipv6_cidr_block", "destination_prefix_list_id", "egress_only_gateway_id", "local_gateway_id",
		"network_interface_id", "vpc_endpoint_id", "vpc_peering_connection_id"}
)

// alike are routes of one resource with the same destination and target.
type alike struct {
	scope  *scope
	name   string
	prefix netip.Prefix
	to     reach.TargetKind
	target string
}

// routes puts each route into its table. Where a plan does not say which of several
// tables that is, as many like routes as tables will do: no table takes two routes
// to one destination (CreateRoute, "RouteAlreadyExists"), so each gets one.
func (r *reader) routes() {
	groups := map[alike][]*node{}
	var order []alike
	for _, n := range r.all("aws_route") {
		line, ok := r.line(n)
		if !ok {
			continue
		}
		tables := r.every(n, "route_table_id", "aws_route_table")
		if len(tables) == 1 {
			r.route(tables[0].Address, line)
			continue
		}
		key := alike{n.scope, n.Name, line.Prefix, line.Kind, line.Target}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], n)
	}
	for _, key := range order {
		list := groups[key]
		tables := r.every(list[0], "route_table_id", "aws_route_table")
		if len(list) != len(tables) {
			r.bad("%s: the plan does not say which of %s its route to %s goes into", list[0].Address, addresses(tables), key.prefix)
			continue
		}
		for _, t := range tables {
			r.route(t.Address, reach.Route{Prefix: key.prefix, Kind: key.to, Target: key.target})
		}
	}
}

func (r *reader) line(n *node) (out reach.Route, ok bool) {
	for _, attr := range strange {
		if n.has(attr) {
			r.bad("%s: the model of a plan has no rule for its %s", n.Address, attr)
			return out, false
		}
	}
	prefix, ok := r.prefix(n, "destination_cidr_block")
	if !ok {
		return out, false
	}
	given := 0
	for _, t := range targets {
		if !n.has(t.attr) {
			continue
		}
		given++
		found := r.every(n, t.attr, t.kind)
		if len(found) == 0 {
			return out, false
		}
		if len(found) > 1 && (t.to != reach.ToNAT || !r.equal(found)) {
			r.bad("%s: the plan does not say which of %s its %s is", n.Address, addresses(found), t.attr)
			return out, false
		}
		out = reach.Route{Prefix: prefix, Kind: t.to, Target: found[0].Address}
	}
	if given != 1 {
		r.bad("%s: the route to %s has %d targets, not one", n.Address, prefix, given)
	}
	return out, given == 1
}

// equal says that it makes no difference which of several NAT gateways a route leads
// to: their subnets have the same route table and network ACL.
func (r *reader) equal(gateways []*node) bool {
	var table, acl []string
	for _, g := range gateways {
		i := slices.IndexFunc(r.e.NATGateways, func(x reach.NATGateway) bool { return x.ID == g.Address })
		if i < 0 {
			return false
		}
		subnet := r.e.NATGateways[i].Subnet
		t, a := "main", "default"
		for _, x := range r.e.RouteTables {
			if slices.Contains(x.Subnets, subnet) {
				t = x.ID
			}
		}
		for _, x := range r.all("aws_network_acl") {
			if slices.ContainsFunc(r.link(x, "subnet_ids", "aws_subnet"), func(s *node) bool { return s.Address == subnet }) {
				a = x.Address
			}
		}
		table, acl = append(table, t), append(acl, a)
	}
	return len(slices.Compact(table)) == 1 && len(slices.Compact(acl)) == 1
}

func (r *reader) transit() {
	for _, n := range r.all("aws_ec2_transit_gateway") {
		for _, attr := range []string{"default_route_table_association", "default_route_table_propagation"} {
			if n.text(attr) != "disable" {
				r.bad("%s: its %s is %q: the model of a plan wants disable, and a table of its own", n.Address, attr, n.text(attr))
			}
		}
		r.e.TransitGateways = append(r.e.TransitGateways, reach.TransitGateway{ID: n.Address, Name: n.name(), GroupReferences: n.text("security_group_referencing_support") == "enable"})
	}
	for _, n := range r.all("aws_ec2_transit_gateway_vpc_attachment") {
		g, ok := r.one(n, "transit_gateway_id", "aws_ec2_transit_gateway")
		v, found := r.one(n, "vpc_id", "aws_vpc")
		if !ok || !found {
			continue
		}
		out := reach.Attachment{ID: n.Address, Name: n.name(), TransitGateway: g.Address, Kind: "vpc", VPC: v.Address, GroupReferences: n.text("security_group_referencing_support") != "disable"}
		for _, s := range r.every(n, "subnet_ids", "aws_subnet") {
			out.Subnets = append(out.Subnets, s.Address)
		}
		r.e.Attachments = append(r.e.Attachments, out)
	}
	for _, n := range r.all("aws_ec2_transit_gateway_route_table") {
		if g, ok := r.one(n, "transit_gateway_id", "aws_ec2_transit_gateway"); ok {
			r.e.TransitTables = append(r.e.TransitTables, reach.TransitTable{ID: n.Address, Name: n.name(), TransitGateway: g.Address})
		}
	}
	r.joined("aws_ec2_transit_gateway_route_table_association", func(a *reach.Attachment, t *reach.TransitTable) { a.Table = t.ID })
	r.joined("aws_ec2_transit_gateway_route_table_propagation", func(a *reach.Attachment, t *reach.TransitTable) {
		for _, v := range r.e.VPCs {
			if v.ID != a.VPC {
				continue
			}
			for _, p := range v.CIDRs {
				t.Routes = append(t.Routes, reach.TransitRoute{Prefix: p, Attachment: a.ID})
			}
		}
	})
}

// joined calls do for every resource of a kind that joins an attachment and a table.
func (r *reader) joined(kind string, do func(*reach.Attachment, *reach.TransitTable)) {
	for _, n := range r.all(kind) {
		a, ok := r.one(n, "transit_gateway_attachment_id", "aws_ec2_transit_gateway_vpc_attachment")
		t, found := r.one(n, "transit_gateway_route_table_id", "aws_ec2_transit_gateway_route_table")
		if !ok || !found {
			continue
		}
		i := slices.IndexFunc(r.e.Attachments, func(x reach.Attachment) bool { return x.ID == a.Address })
		j := slices.IndexFunc(r.e.TransitTables, func(x reach.TransitTable) bool { return x.ID == t.Address })
		if i >= 0 && j >= 0 {
			do(&r.e.Attachments[i], &r.e.TransitTables[j])
		}
	}
}
