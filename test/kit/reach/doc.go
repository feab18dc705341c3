// Package reach answers who can reach whom in networks of AWS, and why.
//
// An Estate is what is there: VPCs, subnets, route tables, network ACLs, security
// groups, gateways, endpoints, interfaces. New checks it and makes a Model of it. A
// question goes from one Party to another on a protocol and ports; its answer holds
// all flows that pass, as sets of addresses and ports, so that it covers every
// address and every port and not samples. Trace follows one packet and its reply and
// names each rule that lets it pass, or everything that stops it.
//
// The package does no I/O. Estates are made by its neighbours: describe, from the
// documents of the Describe calls, and planned, from a Terraform plan.
//
// The rules are those of the Amazon VPC User Guide: "Configure route tables" (longest
// prefix), "Control traffic to your VPC using security groups" (stateful, allow
// only), "Network ACLs" (ordered, stateless), "NAT gateways", "Internet gateways";
// of Amazon VPC Transit Gateways, "How Amazon VPC Transit Gateways work" and "How
// network ACLs work with transit gateways"; of the VPC Peering Guide; and of AWS
// PrivateLink, "Access an AWS service using an interface VPC endpoint".
package reach
