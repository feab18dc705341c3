package ec2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/fintrack/platform/test/kit/census"
)

func listFlowLogs(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeFlowLogsPaginator(c, &ec2.DescribeFlowLogsInput{}),
		func(p *ec2.DescribeFlowLogsOutput) []types.FlowLog { return p.FlowLogs },
		func(f types.FlowLog) census.Resource {
			return resource(f.FlowLogId, f.Tags, func(ctx context.Context) error {
				out, err := c.DeleteFlowLogs(ctx, &ec2.DeleteFlowLogsInput{FlowLogIds: []string{*f.FlowLogId}})
				if err != nil {
					return err
				}
				return unsuccessful(out.Unsuccessful, nil)
			})
		})
}

func listEndpoints(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeVpcEndpointsPaginator(c, &ec2.DescribeVpcEndpointsInput{}),
		func(p *ec2.DescribeVpcEndpointsOutput) []types.VpcEndpoint { return p.VpcEndpoints },
		func(e types.VpcEndpoint) census.Resource {
			r := resource(e.VpcEndpointId, e.Tags, func(ctx context.Context) error {
				out, err := c.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{*e.VpcEndpointId}})
				if err != nil {
					return err
				}
				return unsuccessful(out.Unsuccessful, nil)
			})
			return in(r, string(e.State))
		})
}

func listNATs(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeNatGatewaysPaginator(c, &ec2.DescribeNatGatewaysInput{}),
		func(p *ec2.DescribeNatGatewaysOutput) []types.NatGateway { return p.NatGateways },
		func(n types.NatGateway) census.Resource {
			r := resource(n.NatGatewayId, n.Tags, census.Deleter(c.DeleteNatGateway, &ec2.DeleteNatGatewayInput{NatGatewayId: n.NatGatewayId}))
			return in(r, string(n.State))
		})
}

func listPeerings(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeVpcPeeringConnectionsPaginator(c, &ec2.DescribeVpcPeeringConnectionsInput{}),
		func(p *ec2.DescribeVpcPeeringConnectionsOutput) []types.VpcPeeringConnection {
			return p.VpcPeeringConnections
		},
		func(v types.VpcPeeringConnection) census.Resource {
			r := resource(v.VpcPeeringConnectionId, v.Tags, census.Deleter(c.DeleteVpcPeeringConnection,
				&ec2.DeleteVpcPeeringConnectionInput{VpcPeeringConnectionId: v.VpcPeeringConnectionId}))
			switch v.Status.Code {
			case types.VpcPeeringConnectionStateReasonCodeRejected, types.VpcPeeringConnectionStateReasonCodeExpired, types.VpcPeeringConnectionStateReasonCodeFailed:
				return census.Resource{} // ends by itself ("VPC peering connection lifecycle")
			}
			return in(r, string(v.Status.Code))
		})
}

func listAttachments(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeTransitGatewayVpcAttachmentsPaginator(c, &ec2.DescribeTransitGatewayVpcAttachmentsInput{}),
		func(p *ec2.DescribeTransitGatewayVpcAttachmentsOutput) []types.TransitGatewayVpcAttachment {
			return p.TransitGatewayVpcAttachments
		},
		func(a types.TransitGatewayVpcAttachment) census.Resource {
			r := resource(a.TransitGatewayAttachmentId, a.Tags, census.Deleter(c.DeleteTransitGatewayVpcAttachment,
				&ec2.DeleteTransitGatewayVpcAttachmentInput{TransitGatewayAttachmentId: a.TransitGatewayAttachmentId}))
			return in(r, string(a.State))
		})
}

func listTransitTables(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeTransitGatewayRouteTablesPaginator(c, &ec2.DescribeTransitGatewayRouteTablesInput{}),
		func(p *ec2.DescribeTransitGatewayRouteTablesOutput) []types.TransitGatewayRouteTable {
			return p.TransitGatewayRouteTables
		},
		func(t types.TransitGatewayRouteTable) census.Resource {
			if aws.ToBool(t.DefaultAssociationRouteTable) || aws.ToBool(t.DefaultPropagationRouteTable) {
				return census.Resource{} // goes with its gateway
			}
			r := resource(t.TransitGatewayRouteTableId, t.Tags, census.Deleter(c.DeleteTransitGatewayRouteTable,
				&ec2.DeleteTransitGatewayRouteTableInput{TransitGatewayRouteTableId: t.TransitGatewayRouteTableId}))
			return in(r, string(t.State))
		})
}

func listTransitGateways(ctx context.Context, c *ec2.Client) ([]census.Resource, error) {
	return census.Each(ctx, ec2.NewDescribeTransitGatewaysPaginator(c, &ec2.DescribeTransitGatewaysInput{}),
		func(p *ec2.DescribeTransitGatewaysOutput) []types.TransitGateway { return p.TransitGateways },
		func(g types.TransitGateway) census.Resource {
			r := resource(g.TransitGatewayId, g.Tags, census.Deleter(c.DeleteTransitGateway,
				&ec2.DeleteTransitGatewayInput{TransitGatewayId: g.TransitGatewayId}))
			r.ARN = aws.ToString(g.TransitGatewayArn)
			return in(r, string(g.State))
		})
}

// in completes a resource by its state: deleted ones stay listed for a while.
func in(r census.Resource, state string) census.Resource {
	switch state {
	case "deleted", "Deleted":
		return census.Resource{}
	case "deleting", "Deleting":
		r.Leaving = true
	}
	return r
}
