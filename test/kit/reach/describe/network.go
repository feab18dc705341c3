package describe

import (
	"net/netip"

	"github.com/fintrack/platform/test/kit/reach"
)

type vpc struct {
	BlockPublicAccessStates, DhcpOptionsId, EncryptionControl, InstanceTenancy, IsDefault, State ignored
	CidrBlock, OwnerId, VpcId                                                                    string
	CidrBlockAssociationSet                                                                      []struct {
		AssociationId  ignored
		CidrBlock      string
		CidrBlockState state
	}
	Ipv6CidrBlockAssociationSet []ipv6
	Tags                        []tag
}

type state struct{ State, StatusMessage string }

type ipv6 struct {
	AssociationId, Ipv6Pool, NetworkBorderGroup, Ipv6AddressAttribute, IpSource ignored
	Ipv6CidrBlock                                                               string
	Ipv6CidrBlockState                                                          state
}

func (r *reader) networks() {
	for _, v := range all[vpc](r, "DescribeVpcs") {
		out := reach.VPC{ID: v.VpcId, Name: name(v.Tags), Account: v.OwnerId, Tags: tags(v.Tags),
			DNSSupport: r.attribute(v.VpcId, "enableDnsSupport"), DNSHostnames: r.attribute(v.VpcId, "enableDnsHostnames")}
		for _, c := range v.CidrBlockAssociationSet {
			if c.CidrBlockState.State == "associated" || c.CidrBlockState.State == "associating" {
				out.CIDRs = append(out.CIDRs, r.prefix("VPC "+v.VpcId, c.CidrBlock))
			}
		}
		for _, c := range v.Ipv6CidrBlockAssociationSet {
			if c.Ipv6CidrBlockState.State == "associated" {
				out.CIDRs = append(out.CIDRs, r.prefix("VPC "+v.VpcId, c.Ipv6CidrBlock))
			}
		}
		if len(out.CIDRs) == 0 {
			r.bad("VPC %s: no range is associated with it", v.VpcId)
		}
		r.e.VPCs = append(r.e.VPCs, out)
	}
	for _, s := range all[subnet](r, "DescribeSubnets") {
		out := reach.Subnet{ID: s.SubnetId, Name: name(s.Tags), VPC: s.VpcId, Zone: s.AvailabilityZone, Tags: tags(s.Tags)}
		if s.CidrBlock != "" {
			out.CIDRs = []netip.Prefix{r.prefix("subnet "+s.SubnetId, s.CidrBlock)}
		}
		for _, c := range s.Ipv6CidrBlockAssociationSet {
			if c.Ipv6CidrBlockState.State == "associated" {
				out.CIDRs = append(out.CIDRs, r.prefix("subnet "+s.SubnetId, c.Ipv6CidrBlock))
			}
		}
		if s.AvailabilityZone == "" {
			r.bad("subnet %s: it has no zone", s.SubnetId)
		}
		r.e.Subnets = append(r.e.Subnets, out)
	}
}

