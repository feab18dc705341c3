// Package twin builds a VPC a second time, of Linux network namespaces, and sends
// real packets through it. It is the witness of package reach: it is compiled from
// the same estate by other rules, the kernel's routes, bridges and nftables, and
// what the kernel does must be what the engine says.
//
// Every subnet is a namespace that bridges its interfaces, routes by the subnet's
// table and filters by its network ACL without state; every interface is a namespace
// that filters by its security groups with state. NAT gateways, the internet gateway,
// the transit gateway and gateway endpoints are namespaces too. A namespace has no
// name: it is gone when the process is, however that ends.
//
// A twin is of one VPC and IPv4.
package twin

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
)

// Host is an interface that takes part: a sender and receiver of packets.
type Host struct {
	Name, Subnet string
	Addr         netip.Addr
	Groups       []string
	// Open says that no group holds it back.
	Open bool
	// Public is its address on the internet, or the zero value.
	Public netip.Addr
}

// Far is a host outside the VPC: on the internet, behind a transit gateway that
// nothing attaches it to (Lost), or an AWS service behind a gateway endpoint.
type Far struct {
	Name string
	Addr netip.Addr
}

// space is one namespace to be.
type space struct {
	name    string
	batch   []string // lines for ip -batch
	forward bool
	nft     string
}

// link is a veth pair between two spaces, by their names.
type link struct{ a, devA, b, devB string }

// Plan is what a twin will be.
type Plan struct {
	spaces []*space
	links  []link
	hosts  []Host
	far    []Far
	byName map[string]*space
	count  int
	nets   int
}

const (
	core     = "core"
	internet = "internet"
	gateway  = "internet gateway"
)

// compiler turns an estate into a plan.
type compiler struct {
	*Plan
	e   reach.Estate
	vpc reach.VPC
	nat map[string]netip.Addr // addresses of NAT gateways
}

// Compile plans the twin of an estate with one VPC.
func Compile(e reach.Estate, hosts []Host, far []Far) (*Plan, error) {
	if len(e.VPCs) != 1 {
		return nil, fmt.Errorf("a twin is of one VPC; this estate has %d", len(e.VPCs))
	}
	c := &compiler{Plan: &Plan{hosts: hosts, far: far, byName: map[string]*space{}}, e: e, vpc: e.VPCs[0], nat: map[string]netip.Addr{}}
	c.space(core, true)
	c.space(internet, false)
	c.space(gateway, true)
	for _, s := range e.Subnets {
		if err := c.subnet(s); err != nil {
			return nil, err
		}
	}
	for i, n := range e.NATGateways {
		c.natGateway(n, i)
	}
	for _, h := range hosts {
		if err := c.host(h); err != nil {
			return nil, err
		}
	}
	c.outside()
	for _, s := range e.Subnets {
		if err := c.routes(s); err != nil {
			return nil, err
		}
	}
	return c.Plan, nil
}

func (p *Plan) space(name string, forward bool) *space {
	s := &space{name: name, forward: forward, batch: []string{"link set lo up"}}
	p.spaces = append(p.spaces, s)
	p.byName[name] = s
	return s
}

func (s *space) add(format string, args ...any) {
	s.batch = append(s.batch, fmt.Sprintf(format, args...))
}

// wire joins two spaces by a link with an address at each end, and returns the
// devices and addresses.
func (p *Plan) wire(a, b *space) (devA, devB string, addrA, addrB netip.Addr) {
	devA, devB = p.plug(a, b)
	base := p.nets * 2
	p.nets++
	addrA = netip.AddrFrom4([4]byte{169, 254, byte(base >> 8), byte(base)})
	addrB = addrA.Next()
	a.add("addr add %s/31 dev %s", addrA, devA)
	b.add("addr add %s/31 dev %s", addrB, devB)
	return devA, devB, addrA, addrB
}

func (p *Plan) plug(a, b *space) (devA, devB string) {
	p.count++
	devA, devB = fmt.Sprintf("v%da", p.count), fmt.Sprintf("v%db", p.count)
	p.links = append(p.links, link{a.name, devA, b.name, devB})
	a.add("link set %s up", devA)
	b.add("link set %s up", devB)
	return devA, devB
}

func ipv4(prefixes []netip.Prefix) (netip.Prefix, bool) {
	i := slices.IndexFunc(prefixes, func(p netip.Prefix) bool { return p.Addr().Is4() })
	if i < 0 {
		return netip.Prefix{}, false
	}
	return prefixes[i], true
}

// router is the address of a subnet's router: the first after the network's own.
func router(cidr netip.Prefix) netip.Addr { return cidr.Masked().Addr().Next() }

func (c *compiler) subnet(s reach.Subnet) error {
	cidr, ok := ipv4(s.CIDRs)
	if !ok {
		return fmt.Errorf("subnet %s has no IPv4 range: a twin is of IPv4", s.ID)
	}
	sp := c.space(s.ID, true)
	sp.add("link add name br0 type bridge")
	sp.add("link set br0 up")
	sp.add("addr add %s/%d dev br0", router(cidr), cidr.Bits())
	sp.nft = c.acl(s)
	up, down, near, own := c.wire(c.byName[core], sp)
	_ = up
	_ = down
	c.byName[core].add("route add %s via %s", cidr, own)
	for _, block := range c.vpc.CIDRs { // the subnet's own range is closer
		if block.Addr().Is4() {
			sp.add("route add %s via %s", block, near)
		}
	}
	return nil
}

