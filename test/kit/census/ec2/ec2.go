// Package ec2 lists and deletes what Amazon EC2 and VPC hold.
package ec2

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/fintrack/platform/test/kit/census"
)

// The orders within a network, from "Delete your VPC": first what has addresses
// in it, then interfaces, groups, subnets, tables and gateways.
const (
	gateways   = census.Networks
	addresses  = census.Networks + 10
	interfaces = census.Networks + 20
	groups     = census.Networks + 30
	subnets    = census.Networks + 40
	tables     = census.Networks + 50
	doors      = census.Networks + 60
	vpcs       = census.Networks + 70
	options    = census.Networks + 80
)

func init() {
	census.Register(
		lister(census.Workloads, listInstances, "aws_instance"),
		lister(census.Workloads+10, listLaunchTemplates, "aws_launch_template"),
		lister(census.Workloads+10, listVolumes, "aws_ebs_volume"),
		lister(census.Workloads+10, listImages, "aws_ami"),
		lister(census.Workloads+20, listSnapshots, "aws_ebs_snapshot"),
		lister(census.Workloads+20, listKeyPairs, "aws_key_pair"),
		lister(census.Workloads+20, listEncryptionByDefault, "aws_ebs_encryption_by_default"),
		lister(gateways, listFlowLogs, "aws_flow_log"),
		lister(gateways, listEndpoints, "aws_vpc_endpoint"),
		lister(gateways, listNATs, "aws_nat_gateway"),
		lister(gateways, listPeerings, "aws_vpc_peering_connection"),
		lister(gateways, listAttachments, "aws_ec2_transit_gateway_vpc_attachment"),
		lister(addresses, listAddresses, "aws_eip"),
		lister(interfaces, listInterfaces, "aws_network_interface"),
		lister(groups, listGroups, "aws_security_group"),
		lister(groups, listTransitTables, "aws_ec2_transit_gateway_route_table"),
		lister(subnets, listSubnets, "aws_subnet"),
		lister(subnets, listTransitGateways, "aws_ec2_transit_gateway"),
		lister(tables, listRouteTables, "aws_route_table"),
		lister(tables, listACLs, "aws_network_acl"),
		lister(doors, listInternetGateways, "aws_internet_gateway"),
		lister(doors, listEgressGateways, "aws_egress_only_internet_gateway"),
		lister(vpcs, listVPCs, "aws_vpc"),
		lister(options, listDHCPOptions, "aws_vpc_dhcp_options"),
		lister(options, listPrefixLists, "aws_ec2_managed_prefix_list"),
	)
}

var parts = map[string][]census.Part{
	"aws_vpc": {
		{Type: "aws_vpc_ipv4_cidr_block_association", Why: "a CIDR block is an attribute of its VPC"},
		{Type: "aws_vpc_dhcp_options_association", Why: "which options a VPC uses is an attribute of the VPC"},
		{Type: "aws_default_security_group", Why: "every VPC has one, which goes with it"},
		{Type: "aws_default_network_acl", Why: "every VPC has one, which goes with it"},
		{Type: "aws_default_route_table", Why: "every VPC has one, which goes with it"},
	},
	"aws_route_table": {
		{Type: "aws_route", Why: "a route is an entry of its table"},
		{Type: "aws_route_table_association", Why: "an association is an entry of its table"},
	},
	"aws_network_acl": {
		{Type: "aws_network_acl_rule", Why: "a rule is an entry of its ACL"},
		{Type: "aws_network_acl_association", Why: "an association is an entry of its ACL"},
	},
	"aws_security_group": {
		{Type: "aws_security_group_rule", Why: "a rule is an entry of its group"},
		{Type: "aws_vpc_security_group_ingress_rule", Why: "a rule is an entry of its group"},
		{Type: "aws_vpc_security_group_egress_rule", Why: "a rule is an entry of its group"},
	},
	"aws_internet_gateway": {
		{Type: "aws_internet_gateway_attachment", Why: "the attachment is an attribute of the gateway"},
	},
	"aws_eip": {
		{Type: "aws_eip_association", Why: "the association is an attribute of the address"},
	},
	"aws_vpc_endpoint": {
		{Type: "aws_vpc_endpoint_policy", Why: "the policy is an attribute of the endpoint"},
		{Type: "aws_vpc_endpoint_route_table_association", Why: "the endpoint's routes go with it"},
		{Type: "aws_vpc_endpoint_subnet_association", Why: "the endpoint's interfaces go with it"},
		{Type: "aws_vpc_endpoint_security_group_association", Why: "the endpoint's interfaces go with it"},
	},
	"aws_ec2_transit_gateway_vpc_attachment": {
		{Type: "aws_ec2_transit_gateway_vpc_attachment_accepter", Why: "the acceptance is a state of the attachment"},
		{Type: "aws_ec2_transit_gateway_route_table_association", Why: "an association ends with the attachment"},
		{Type: "aws_ec2_transit_gateway_route_table_propagation", Why: "a propagation ends with the attachment"},
	},
	"aws_ec2_transit_gateway_route_table": {
		{Type: "aws_ec2_transit_gateway_route", Why: "a route is an entry of its table"},
	},
	"aws_vpc_peering_connection": {
		{Type: "aws_vpc_peering_connection_accepter", Why: "the acceptance is a state of the connection"},
		{Type: "aws_vpc_peering_connection_options", Why: "the options are attributes of the connection"},
	},
	"aws_ec2_managed_prefix_list": {
		{Type: "aws_ec2_managed_prefix_list_entry", Why: "an entry of its list"},
	},
	"aws_ebs_volume": {
		{Type: "aws_volume_attachment", Why: "the attachment is a state of the volume"},
	},
}

// lister makes the lister of one type, with its parts.
func lister(order int, list func(context.Context, *ec2.Client) ([]census.Resource, error), typ string) census.Lister {
	l := census.Lister{
		Service: "ec2", Types: []string{typ}, Regional: true, Order: order, Parts: parts[typ],
		List: census.With(ec2.NewFromConfig, list),
	}
	for i := range l.Parts {
		l.Parts[i].Of = typ
	}
	return l
}

// resource makes a resource whose name is its Name tag.
func resource(id *string, ts []types.Tag, del func(context.Context) error) census.Resource {
	tags := census.Tags(ts, func(t types.Tag) (k, v *string) { return t.Key, t.Value })
	return census.Resource{ID: aws.ToString(id), Name: tags["Name"], Tags: tags, Delete: del}
}

// unsuccessful makes an error of what a call lists as not done: EC2's calls on
// several resources succeed even when they did nothing.
func unsuccessful(items []types.UnsuccessfulItem, err error) error {
	errs := []error{err}
	for _, i := range items {
		if i.Error != nil {
			errs = append(errs, fmt.Errorf("%s: %s", aws.ToString(i.Error.Code), aws.ToString(i.Error.Message)))
		}
	}
	return errors.Join(errs...)
}
