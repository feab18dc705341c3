package describe

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
)

// gatewayKind reads what a GatewayId of a route is by the start of its id.
func gatewayKind(id string) (reach.TargetKind, bool) {
	kind, _, _ := strings.Cut(id, "-")
	k, ok := map[string]reach.TargetKind{"local": reach.Local, "igw": reach.ToInternet, "vgw": reach.ToVPN, "vpce": reach.ToEndpoint}[kind]
	return k, ok
}

type attached struct{ State, VpcId string }

func (r *reader) gateways() {
	type gateway struct {
		OwnerId                                        ignored
		Attachments                                    []attached
		InternetGatewayId, EgressOnlyInternetGatewayId string
		Tags                                           []tag
	}
	for _, g := range all[gateway](r, "DescribeInternetGateways") {
		for _, a := range g.Attachments {
			if a.State == "available" || a.State == "attached" {
				r.e.InternetGateways = append(r.e.InternetGateways, reach.InternetGateway{ID: g.InternetGatewayId, Name: name(g.Tags), VPC: a.VpcId})
			}
		}
	}
	for _, g := range all[gateway](r, "DescribeEgressOnlyInternetGateways") {
		for _, a := range g.Attachments {
			r.e.EgressGateways = append(r.e.EgressGateways, reach.EgressGateway{ID: g.EgressOnlyInternetGatewayId, Name: name(g.Tags), VPC: a.VpcId})
		}
	}
	for _, g := range loose[struct {
		VpnGatewayId   string
		VpcAttachments []attached
		Tags           []tag
	}](r, "DescribeVpnGateways", "VpnGateways") {
		for _, a := range g.VpcAttachments {
			if a.State == "attached" {
				r.e.VPNGateways = append(r.e.VPNGateways, reach.VPNGateway{ID: g.VpnGatewayId, Name: name(g.Tags), VPC: a.VpcId})
			}
		}
	}
	for _, g := range loose[struct {
		NatGatewayId, VpcId, SubnetId, State, ConnectivityType string
		Tags                                                   []tag
	}](r, "DescribeNatGateways", "NatGateways") {
		switch {
		case g.State == "deleted" || g.State == "deleting" || g.State == "failed":
		case g.ConnectivityType == "private":
			r.bad("NAT gateway %s is a private one: the model has no rule for that", g.NatGatewayId)
		case g.SubnetId == "":
			r.bad("NAT gateway %s is in no subnet (a regional one): the model has no rule for that", g.NatGatewayId)
		default:
			r.e.NATGateways = append(r.e.NATGateways, reach.NATGateway{ID: g.NatGatewayId, Name: name(g.Tags), VPC: g.VpcId, Subnet: g.SubnetId})
		}
	}
	for _, p := range loose[struct {
		VpcPeeringConnectionId            string
		AccepterVpcInfo, RequesterVpcInfo struct{ VpcId string }
		Status                            struct{ Code string }
		Tags                              []tag
	}](r, "DescribeVpcPeeringConnections", "VpcPeeringConnections") {
		if p.Status.Code == "active" || p.Status.Code == "pending-acceptance" {
			r.e.Peerings = append(r.e.Peerings, reach.Peering{ID: p.VpcPeeringConnectionId, Name: name(p.Tags), A: p.RequesterVpcInfo.VpcId, B: p.AccepterVpcInfo.VpcId, Active: p.Status.Code == "active"})
		}
	}
}

func (r *reader) prefixLists() {
	seen := map[string]bool{}
	add := func(id, label string, cidrs []string) {
		if seen[id] {
			return
		}
		seen[id] = true
		out := reach.PrefixList{ID: id, Name: label}
		if short, ok := serviceName(label); ok {
			out.Service, r.lists[label] = short, id
		}
		for _, c := range cidrs {
			out.Prefixes = append(out.Prefixes, r.prefix("prefix list "+id, c))
		}
		r.e.PrefixLists = append(r.e.PrefixLists, out)
	}
	for _, l := range loose[struct {
		PrefixListId, PrefixListName string
		Cidrs                        []string
	}](r, "DescribePrefixLists", "PrefixLists") {
		if len(l.Cidrs) > 0 { // else its entries are asked for below
			add(l.PrefixListId, l.PrefixListName, l.Cidrs)
		}
	}
	for _, l := range loose[struct{ PrefixListId, PrefixListName string }](r, "DescribeManagedPrefixLists", "PrefixLists") {
		if seen[l.PrefixListId] {
			continue
		}
		var cidrs []string
		for _, e := range page[[]struct{ Cidr, Description string }](r, "GetManagedPrefixListEntries "+l.PrefixListId, "Entries") {
			cidrs = append(cidrs, e.Cidr)
		}
		if _, service := serviceName(l.PrefixListName); service && len(cidrs) == 0 {
			r.bad("prefix list %s: it has no address of %s", l.PrefixListId, l.PrefixListName)
		}
		add(l.PrefixListId, l.PrefixListName, cidrs)
	}
}