// acl is the subnet's network ACL: rules without state, in the order of their
// numbers, for what crosses the border and not for what stays inside.
func (c *compiler) acl(s reach.Subnet) string {
	var acl reach.ACL
	for _, a := range c.e.ACLs {
		if slices.Contains(a.Subnets, s.ID) || a.Default && acl.ID == "" {
			acl = a
		}
	}
	for _, a := range c.e.ACLs {
		if slices.Contains(a.Subnets, s.ID) {
			acl = a
		}
	}
	var b strings.Builder
	b.WriteString("table ip acl {\n chain inward {\n")
	entries(&b, acl.In, "saddr")
	b.WriteString(" }\n chain outward {\n")
	entries(&b, acl.Out, "daddr")
	b.WriteString(" }\n chain border {\n  type filter hook forward priority 0\n" +
		"  iifname != \"br0\" oifname \"br0\" jump inward\n  iifname \"br0\" oifname != \"br0\" jump outward\n }\n}\n")
	return b.String()
}

func entries(b *strings.Builder, list []reach.Entry, side string) {
	list = slices.Clone(list)
	slices.SortFunc(list, func(x, y reach.Entry) int { return x.Number - y.Number })
	for _, e := range list {
		if !e.Prefix.Addr().Is4() {
			continue
		}
		verdict := "drop"
		if e.Allow {
			verdict = "return"
		}
		fmt.Fprintf(b, "  ip %s %s %s %s\n", side, e.Prefix, match(e.Protocol, e.Ports), verdict)
	}
	b.WriteString("  drop\n")
}

// match is the part of an nftables rule for a protocol and ports.
func match(p reach.Protocol, ports reach.PortSet) string {
	switch {
	case p == reach.Any:
		return ""
	case p == reach.TCP || p == reach.UDP:
		if ports.Equal(reach.AllPorts) {
			return "meta l4proto " + p.String()
		}
		return fmt.Sprintf("%s dport { %s }", p, ports)
	case p == reach.ICMP && !ports.Equal(reach.AllPorts):
		return fmt.Sprintf("icmp type { %s }", ports)
	}
	return fmt.Sprintf("meta l4proto %d", int(p))
}

// join puts a space into a subnet with an address of it.
func (c *compiler) join(sp *space, subnet string, addr netip.Addr) error {
	i := slices.IndexFunc(c.e.Subnets, func(s reach.Subnet) bool { return s.ID == subnet })
	if i < 0 {
		return fmt.Errorf("host %s: no subnet %s", sp.name, subnet)
	}
	cidr, _ := ipv4(c.e.Subnets[i].CIDRs)
	if !cidr.Contains(addr) || addr == router(cidr) {
		return fmt.Errorf("host %s: %s cannot be an address of subnet %s", sp.name, addr, cidr)
	}
	br := c.byName[subnet]
	inside, outside := c.plug(br, sp)
	br.add("link set %s master br0", inside)
	sp.add("addr add %s/%d dev %s", addr, cidr.Bits(), outside)
	sp.add("route add default via %s", router(cidr))
	return nil
}

func (c *compiler) host(h Host) error {
	sp := c.space(h.Name, false)
	if !h.Open {
		sp.nft = c.groups(h)
	}
	return c.join(sp, h.Subnet, h.Addr)
}

// groups are the host's security groups: what is answered to passes by state.
func (c *compiler) groups(h Host) string {
	var in, out strings.Builder
	for _, g := range c.e.Groups {
		if slices.Contains(h.Groups, g.ID) {
			c.rules(&in, g.In, "saddr")
			c.rules(&out, g.Out, "daddr")
		}
	}
	const frame = " chain %s {\n  type filter hook %s priority 0; policy drop;\n  ct state established,related accept\n  %s lo accept\n%s }\n"
	return "table ip groups {\n" + fmt.Sprintf(frame, "in", "input", "iifname", in.String()) + fmt.Sprintf(frame, "out", "output", "oifname", out.String()) + "}\n"
}

func (c *compiler) rules(b *strings.Builder, rules []reach.Rule, side string) {
	for _, r := range rules {
		var peers []string
		switch {
		case r.Group != "":
			for _, h := range c.hosts {
				if slices.Contains(h.Groups, r.Group) {
					peers = append(peers, h.Addr.String())
				}
			}
		case r.PrefixList != "":
			for _, p := range c.list(r.PrefixList) {
				peers = append(peers, p.String())
			}
		case r.Prefix.Addr().Is4():
			peers = []string{r.Prefix.String()}
		}
		if len(peers) > 0 && r.Protocol != reach.ICMPv6 {
			fmt.Fprintf(b, "  ip %s { %s } %s accept\n", side, strings.Join(peers, ", "), match(r.Protocol, r.Ports))
		}
	}
}

func (c *compiler) list(id string) []netip.Prefix {
	for _, l := range c.e.PrefixLists {
		if l.ID == id {
			return slices.DeleteFunc(slices.Clone(l.Prefixes), func(p netip.Prefix) bool { return !p.Addr().Is4() })
		}
	}
	return nil
}

// String is the plan as text: what each namespace is given.
func (p *Plan) String() string {
	var b strings.Builder
	for _, l := range p.links {
		fmt.Fprintf(&b, "link %s %s -- %s %s\n", l.a, l.devA, l.b, l.devB)
	}
	for _, s := range p.spaces {
		fmt.Fprintf(&b, "namespace %s\n", s.name)
		for _, line := range s.batch {
			fmt.Fprintf(&b, "  ip %s\n", line)
		}
		b.WriteString(s.nft)
	}
	return b.String()
}
