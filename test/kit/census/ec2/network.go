package ec2

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/fintrack/platform/test/kit/census"
)

func listSubnets(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeSubnetsPaginator(c, &ec2.DescribeSubnetsInput{}),
		func(p *ec2.DescribeSubnetsOutput) []types.Subnet { return p.Subnets },
		func(s types.Subnet) census.Resource {
			return resource(s.SubnetId, s.Tags, census.Deleter(c.DeleteSubnet, &ec2.DeleteSubnetInput{SubnetId: s.SubnetId}))
		})
}

func listVPCs(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeVpcsPaginator(c, &ec2.DescribeVpcsInput{}),
		func(p *ec2.DescribeVpcsOutput) []types.Vpc { return p.Vpcs },
		func(v types.Vpc) census.Resource {
			return resource(v.VpcId, v.Tags, census.Deleter(c.DeleteVpc, &ec2.DeleteVpcInput{VpcId: v.VpcId}))
		})
}

// listRouteTables leaves out main tables, which go with their VPC.
func listRouteTables(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeRouteTablesPaginator(c, &ec2.DescribeRouteTablesInput{}),
		func(p *ec2.DescribeRouteTablesOutput) []types.RouteTable { return p.RouteTables },
		func(t types.RouteTable) census.Resource {
			for _, a := range t.Associations {
				if aws.ToBool(a.Main) {
					return census.Resource{}
				}
			}
			return resource(t.RouteTableId, t.Tags, func(ctx context.Context) error {
				for _, a := range t.Associations {
					_, err := c.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: a.RouteTableAssociationId})
					if err != nil && !census.Gone(err) {
						return fmt.Errorf("disassociate %s: %w", aws.ToString(a.RouteTableAssociationId), err)
					}
				}
				_, err := c.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: t.RouteTableId})
				return err
			})
		})
}

// listACLs leaves out default ACLs, which go with their VPC.
func listACLs(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeNetworkAclsPaginator(c, &ec2.DescribeNetworkAclsInput{}),
		func(p *ec2.DescribeNetworkAclsOutput) []types.NetworkAcl { return p.NetworkAcls },
		func(a types.NetworkAcl) census.Resource {
			if aws.ToBool(a.IsDefault) {
				return census.Resource{}
			}
			return resource(a.NetworkAclId, a.Tags, census.Deleter(c.DeleteNetworkAcl, &ec2.DeleteNetworkAclInput{NetworkAclId: a.NetworkAclId}))
		})
}

func listInternetGateways(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeInternetGatewaysPaginator(c, &ec2.DescribeInternetGatewaysInput{}),
		func(p *ec2.DescribeInternetGatewaysOutput) []types.InternetGateway { return p.InternetGateways },
		func(g types.InternetGateway) census.Resource {
			return resource(g.InternetGatewayId, g.Tags, func(ctx context.Context) error {
				for _, a := range g.Attachments {
					_, err := c.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: g.InternetGatewayId, VpcId: a.VpcId})
					if err != nil && !census.HasCode(err, "Gateway.NotAttached") {
						return fmt.Errorf("detach it from %s: %w", aws.ToString(a.VpcId), err)
					}
				}
				_, err := c.DeleteInternetGateway(ctx, &ec2.DeleteInternetGatewayInput{InternetGatewayId: g.InternetGatewayId})
				return err
			})
		})
}

func listEgressGateways(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeEgressOnlyInternetGatewaysPaginator(c, &ec2.DescribeEgressOnlyInternetGatewaysInput{}),
		func(p *ec2.DescribeEgressOnlyInternetGatewaysOutput) []types.EgressOnlyInternetGateway {
			return p.EgressOnlyInternetGateways
		},
		func(g types.EgressOnlyInternetGateway) census.Resource {
			return resource(g.EgressOnlyInternetGatewayId, g.Tags, census.Deleter(c.DeleteEgressOnlyInternetGateway,
				&ec2.DeleteEgressOnlyInternetGatewayInput{EgressOnlyInternetGatewayId: g.EgressOnlyInternetGatewayId}))
		})
}

func listDHCPOptions(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeDhcpOptionsPaginator(c, &ec2.DescribeDhcpOptionsInput{}),
		func(p *ec2.DescribeDhcpOptionsOutput) []types.DhcpOptions { return p.DhcpOptions },
		func(o types.DhcpOptions) census.Resource {
			return resource(o.DhcpOptionsId, o.Tags, census.Deleter(c.DeleteDhcpOptions, &ec2.DeleteDhcpOptionsInput{DhcpOptionsId: o.DhcpOptionsId}))
		})
}

// listPrefixLists leaves out those that AWS owns.
func listPrefixLists(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeManagedPrefixListsPaginator(c, &ec2.DescribeManagedPrefixListsInput{}),
		func(p *ec2.DescribeManagedPrefixListsOutput) []types.ManagedPrefixList { return p.PrefixLists },
		func(l types.ManagedPrefixList) census.Resource {
			if aws.ToString(l.OwnerId) == "AWS" {
				return census.Resource{}
			}
			r := resource(l.PrefixListId, l.Tags, census.Deleter(c.DeleteManagedPrefixList, &ec2.DeleteManagedPrefixListInput{PrefixListId: l.PrefixListId}))
			r.Name, r.ARN = aws.ToString(l.PrefixListName), aws.ToString(l.PrefixListArn)
			switch l.State {
			case types.PrefixListStateDeleteComplete:
				return census.Resource{}
			case types.PrefixListStateDeleteInProgress:
				r.Leaving = true
			}
			return r
		})
}
