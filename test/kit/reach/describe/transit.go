package describe

import (
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
)

func (r *reader) transit() {
	for _, g := range loose[struct {
		TransitGatewayId, State string
		Options                 struct{ SecurityGroupReferencingSupport string }
		Tags                    []tag
	}](r, "DescribeTransitGateways", "TransitGateways") {
		if !strings.HasPrefix(g.State, "delet") {
			r.e.TransitGateways = append(r.e.TransitGateways, reach.TransitGateway{ID: g.TransitGatewayId, Name: name(g.Tags), GroupReferences: g.Options.SecurityGroupReferencingSupport == "enable"})
		}
	}
	at := map[string]int{}
	for _, a := range loose[struct {
		TransitGatewayAttachmentId, TransitGatewayId, ResourceType, ResourceId, State string
		Tags                                                                          []tag
	}](r, "DescribeTransitGatewayAttachments", "TransitGatewayAttachments") {
		if a.State != "available" && a.State != "modifying" {
			continue
		}
		at[a.TransitGatewayAttachmentId] = len(r.e.Attachments)
		out := reach.Attachment{ID: a.TransitGatewayAttachmentId, Name: name(a.Tags), TransitGateway: a.TransitGatewayId, Kind: a.ResourceType}
		if a.ResourceType == "vpc" {
			out.VPC = a.ResourceId
		}
		r.e.Attachments = append(r.e.Attachments, out)
	}
	for _, a := range loose[struct {
		TransitGatewayAttachmentId string
		SubnetIds                  []string
		Options                    struct{ SecurityGroupReferencingSupport string }
	}](r, "DescribeTransitGatewayVpcAttachments", "TransitGatewayVpcAttachments") {
		if i, ok := at[a.TransitGatewayAttachmentId]; ok {
			r.e.Attachments[i].Subnets = a.SubnetIds
			r.e.Attachments[i].GroupReferences = a.Options.SecurityGroupReferencingSupport == "enable"
		}
	}
	for _, t := range loose[struct {
		TransitGatewayRouteTableId, TransitGatewayId, State string
		Tags                                                []tag
	}](r, "DescribeTransitGatewayRouteTables", "TransitGatewayRouteTables") {
		if strings.HasPrefix(t.State, "delet") {
			continue
		}
		r.transitTable(reach.TransitTable{ID: t.TransitGatewayRouteTableId, Name: name(t.Tags), TransitGateway: t.TransitGatewayId}, at)
	}
}

type transitRoute struct {
	DestinationCidrBlock, PrefixListId, State, TransitGatewayRouteTableAnnouncementId, Type string
	TransitGatewayAttachments                                                               []struct{ ResourceId, ResourceType, TransitGatewayAttachmentId string }
}

func (r *reader) transitTable(out reach.TransitTable, at map[string]int) {
	for _, a := range loose[struct{ TransitGatewayAttachmentId, State string }](r, "GetTransitGatewayRouteTableAssociations "+out.ID, "Associations") {
		if i, ok := at[a.TransitGatewayAttachmentId]; ok && (a.State == "associated" || a.State == "associating") {
			r.e.Attachments[i].Table = out.ID
		}
	}
	where := "transit gateway route table " + out.ID
	for _, x := range page[[]transitRoute](r, "SearchTransitGatewayRoutes "+out.ID, "Routes") {
		made := reach.TransitRoute{Static: x.Type == "static", Blackhole: x.State == "blackhole"}
		switch {
		case x.PrefixListId != "":
			r.bad("%s: a route for prefix list %s: the model has no rule for that", where, x.PrefixListId)
			continue
		case x.State != "active" && x.State != "blackhole":
			r.bad("%s: the route to %s is in state %q: want active or blackhole", where, x.DestinationCidrBlock, x.State)
			continue
		case made.Blackhole:
		case len(x.TransitGatewayAttachments) == 1:
			made.Attachment = x.TransitGatewayAttachments[0].TransitGatewayAttachmentId
		default:
			r.bad("%s: the route to %s has %d attachments: the model has a rule for one", where, x.DestinationCidrBlock, len(x.TransitGatewayAttachments))
			continue
		}
		made.Prefix = r.prefix(where, x.DestinationCidrBlock)
		out.Routes = append(out.Routes, made)
	}
	r.e.TransitTables = append(r.e.TransitTables, out)
}
