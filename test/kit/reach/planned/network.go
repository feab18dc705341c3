package planned

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
)

// blocks refuses blocks of a resource that are not read.
func (r *reader) blocks(n *node, names ...string) {
	for _, b := range names {
		// The configuration of a plan leaves out some kinds of blocks, its values do not.
		if list, _ := n.Values[b].([]any); len(list) > 0 || n.item.Expressions[b] != nil || n.later[b] == true && len(n.dynamic(b)) > 0 {
			r.bad("%s: the model has no rule for its block %s: use a resource of its own", n.Address, b)
		}
	}
}

func (r *reader) networks() {
	for _, n := range r.all("aws_vpc") {
		out := reach.VPC{ID: n.Address, Name: n.name(), Tags: r.tags(n), DNSSupport: n.Values["enable_dns_support"] == true, DNSHostnames: n.Values["enable_dns_hostnames"] == true}
		if p, ok := r.prefix(n, "cidr_block"); ok {
			out.CIDRs = append(out.CIDRs, p)
		}
		if n.Values["assign_generated_ipv6_cidr_block"] == true || n.has("ipv6_ipam_pool_id") {
			r.bad("%s: it gets IPv6 addresses, which no plan knows", n.Address)
		}
		r.e.VPCs = append(r.e.VPCs, out)
		// AWS makes both with the VPC (Default network ACL; Route table concepts).
		all := []reach.Entry{{Number: 100, Protocol: reach.Any, Prefix: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Ports: reach.AllPorts, Allow: true}}
		r.e.ACLs = append(r.e.ACLs, reach.ACL{ID: n.Address + " default", VPC: n.Address, Default: true, In: all, Out: slices.Clone(all)})
		r.e.RouteTables = append(r.e.RouteTables, reach.RouteTable{ID: n.Address + " main", VPC: n.Address, Main: true})
	}
	for _, n := range r.all("aws_vpc_ipv4_cidr_block_association") {
		p, ok := r.prefix(n, "cidr_block")
		v, found := r.one(n, "vpc_id", "aws_vpc")
		if !ok || !found {
			continue
		}
		i := slices.IndexFunc(r.e.VPCs, func(x reach.VPC) bool { return x.ID == v.Address })
		r.e.VPCs[i].CIDRs = append(r.e.VPCs[i].CIDRs, p)
	}
	for _, n := range r.all("aws_subnet") {
		p, ok := r.prefix(n, "cidr_block")
		v, found := r.one(n, "vpc_id", "aws_vpc")
		if n.has("ipv6_cidr_block") {
			r.bad("%s: it has IPv6 addresses, which no plan knows", n.Address)
		}
		if n.text("availability_zone") == "" {
			r.bad("%s: its availability_zone is not known before an apply", n.Address)
		}
		if ok && found {
			r.e.Subnets = append(r.e.Subnets, reach.Subnet{ID: n.Address, Name: n.name(), VPC: v.Address, Zone: n.text("availability_zone"), CIDRs: []netip.Prefix{p}, Tags: r.tags(n)})
		}
	}
}

func (r *reader) gateways() {
	for _, n := range r.all("aws_internet_gateway") {
		if v, ok := r.one(n, "vpc_id", "aws_vpc"); ok {
			r.e.InternetGateways = append(r.e.InternetGateways, reach.InternetGateway{ID: n.Address, Name: n.name(), VPC: v.Address})
		}
	}
	for _, n := range r.all("aws_nat_gateway") {
		s, ok := r.one(n, "subnet_id", "aws_subnet")
		if n.text("connectivity_type") != "public" {
			r.bad("%s: its connectivity_type is %q: the model has a rule for public alone", n.Address, n.text("connectivity_type"))
		}
		if v, found := r.subnet(s); ok && found {
			r.e.NATGateways = append(r.e.NATGateways, reach.NATGateway{ID: n.Address, Name: n.name(), VPC: v.VPC, Subnet: s.Address})
		}
	}
}

func (r *reader) subnet(n *node) (reach.Subnet, bool) {
	for _, s := range r.e.Subnets {
		if n != nil && s.ID == n.Address {
			return s, true
		}
	}
	return reach.Subnet{}, false
}

