package vpc_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// tableOf returns the route table that the subnet is associated with.
func (a *applied) tableOf(subnet string) (types.RouteTable, bool) {
	for _, t := range a.tables {
		for _, as := range t.Associations {
			if aws.ToString(as.SubnetId) == subnet {
				return t, true
			}
		}
	}
	return types.RouteTable{}, false
}

// ways returns "destination target" of the table's routes but the local ones.
func ways(t types.RouteTable) []string {
	var out []string
	for _, r := range t.Routes {
		if aws.ToString(r.GatewayId) == "local" {
			continue
		}
		to := aws.ToString(r.DestinationCidrBlock) + aws.ToString(r.DestinationIpv6CidrBlock) + aws.ToString(r.DestinationPrefixListId)
		via := aws.ToString(r.GatewayId) + aws.ToString(r.NatGatewayId) + aws.ToString(r.TransitGatewayId) + aws.ToString(r.VpcPeeringConnectionId) + aws.ToString(r.NetworkInterfaceId) + aws.ToString(r.EgressOnlyInternetGatewayId)
		if strings.HasPrefix(via, "vpce-") {
			continue // a gateway endpoint's route, which is checked with the endpoint
		}
		out = append(out, to+" "+via)
	}
	slices.Sort(out)
	return out
}

func (a *applied) routing() {
	igw, err := a.api.DescribeInternetGateways(a.ctx, &ec2.DescribeInternetGatewaysInput{Filters: []types.Filter{{Name: aws.String("attachment.vpc-id"), Values: []string{a.out.VPC}}}})
	c := promise("public-route", "Public subnets reach the internet by the internet gateway", "aws_route.public_internet", "CC6.6")
	if err != nil || len(igw.InternetGateways) != 1 {
		a.Checks.Err(c, "one internet gateway", fmt.Errorf("%v", err))
		return
	}
	gateway := aws.ToString(igw.InternetGateways[0].InternetGatewayId)
	want, have := map[string]any{}, map[string]any{}
	for _, s := range a.out.Public {
		t, _ := a.tableOf(s)
		want[s], have[s] = []string{"0.0.0.0/0 " + gateway}, ways(t)
	}
	a.Checks.Equal(c, want, have)
	a.natGateways()

	want, have = map[string]any{}, map[string]any{}
	for i, z := range a.out.Zones {
		for kind, s := range map[string]string{"private": a.out.Private[i], "pods": a.out.Pods[z]} {
			t, _ := a.tableOf(s)
			want[z+" "+kind] = []string{"0.0.0.0/0 " + a.out.NAT[z], "10.100.0.0/16 " + a.Output("transit_gateway_id")}
			have[z+" "+kind] = ways(t)
		}
	}
	a.Checks.Equal(promise("private-routes", "Nodes and pods leave by the NAT gateway of their own zone, and to the peer range by the transit gateway", "aws_route.private_nat", "CC6.6", "A1.2"), want, have)

	var out []string
	for _, s := range a.out.Isolated {
		t, ok := a.tableOf(s)
		if !ok {
			out = append(out, s+" uses the main route table")
		}
		for _, w := range ways(t) {
			out = append(out, s+": "+w)
		}
	}
	a.Checks.That(promise("isolated-no-route", "The isolated tier has no route out of the VPC", "aws_route_table.isolated", "CC6.1", "CC6.6"), len(out) == 0, "the local routes and the S3 endpoint's only", strings.Join(out, ", "))

	var main []string
	for _, t := range a.tables {
		if slices.ContainsFunc(t.Associations, func(as types.RouteTableAssociation) bool { return aws.ToBool(as.Main) }) {
			main = ways(t)
		}
	}
	a.Checks.That(promise("main-table-unused", "The main route table leads nowhere, for a subnet that forgot its own", "aws_vpc.this", "CC6.6"), len(main) == 0, "no route but the local one", fmt.Sprint(main))

	c = promise("transit-gateway", "The private subnets are attached to the transit gateway", "aws_ec2_transit_gateway_vpc_attachment.this", "CC6.6")
	at, err := a.api.DescribeTransitGatewayVpcAttachments(a.ctx, &ec2.DescribeTransitGatewayVpcAttachmentsInput{TransitGatewayAttachmentIds: []string{a.out.Attachment}})
	if err != nil || len(at.TransitGatewayVpcAttachments) != 1 {
		a.Checks.Err(c, a.out.Attachment, fmt.Errorf("%v", err))
		return
	}
	x := at.TransitGatewayVpcAttachments[0]
	a.Checks.Equal(c, fmt.Sprint(a.Output("transit_gateway_id"), a.out.VPC, sorted(a.out.Private)), fmt.Sprint(aws.ToString(x.TransitGatewayId), aws.ToString(x.VpcId), sorted(x.SubnetIds)))
}

func (a *applied) natGateways() {
	c := promise("nat-per-zone", "Each zone has a NAT gateway with an address of its own in its public subnet", "aws_nat_gateway.this", "A1.2")
	got, err := a.api.DescribeNatGateways(a.ctx, &ec2.DescribeNatGatewaysInput{Filter: []types.Filter{{Name: aws.String("vpc-id"), Values: []string{a.out.VPC}}}})
	if err != nil {
		a.Checks.Err(c, "three", err)
		return
	}
	zones, addresses := map[string]bool{}, map[string]bool{}
	for _, n := range got.NatGateways {
		s := a.subnets[aws.ToString(n.SubnetId)]
		zone := aws.ToString(s.AvailabilityZone)
		if slices.Contains(a.out.Public, aws.ToString(n.SubnetId)) && a.out.NAT[zone] == aws.ToString(n.NatGatewayId) {
			zones[zone] = true
		}
		for _, ad := range n.NatGatewayAddresses {
			addresses[aws.ToString(ad.AllocationId)] = true
		}
	}
	a.Checks.Equal(c, fmt.Sprint(sorted(a.out.Zones), " 3 addresses"), fmt.Sprint(slices.Sorted(maps.Keys(zones)), fmt.Sprintf(" %d addresses", len(addresses))))
}

func sorted(in []string) []string {
	out := slices.Clone(in)
	slices.Sort(out)
	return out
}
