package twin

import (
	"fmt"
	"slices"

	"github.com/fintrack/platform/test/kit/reach"
)

// Within is the part of an estate that is one VPC, for a twin. A VPC that another one
// of the estate can be reached from is an error: half of what joins them would be
// left out.
func Within(e reach.Estate, vpc string) (reach.Estate, error) {
	for _, p := range e.Peerings {
		if p.Active && (p.A == vpc || p.B == vpc) {
			return e, fmt.Errorf("a twin is of one VPC; peering connection %s joins %s to another", p.ID, vpc)
		}
	}
	joined := map[string]bool{}
	for _, a := range e.Attachments {
		joined[a.TransitGateway] = joined[a.TransitGateway] || a.VPC == vpc
	}
	for _, a := range e.Attachments {
		if joined[a.TransitGateway] && a.VPC != vpc {
			return e, fmt.Errorf("a twin is of one VPC; transit gateway %s joins %s to what is behind %s", a.TransitGateway, vpc, a.ID)
		}
	}
	subnets := map[string]bool{}
	keep := func(own string) bool { return own == vpc }
	e.VPCs = only(e.VPCs, func(x reach.VPC) bool { return keep(x.ID) })
	e.Subnets = only(e.Subnets, func(x reach.Subnet) bool { subnets[x.ID] = keep(x.VPC); return keep(x.VPC) })
	e.RouteTables = only(e.RouteTables, func(x reach.RouteTable) bool { return keep(x.VPC) })
	e.ACLs = only(e.ACLs, func(x reach.ACL) bool { return keep(x.VPC) })
	e.InternetGateways = only(e.InternetGateways, func(x reach.InternetGateway) bool { return keep(x.VPC) })
	e.EgressGateways = only(e.EgressGateways, func(x reach.EgressGateway) bool { return keep(x.VPC) })
	e.NATGateways = only(e.NATGateways, func(x reach.NATGateway) bool { return keep(x.VPC) })
	e.VPNGateways = only(e.VPNGateways, func(x reach.VPNGateway) bool { return keep(x.VPC) })
	e.Endpoints = only(e.Endpoints, func(x reach.Endpoint) bool { return keep(x.VPC) })
	e.Attachments = only(e.Attachments, func(x reach.Attachment) bool { return keep(x.VPC) })
	e.LoadBalancers = only(e.LoadBalancers, func(x reach.LoadBalancer) bool { return keep(x.VPC) })
	e.Interfaces = only(e.Interfaces, func(x reach.Interface) bool { return subnets[x.Subnet] })
	if len(e.VPCs) != 1 {
		return e, fmt.Errorf("VPC %s is not in the estate", vpc)
	}
	return e, nil
}

func only[T any](list []T, keep func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(x T) bool { return !keep(x) })
}