func (r *reader) acls() {
	byID := map[*node]int{}
	for _, n := range r.all("aws_network_acl") {
		r.blocks(n, "ingress", "egress")
		v, ok := r.one(n, "vpc_id", "aws_vpc")
		if !ok {
			continue
		}
		out := reach.ACL{ID: n.Address, Name: n.name(), VPC: v.Address}
		if n.has("subnet_ids") {
			for _, s := range r.every(n, "subnet_ids", "aws_subnet") {
				out.Subnets = append(out.Subnets, s.Address)
			}
		}
		byID[n] = len(r.e.ACLs)
		r.e.ACLs = append(r.e.ACLs, out)
	}
	for _, n := range r.all("aws_network_acl_rule") {
		a, ok := r.one(n, "network_acl_id", "aws_network_acl")
		entry, read := r.entry(n)
		i, known := byID[a]
		switch {
		case !ok || !read || !known:
		case n.Values["egress"] == true:
			r.e.ACLs[i].Out = append(r.e.ACLs[i].Out, entry)
		default:
			r.e.ACLs[i].In = append(r.e.ACLs[i].In, entry)
		}
	}
}

func (r *reader) entry(n *node) (out reach.Entry, ok bool) {
	before := len(r.errs)
	number, err := n.number("rule_number")
	if err != nil {
		r.errs = append(r.errs, err)
	}
	protocol, err := reach.ParseProtocol(n.text("protocol"))
	if err != nil {
		r.bad("%s: %w", n.Address, err)
	}
	if n.has("ipv6_cidr_block") {
		r.bad("%s: it is about IPv6: the model of a plan has no rule for that", n.Address)
	}
	action := n.text("rule_action")
	if action != "allow" && action != "deny" {
		r.bad("%s: rule_action %q: want allow or deny", n.Address, action)
	}
	if _, known := n.Values["egress"]; !known {
		r.bad("%s: its egress is not known before an apply", n.Address)
	}
	prefix, _ := r.prefix(n, "cidr_block")
	out = reach.Entry{Number: number, Protocol: protocol, Prefix: prefix, Ports: reach.AllPorts, Allow: action == "allow"}
	if protocol == reach.TCP || protocol == reach.UDP {
		from, wrong := n.number("from_port")
		to, bad := n.number("to_port")
		if wrong != nil || bad != nil || from < 0 || to > 65535 || from > to {
			r.bad("%s: ports %v to %v: want 0 to 65535, the lower first", n.Address, n.Values["from_port"], n.Values["to_port"])
			return out, false
		}
		out.Ports = reach.Ports(reach.Port(from), reach.Port(to))
	} else if t, wrong := n.number("icmp_type"); wrong == nil && t >= 0 && protocol != reach.Any {
		out.Ports = reach.Ports(reach.Port(t), reach.Port(t))
	}
	return out, len(r.errs) == before
}

// standIn are addresses for a service whose own no plan knows: those for benchmarks
// (RFC 2544), which no network of ours has.
var standIn = netip.MustParsePrefix("198.18.0.0/15")

// endpoints adds gateway endpoints with their routes, and the others, which members
// places.
func (r *reader) endpoints() {
	for _, n := range r.all("aws_vpc_endpoint") {
		service := n.text("service_name")
		parts := strings.SplitN(service, ".", 4)
		if len(parts) != 4 {
			r.bad("%s: service_name %q: want one of AWS, as in com.amazonaws.us-east-1.s3", n.Address, service)
			continue
		}
		v, ok := r.one(n, "vpc_id", "aws_vpc")
		if !ok {
			continue
		}
		switch kind := n.text("vpc_endpoint_type"); kind {
		case "Gateway":
		case "Interface":
			r.e.Endpoints = append(r.e.Endpoints, reach.Endpoint{ID: n.Address, Name: n.name(), VPC: v.Address, Service: parts[3], PrivateDNS: n.Values["private_dns_enabled"] == true, Policy: reach.PolicyUnknown})
			continue
		default:
			r.bad("%s: it is of type %q: the model has no rule for that", n.Address, kind)
			continue
		}
		list := "addresses of " + service
		if !slices.ContainsFunc(r.e.PrefixLists, func(l reach.PrefixList) bool { return l.ID == list }) {
			r.e.PrefixLists = append(r.e.PrefixLists, reach.PrefixList{ID: list, Service: parts[3], Prefixes: []netip.Prefix{standIn}})
		}
		r.e.Endpoints = append(r.e.Endpoints, reach.Endpoint{ID: n.Address, Name: n.name(), VPC: v.Address, Service: parts[3], Gateway: true, Policy: reach.PolicyUnknown})
		for _, t := range r.every(n, "route_table_ids", "aws_route_table") {
			r.route(t.Address, reach.Route{PrefixList: list, Kind: reach.ToEndpoint, Target: n.Address})
		}
	}
}

// route adds a line to a table.
func (r *reader) route(table string, line reach.Route) {
	for i := range r.e.RouteTables {
		if r.e.RouteTables[i].ID == table {
			r.e.RouteTables[i].Routes = append(r.e.RouteTables[i].Routes, line)
		}
	}
}
