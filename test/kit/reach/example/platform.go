// Package example is the platform's network in three zones, built by hand: what the
// tests of several packages ask about.
package example

import (
	"fmt"
	"net/netip"

	"github.com/fintrack/platform/test/kit/reach"
)

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// TCP is a rule for one port and a range.
func TCP(port reach.Port, cidr string) reach.Rule {
	return reach.Rule{Protocol: reach.TCP, Ports: reach.Ports(port, port), Prefix: prefix(cidr)}
}

// FromGroup is a rule for one port and a group.
func FromGroup(port reach.Port, group string) reach.Rule {
	return reach.Rule{Protocol: reach.TCP, Ports: reach.Ports(port, port), Group: group}
}

// Everywhere lets everything out.
var Everywhere = reach.Rule{Protocol: reach.Any, Ports: reach.AllPorts, Prefix: prefix("0.0.0.0/0")}

func allowed(number int, cidr string, ports reach.PortSet) reach.Entry {
	return reach.Entry{Number: number, Protocol: reach.TCP, Prefix: prefix(cidr), Ports: ports, Allow: true}
}

// Platform is the platform as its modules build it.
func Platform() reach.Estate {
	all := []reach.Entry{{Number: 100, Protocol: reach.Any, Prefix: prefix("0.0.0.0/0"), Ports: reach.AllPorts, Allow: true}}
	e := reach.Estate{
		VPCs:             []reach.VPC{{ID: "vpc", CIDRs: []netip.Prefix{prefix("10.0.0.0/16"), prefix("100.64.0.0/16")}, DNSSupport: true, DNSHostnames: true}},
		InternetGateways: []reach.InternetGateway{{ID: "igw", VPC: "vpc"}},
		PrefixLists:      []reach.PrefixList{{ID: "pl-s3", Service: "s3", Prefixes: []netip.Prefix{prefix("52.216.0.0/15")}}},
		Endpoints: []reach.Endpoint{
			{ID: "vpce-s3", VPC: "vpc", Service: "s3", Gateway: true, Policy: reach.PolicyNarrow},
			{ID: "vpce-kms", VPC: "vpc", Service: "kms", PrivateDNS: true, Policy: reach.PolicyNarrow},
		},
		Groups: []reach.Group{
			{ID: "sg-cluster", In: []reach.Rule{{Protocol: reach.Any, Ports: reach.AllPorts, Group: "sg-cluster"}}, Out: []reach.Rule{Everywhere}},
			{ID: "sg-db", In: []reach.Rule{FromGroup(5432, "sg-cluster"), FromGroup(5432, "sg-rotation")}},
			{ID: "sg-cache", In: []reach.Rule{FromGroup(6379, "sg-cluster")}},
			{ID: "sg-rotation", Out: []reach.Rule{FromGroup(5432, "sg-db"), FromGroup(443, "sg-endpoints")}},
			{ID: "sg-endpoints", In: []reach.Rule{TCP(443, "10.0.11.0/24"), TCP(443, "10.0.12.0/24"), TCP(443, "10.0.13.0/24"), TCP(443, "100.64.0.0/16")}},
		},
	}
	isolated := reach.RouteTable{ID: "rtb-isolated", VPC: "vpc", Routes: []reach.Route{{PrefixList: "pl-s3", Kind: reach.ToEndpoint, Target: "vpce-s3"}}}
	public := reach.RouteTable{ID: "rtb-public", VPC: "vpc", Routes: []reach.Route{{Prefix: prefix("0.0.0.0/0"), Kind: reach.ToInternet, Target: "igw"}}}
	acl := reach.ACL{ID: "acl-isolated", VPC: "vpc"}
	number := 100
	admit := func(cidr string, ports ...reach.Port) {
		for _, p := range ports {
			acl.In = append(acl.In, allowed(number, cidr, reach.Ports(p, p)))
			number += 10
		}
		acl.Out = append(acl.Out, allowed(number, cidr, reach.Ephemeral))
	}
	for i, zone := range []string{"a", "b", "c"} {
		subnet := func(tier, cidr string) string {
			id := "subnet-" + tier + "-" + zone
			e.Subnets = append(e.Subnets, reach.Subnet{ID: id, VPC: "vpc", Zone: zone, CIDRs: []netip.Prefix{prefix(cidr)}, Tags: map[string]string{"Tier": tier}})
			return id
		}
		place := func(kind reach.OwnerKind, owner, subnet string, groups ...string) {
			e.Interfaces = append(e.Interfaces, reach.Interface{ID: string(kind) + "-" + owner + "-" + zone, Subnet: subnet, Groups: groups, Kind: kind, Owner: owner})
		}
		private := subnet("private", fmt.Sprintf("10.0.%d.0/24", 11+i))
		pods := subnet("pods", fmt.Sprintf("100.64.%d.0/18", i*64))
		data := subnet("isolated", fmt.Sprintf("10.0.%d.0/24", 21+i))
		front := subnet("public", fmt.Sprintf("10.0.%d.0/24", 1+i))
		e.NATGateways = append(e.NATGateways, reach.NATGateway{ID: "nat-" + zone, VPC: "vpc", Subnet: front})
		e.RouteTables = append(e.RouteTables, reach.RouteTable{ID: "rtb-" + zone, VPC: "vpc", Subnets: []string{private, pods}, Routes: []reach.Route{
			{Prefix: prefix("0.0.0.0/0"), Kind: reach.ToNAT, Target: "nat-" + zone}, {PrefixList: "pl-s3", Kind: reach.ToEndpoint, Target: "vpce-s3"}}})
		isolated.Subnets, public.Subnets, acl.Subnets = append(isolated.Subnets, data), append(public.Subnets, front), append(acl.Subnets, data)
		admit(fmt.Sprintf("10.0.%d.0/24", 11+i), 5432, 6379)
		acl.In = append(acl.In, allowed(1000+i, fmt.Sprintf("10.0.%d.0/24", 21+i), reach.Ephemeral))
		acl.Out = append(acl.Out, allowed(1000+i, fmt.Sprintf("10.0.%d.0/24", 21+i), reach.Ephemeral))
		place(reach.Nodes, "system", private, "sg-cluster")
		place(reach.Pods, "fintrack", pods, "sg-cluster")
		place(reach.Function, "rotation", private, "sg-rotation")
		place(reach.EndpointNode, "vpce-kms", private, "sg-endpoints")
		place(reach.Database, "fintrack", data, "sg-db")
		place(reach.Cache, "fintrack", data, "sg-cache")
	}
	admit("100.64.0.0/16", 5432, 6379)
	e.RouteTables = append(e.RouteTables, isolated, public, reach.RouteTable{ID: "rtb-main", VPC: "vpc", Main: true})
	e.ACLs = append(e.ACLs, acl, reach.ACL{ID: "acl-default", VPC: "vpc", Default: true, In: all, Out: all})
	return e
}