// serviceName is the short name of an AWS service: s3 of com.amazonaws.us-east-1.s3.
func serviceName(whole string) (string, bool) {
	parts := strings.SplitN(whole, ".", 4)
	if len(parts) == 4 && parts[0] == "com" && parts[1] == "amazonaws" {
		return parts[3], true
	}
	return whole, false
}

type endpoint struct {
	VpcEndpointId, VpcEndpointType, VpcId, ServiceName, State, PolicyDocument string
	PrivateDnsEnabled                                                         bool
	RouteTableIds, SubnetIds, NetworkInterfaceIds                             []string
	Groups                                                                    []struct{ GroupId, GroupName string }
	Tags                                                                      []tag
}

func (r *reader) endpoints() {
	for _, p := range loose[endpoint](r, "DescribeVpcEndpoints", "VpcEndpoints") {
		if s := strings.ToLower(p.State); s == "deleted" || s == "deleting" || s == "rejected" || s == "failed" || s == "expired" {
			continue
		}
		short, _ := serviceName(p.ServiceName)
		out := reach.Endpoint{ID: p.VpcEndpointId, Name: name(p.Tags), VPC: p.VpcId, Service: short, PrivateDNS: p.PrivateDnsEnabled}
		policy, err := ReadPolicy(p.PolicyDocument)
		if err != nil {
			r.bad("endpoint %s: its policy: %w", p.VpcEndpointId, err)
		}
		out.Policy = policy
		switch p.VpcEndpointType {
		case "Gateway":
			out.Gateway = true
		case "Interface":
			for _, id := range p.NetworkInterfaceIds {
				r.own[id] = true
			}
			for _, s := range p.SubnetIds {
				f := reach.Interface{ID: p.VpcEndpointId + " in " + s, Name: "endpoint " + short + " in " + s, Subnet: s, Kind: reach.EndpointNode, Owner: p.VpcEndpointId}
				for _, g := range p.Groups {
					f.Groups = append(f.Groups, g.GroupId)
				}
				r.e.Interfaces = append(r.e.Interfaces, f)
			}
		default:
			r.bad("endpoint %s is of type %q: the model has no rule for that", p.VpcEndpointId, p.VpcEndpointType)
		}
		r.e.Endpoints = append(r.e.Endpoints, out)
	}
}

// standIn are addresses for a service whose own are not known: those for
// benchmarks (RFC 2544), which no network of ours has.
var standIn = netip.MustParsePrefix("198.18.0.0/15")

// endpointRoutes adds the routes of gateway endpoints where the tables do not list
// them: an endpoint says itself which tables have one.
func (r *reader) endpointRoutes() {
	if _, ok := r.docs["DescribeVpcEndpoints"]; !ok {
		return // reported before
	}
	for _, p := range loose[endpoint](r, "DescribeVpcEndpoints", "VpcEndpoints") {
		if p.VpcEndpointType != "Gateway" {
			continue
		}
		id, ok := r.lists[p.ServiceName]
		if !ok {
			id = "addresses of " + p.ServiceName
			short, _ := serviceName(p.ServiceName)
			r.lists[p.ServiceName] = id
			r.e.PrefixLists = append(r.e.PrefixLists, reach.PrefixList{ID: id, Service: short, Prefixes: []netip.Prefix{standIn}})
		}
		for _, table := range p.RouteTableIds {
			i := slices.IndexFunc(r.e.RouteTables, func(t reach.RouteTable) bool { return t.ID == table })
			if i < 0 {
				r.bad("endpoint %s: route table %s is not in the documents", p.VpcEndpointId, table)
				continue
			}
			t := &r.e.RouteTables[i]
			if !slices.ContainsFunc(t.Routes, func(x reach.Route) bool { return x.Target == p.VpcEndpointId }) {
				t.Routes = append(t.Routes, reach.Route{PrefixList: id, Kind: reach.ToEndpoint, Target: p.VpcEndpointId})
			}
		}
	}
}

// ReadPolicy says what an endpoint's policy comes to on the whole (Control access to
// VPC endpoints using endpoint policies).
func ReadPolicy(text string) (reach.Policy, error) {
	if text == "" {
		return reach.PolicyOpen, nil
	}
	var doc struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return "", err
	}
	var statements []map[string]any
	if bytes.HasPrefix(bytes.TrimSpace(doc.Statement), []byte("{")) {
		doc.Statement = slices.Concat([]byte("["), doc.Statement, []byte("]"))
	}
	if err := json.Unmarshal(doc.Statement, &statements); err != nil {
		return "", err
	}
	out := reach.PolicyClosed
	for _, s := range statements {
		if s["Effect"] != "Allow" {
			continue
		}
		if _, conditional := s["Condition"]; s["Action"] == "*" && s["Resource"] == "*" && s["Principal"] == "*" && !conditional {
			return reach.PolicyOpen, nil
		}
		out = reach.PolicyNarrow
	}
	return out, nil
}