// attribute is one of the two switches of a VPC's DNS.
func (r *reader) attribute(vpc, which string) bool {
	field := map[string]string{"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}[which]
	call := "DescribeVpcAttribute " + vpc + " " + which
	v := page[struct{ Value *bool }](r, call, field).Value
	if v == nil {
		r.bad("%s: it has no value", call)
		return false
	}
	return *v
}

type subnet struct {
	AssignIpv6AddressOnCreation, AvailabilityZoneId, AvailableIpAddressCount, BlockPublicAccessStates, CustomerOwnedIpv4Pool, DefaultForAz,
	EnableDns64, EnableLniAtDeviceIndex, Ipv6Native, MapCustomerOwnedIpOnLaunch, MapPublicIpOnLaunch, OutpostArn, OwnerId,
	PrivateDnsNameOptionsOnLaunch, State, SubnetArn, Type ignored
	AvailabilityZone, CidrBlock, SubnetId, VpcId string
	Ipv6CidrBlockAssociationSet                  []ipv6
	Tags                                         []tag
}

type routeTable struct {
	OwnerId      ignored
	Associations []struct {
		AssociationState                  *state
		GatewayId, PublicIpv4Pool         *string
		Main                              bool
		RouteTableAssociationId, SubnetId string
		RouteTableId                      ignored
	}
	PropagatingVgws     ignored
	RouteTableId, VpcId string
	Routes              []route
	Tags                []tag
}

type route struct {
	CarrierGatewayId, CoreNetworkArn, DestinationCidrBlock, DestinationIpv6CidrBlock, DestinationPrefixListId, EgressOnlyInternetGatewayId,
	GatewayId, InstanceId, InstanceOwnerId, IpAddress, LocalGatewayId, NatGatewayId, NetworkInterfaceId, OdbNetworkArn, Origin, State,
	TransitGatewayId, VpcPeeringConnectionId string
}

func (r *reader) tables() {
	for _, t := range all[routeTable](r, "DescribeRouteTables") {
		where := "route table " + t.RouteTableId
		out := reach.RouteTable{ID: t.RouteTableId, Name: name(t.Tags), VPC: t.VpcId}
		for _, a := range t.Associations {
			switch {
			case a.GatewayId != nil && *a.GatewayId != "" || a.PublicIpv4Pool != nil && *a.PublicIpv4Pool != "":
				r.bad("%s: it is associated with a gateway (ingress routing): the model has no rule for that", where)
			case a.Main:
				out.Main = true
			case a.SubnetId == "":
				r.bad("%s: an association names no subnet", where)
			default:
				out.Subnets = append(out.Subnets, a.SubnetId)
			}
		}
		for _, x := range t.Routes {
			if made, ok := r.route(where, x); ok {
				out.Routes = append(out.Routes, made)
			}
		}
		r.e.RouteTables = append(r.e.RouteTables, out)
	}
	r.endpointRoutes()
}

// route reads a line of a table. ok is false for one that was refused.
func (r *reader) route(where string, x route) (out reach.Route, ok bool) {
	switch {
	case x.DestinationPrefixListId != "":
		out.PrefixList = x.DestinationPrefixListId
	case x.DestinationCidrBlock != "":
		out.Prefix = r.prefix(where, x.DestinationCidrBlock)
	case x.DestinationIpv6CidrBlock != "":
		out.Prefix = r.prefix(where, x.DestinationIpv6CidrBlock)
	default:
		r.bad("%s: a route has no destination", where)
		return out, false
	}
	switch x.State {
	case "active", "":
	case "blackhole":
		out.Blackhole = true
	default:
		r.bad("%s: a route is in state %q: want active or blackhole", where, x.State)
		return out, false
	}
	targets := 0
	set := func(kind reach.TargetKind, id string) {
		if id != "" {
			out.Kind, out.Target, targets = kind, id, targets+1
		}
	}
	set(reach.ToNAT, x.NatGatewayId)
	set(reach.ToTransit, x.TransitGatewayId)
	set(reach.ToPeering, x.VpcPeeringConnectionId)
	set(reach.ToEgressOnly, x.EgressOnlyInternetGatewayId)
	if x.GatewayId != "" {
		kind, known := gatewayKind(x.GatewayId)
		if !known {
			r.bad("%s: a route leads to gateway %q: the model has no rule for that", where, x.GatewayId)
			return out, false
		}
		set(kind, x.GatewayId)
		if kind == reach.Local {
			out.Target = ""
		}
	}
	for what, id := range map[string]string{"carrier gateway": x.CarrierGatewayId, "core network": x.CoreNetworkArn, "local gateway": x.LocalGatewayId,
		"instance": x.InstanceId, "network interface": x.NetworkInterfaceId, "Oracle network": x.OdbNetworkArn} {
		if id != "" && !out.Blackhole {
			r.bad("%s: a route leads to the %s %s, which may pass packets on to anywhere: the model has no rule for that", where, what, id)
			return out, false
		}
	}
	if targets != 1 && !out.Blackhole {
		r.bad("%s: a route to %s%s has %d targets, not one", where, out.Prefix, out.PrefixList, targets)
		return out, false
	}
	return out, true
}

type acl struct {
	OwnerId      ignored
	Associations []struct {
		NetworkAclAssociationId, NetworkAclId ignored
		SubnetId                              string
	}
	Entries             []entry
	IsDefault           bool
	NetworkAclId, VpcId string
	Tags                []tag
}

type entry struct {
	CidrBlock, Ipv6CidrBlock, Protocol, RuleAction string
	Egress                                         bool
	IcmpTypeCode                                   *struct{ Code, Type *int }
	PortRange                                      *struct{ From, To *int }
	RuleNumber                                     *int
}

func (r *reader) acls() {
	for _, a := range all[acl](r, "DescribeNetworkAcls") {
		out := reach.ACL{ID: a.NetworkAclId, Name: name(a.Tags), VPC: a.VpcId, Default: a.IsDefault}
		for _, s := range a.Associations {
			out.Subnets = append(out.Subnets, s.SubnetId)
		}
		for _, e := range a.Entries {
			made, ok := r.entry("network ACL "+a.NetworkAclId, e)
			switch {
			case !ok:
			case e.Egress:
				out.Out = append(out.Out, made)
			default:
				out.In = append(out.In, made)
			}
		}
		r.e.ACLs = append(r.e.ACLs, out)
	}
}

func (r *reader) entry(where string, e entry) (out reach.Entry, ok bool) {
	before := len(r.errs)
	p, err := reach.ParseProtocol(e.Protocol)
	if err != nil {
		r.bad("%s: %w", where, err)
	}
	if e.RuleNumber == nil {
		r.bad("%s: a rule has no number", where)
		return out, false
	}
	cidr := e.CidrBlock
	if cidr == "" {
		cidr = e.Ipv6CidrBlock
	}
	if e.RuleAction != "allow" && e.RuleAction != "deny" {
		r.bad("%s: rule %d: action %q: want allow or deny", where, *e.RuleNumber, e.RuleAction)
	}
	out = reach.Entry{Number: *e.RuleNumber, Protocol: p, Prefix: r.prefix(where, cidr), Ports: reach.AllPorts, Allow: e.RuleAction == "allow"}
	switch {
	case p == reach.TCP || p == reach.UDP:
		if e.PortRange == nil || e.PortRange.From == nil || e.PortRange.To == nil {
			r.bad("%s: rule %d: %s without ports", where, *e.RuleNumber, p)
			break
		}
		out.Ports = r.ports(where, *e.PortRange.From, *e.PortRange.To)
	case (p == reach.ICMP || p == reach.ICMPv6) && e.IcmpTypeCode != nil && e.IcmpTypeCode.Type != nil && *e.IcmpTypeCode.Type >= 0:
		out.Ports = r.ports(where, *e.IcmpTypeCode.Type, *e.IcmpTypeCode.Type)
	}
	return out, len(r.errs) == before
}

func (r *reader) ports(where string, from, to int) reach.PortSet {
	if from < 0 || to > 65535 || from > to {
		r.bad("%s: ports %d to %d: want 0 to 65535, the lower first", where, from, to)
		return reach.PortSet{}
	}
	return reach.Ports(reach.Port(from), reach.Port(to))
}

type group struct {
	Description, SecurityGroupArn      ignored
	GroupId, GroupName, OwnerId, VpcId string
	IpPermissions, IpPermissionsEgress []permission
	Tags                               []tag
}

type permission struct {
	FromPort, ToPort *int
	IpProtocol       string
	IpRanges         []struct{ CidrIp, Description string }
	Ipv6Ranges       []struct{ CidrIpv6, Description string }
	PrefixListIds    []struct{ PrefixListId, Description string }
	UserIdGroupPairs []struct{ Description, GroupId, GroupName, PeeringStatus, UserId, VpcId, VpcPeeringConnectionId string }
}

func (r *reader) groups() {
	for _, g := range all[group](r, "DescribeSecurityGroups") {
		label := name(g.Tags)
		if label == "" {
			label = g.GroupName
		}
		r.owners[g.GroupId] = g.OwnerId
		out := reach.Group{ID: g.GroupId, Name: label, VPC: g.VpcId}
		for _, p := range g.IpPermissions {
			out.In = append(out.In, r.permission("security group "+g.GroupId, p)...)
		}
		for _, p := range g.IpPermissionsEgress {
			out.Out = append(out.Out, r.permission("security group "+g.GroupId, p)...)
		}
		r.e.Groups = append(r.e.Groups, out)
	}
}

func (r *reader) permission(where string, p permission) []reach.Rule {
	protocol, err := reach.ParseProtocol(p.IpProtocol)
	if err != nil {
		r.bad("%s: %w", where, err)
		return nil
	}
	base := reach.Rule{Protocol: protocol, Ports: reach.AllPorts}
	switch {
	case protocol == reach.TCP || protocol == reach.UDP:
		if p.FromPort == nil || p.ToPort == nil {
			r.bad("%s: a rule of %s has no ports", where, protocol)
			return nil
		}
		if *p.FromPort != -1 {
			base.Ports = r.ports(where, *p.FromPort, *p.ToPort)
		}
	case (protocol == reach.ICMP || protocol == reach.ICMPv6) && p.FromPort != nil && *p.FromPort >= 0:
		base.Ports = r.ports(where, *p.FromPort, *p.FromPort)
	}
	var out []reach.Rule
	add := func(description string, peer func(*reach.Rule)) {
		rule := base
		rule.Description = description
		peer(&rule)
		out = append(out, rule)
	}
	for _, x := range p.IpRanges {
		add(x.Description, func(a *reach.Rule) { a.Prefix = r.prefix(where, x.CidrIp) })
	}
	for _, x := range p.Ipv6Ranges {
		add(x.Description, func(a *reach.Rule) { a.Prefix = r.prefix(where, x.CidrIpv6) })
	}
	for _, x := range p.PrefixListIds {
		add(x.Description, func(a *reach.Rule) { a.PrefixList = x.PrefixListId })
	}
	for _, x := range p.UserIdGroupPairs {
		if x.GroupId == "" {
			r.bad("%s: a rule names a group without its id", where)
		}
		r.named = append(r.named, named{where, x.GroupId, x.UserId})
		add(x.Description, func(a *reach.Rule) { a.Group = x.GroupId })
	}
	return out
}
