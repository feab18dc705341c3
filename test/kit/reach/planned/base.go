package planned

import (
	"slices"

	"github.com/fintrack/platform/test/kit/reach"
)

// found takes up what is there already: everything that a plan may name by its id.
func (r *reader) found(base reach.Estate) {
	r.e = clone(base)
	there := func(kind, id string) {
		r.byID[id] = &node{resource: resource{Address: id, Type: kind}, scope: &scope{layer: &layer{}}, item: &item{}}
	}
	for _, x := range base.VPCs {
		there("aws_vpc", x.ID)
	}
	for _, x := range base.Subnets {
		there("aws_subnet", x.ID)
	}
	for _, x := range base.Groups {
		there("aws_security_group", x.ID)
	}
	for _, x := range base.RouteTables {
		there("aws_route_table", x.ID)
	}
	for _, x := range base.PrefixLists {
		there("aws_ec2_managed_prefix_list", x.ID)
	}
	for _, x := range base.TransitGateways {
		there("aws_ec2_transit_gateway", x.ID)
	}
	for _, x := range base.InternetGateways {
		there("aws_internet_gateway", x.ID)
	}
	for _, x := range base.NATGateways {
		there("aws_nat_gateway", x.ID)
	}
}

// clone copies what a plan adds to: the lists of an estate, and those inside that
// grow.
func clone(e reach.Estate) reach.Estate {
	e.VPCs, e.Subnets, e.RouteTables = slices.Clone(e.VPCs), slices.Clone(e.Subnets), slices.Clone(e.RouteTables)
	e.PrefixLists, e.ACLs, e.Groups = slices.Clone(e.PrefixLists), slices.Clone(e.ACLs), slices.Clone(e.Groups)
	e.InternetGateways, e.EgressGateways, e.NATGateways = slices.Clone(e.InternetGateways), slices.Clone(e.EgressGateways), slices.Clone(e.NATGateways)
	e.Endpoints, e.TransitGateways, e.Attachments = slices.Clone(e.Endpoints), slices.Clone(e.TransitGateways), slices.Clone(e.Attachments)
	e.TransitTables, e.Interfaces = slices.Clone(e.TransitTables), slices.Clone(e.Interfaces)
	for i := range e.VPCs {
		e.VPCs[i].CIDRs = slices.Clone(e.VPCs[i].CIDRs)
	}
	for i := range e.RouteTables {
		e.RouteTables[i].Routes, e.RouteTables[i].Subnets = slices.Clone(e.RouteTables[i].Routes), slices.Clone(e.RouteTables[i].Subnets)
	}
	for i := range e.Groups {
		e.Groups[i].In, e.Groups[i].Out = slices.Clone(e.Groups[i].In), slices.Clone(e.Groups[i].Out)
	}
	return e
}
