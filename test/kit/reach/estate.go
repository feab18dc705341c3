package reach

import "net/netip"

// Estate is everything that decides who reaches whom. Ids are unique within a kind;
// whatever names another thing names it by its id.
type Estate struct {
	VPCs             []VPC
	Subnets          []Subnet
	RouteTables      []RouteTable
	PrefixLists      []PrefixList
	ACLs             []ACL
	Groups           []Group
	InternetGateways []InternetGateway
	EgressGateways   []EgressGateway
	NATGateways      []NATGateway
	VPNGateways      []VPNGateway
	Endpoints        []Endpoint
	TransitGateways  []TransitGateway
	Attachments      []Attachment
	TransitTables    []TransitTable
	Peerings         []Peering
	LoadBalancers    []LoadBalancer
	Interfaces       []Interface
}

// VPC is a network. CIDRs are all its ranges, of both families.
type VPC struct {
	ID, Name, Account, Region string
	CIDRs                     []netip.Prefix
	// DNSSupport and DNSHostnames are the two attributes that private DNS of
	// endpoints needs.
	DNSSupport, DNSHostnames bool
	Tags                     map[string]string
}

// Subnet is a part of a VPC in one availability zone.
type Subnet struct {
	ID, Name, VPC, Zone string
	CIDRs               []netip.Prefix
	Tags                map[string]string
}

// RouteTable says where packets of its subnets go. The main table of a VPC serves
// the subnets that no other table names.
type RouteTable struct {
	ID, Name, VPC string
	Main          bool
	Subnets       []string
	Routes        []Route
}

// TargetKind is what a route leads to.
type TargetKind string

// The targets that the model follows.
const (
	Local        TargetKind = "local"
	ToInternet   TargetKind = "internet gateway"
	ToEgressOnly TargetKind = "egress-only internet gateway"
	ToNAT        TargetKind = "NAT gateway"
	ToTransit    TargetKind = "transit gateway"
	ToPeering    TargetKind = "peering connection"
	ToEndpoint   TargetKind = "gateway endpoint"
	ToVPN        TargetKind = "virtual private gateway"
)

// Route is one line of a route table: a destination, which is a prefix or the id of
// a prefix list, and a target.
type Route struct {
	Prefix     netip.Prefix
	PrefixList string
	Kind       TargetKind
	Target     string
	// Blackhole says that the target is gone: what takes this route is dropped.
	Blackhole bool
}

// PrefixList is a list of ranges with an id. Service is the AWS service whose
// addresses these are, as in s3, or empty.
type PrefixList struct {
	ID, Name, Service string
	Prefixes          []netip.Prefix
}

// ACL is a network ACL. The default one of a VPC serves the subnets that no other
// names.
type ACL struct {
	ID, Name, VPC string
	Default       bool
	Subnets       []string
	In, Out       []Entry
}

// Entry is a rule of a network ACL: the lowest number that matches decides. Ports
// are ports of TCP and UDP, or types of ICMP messages.
type Entry struct {
	Number   int
	Protocol Protocol
	Prefix   netip.Prefix
	Ports    PortSet
	Allow    bool
}

// Group is a security group.
type Group struct {
	ID, Name, VPC string
	In, Out       []Rule
}

// Rule admits the ports of a protocol for one peer: a prefix, a prefix list, or a
// group.
type Rule struct {
	ID          string
	Description string
	Protocol    Protocol
	Ports       PortSet
	Prefix      netip.Prefix
	PrefixList  string
	Group       string
}

// InternetGateway joins a VPC and the internet.
type InternetGateway struct{ ID, Name, VPC string }

// EgressGateway lets IPv6 out, and nothing in but replies.
type EgressGateway struct{ ID, Name, VPC string }

// NATGateway lets IPv4 out under its own address, and nothing in but replies.
type NATGateway struct{ ID, Name, VPC, Subnet string }

// VPNGateway is a virtual private gateway: it joins a VPC and networks outside AWS.
type VPNGateway struct{ ID, Name, VPC string }

// Endpoint leads to an AWS service, or to one of somebody else's. A gateway
// endpoint is the target of routes; an interface endpoint is Interfaces that carry
// its id as their owner.
type Endpoint struct {
	ID, Name, VPC string
	// Service is the short name, as in s3 and ecr.api, or the whole name of a
	// service that is not AWS's.
	Service    string
	Gateway    bool
	PrivateDNS bool
	Policy     Policy
}

// TransitGateway joins attachments.
type TransitGateway struct {
	ID, Name string
	// GroupReferences says that security groups may name groups of other VPCs.
	GroupReferences bool
}

// Attachment joins something to a transit gateway: a VPC, in one subnet for each
// zone, or something outside (a VPN, Direct Connect, another gateway).
type Attachment struct {
	ID, Name, TransitGateway string
	// Kind is vpc for a VPC, whatever AWS calls it for the rest.
	Kind    string
	VPC     string
	Subnets []string
	// Table is the id of the associated transit table, or empty.
	Table           string
	GroupReferences bool
}

// TransitTable is a route table of a transit gateway.
type TransitTable struct {
	ID, Name, TransitGateway string
	Routes                   []TransitRoute
}

// TransitRoute leads to an attachment, or nowhere when Blackhole is set.
type TransitRoute struct {
	Prefix     netip.Prefix
	Attachment string
	// Static routes win over propagated ones of the same length.
	Static    bool
	Blackhole bool
}

// Peering joins two VPCs. A VPC that is not in the estate is outside: its ranges
// are what the peering says of it.
type Peering struct {
	ID, Name string
	A, B     string
	Active   bool
}

// LoadBalancer passes connections on. Its nodes are Interfaces that carry its id as
// their owner.
type LoadBalancer struct {
	ID, Name, VPC string
	// Network says that it works on connections (NLB), not on requests (ALB).
	Network bool
	// OneZone says that a node passes on within its own availability zone alone.
	OneZone   bool
	Listeners []Listener
}

// Listener hears on a port and passes on to targets.
type Listener struct {
	Protocol Protocol
	Port     Port
	Targets  []Target
}

// Target is where a listener passes connections on to: an address, or the interfaces
// of an instance, and a port.
type Target struct {
	Group    string
	Addr     netip.Addr
	Instance string
	Port     Port
	Protocol Protocol
	// ClientAddress says that the target sees the address of the client, not that of
	// the load balancer's node (Target groups for your Network Load Balancers, "Client
	// IP preservation").
	ClientAddress bool
}

// OwnerKind is what an interface is part of.
type OwnerKind string

// The owners that adapters name.
const (
	Database     OwnerKind = "database"
	Cache        OwnerKind = "cache"
	ControlPlane OwnerKind = "control plane"
	Nodes        OwnerKind = "nodes"
	Pods         OwnerKind = "pods"
	Function     OwnerKind = "function"
	EndpointNode OwnerKind = "endpoint"
	Balancer     OwnerKind = "load balancer"
	NATNode      OwnerKind = "nat gateway"
	Instance     OwnerKind = "instance"
	Other        OwnerKind = "other"
)

// Interface is something with an address in a subnet: an elastic network interface,
// or where one will be.
type Interface struct {
	ID, Name string
	Subnet   string
	Groups   []string
	// Addrs are its addresses; none means that it may have any of its subnet.
	Addrs []netip.Addr
	// Unguarded says that it has no security group and needs none, as a network load
	// balancer that was made without.
	Unguarded bool
	// Public says that an internet gateway translates an IPv4 address to it.
	Public bool
	Kind   OwnerKind
	// Owner is the id of what it belongs to.
	Owner string
}
