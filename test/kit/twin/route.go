package twin

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
)

// natGateway is a namespace in its subnet that translates what leaves the VPC.
func (c *compiler) natGateway(n reach.NATGateway, i int) {
	sp := c.space(n.ID, true)
	cidr := netip.Prefix{}
	for _, s := range c.e.Subnets {
		if s.ID == n.Subnet {
			cidr, _ = ipv4(s.CIDRs)
		}
	}
	addr := router(cidr)
	for range 3 { // the first that AWS gives out (Subnet CIDR blocks)
		addr = addr.Next()
	}
	c.nat[n.ID] = addr
	// The subnet exists, since the estate was checked; the address is one of it.
	_ = c.join(sp, n.Subnet, addr)
	sp.nft = fmt.Sprintf("table ip nat {\n chain out {\n  type nat hook postrouting priority 100\n  ip daddr != { %s } meta l4proto { tcp, udp } masquerade to :1024-65535\n }\n"+
		" chain own {\n  type filter hook forward priority 0\n  ct state invalid drop\n }\n}\n", c.ranges())
	c.hosts = append(c.hosts, Host{Name: n.ID, Subnet: n.Subnet, Addr: addr, Open: true, Public: netip.AddrFrom4([4]byte{198, 51, 100, byte(200 + i)})})
}

func (c *compiler) ranges() string {
	var out []string
	for _, p := range c.vpc.CIDRs {
		if p.Addr().Is4() {
			out = append(out, p.String())
		}
	}
	return strings.Join(out, ", ")
}

// outside makes the internet gateway, which translates one to one for those with a
// public address, and the internet behind it.
func (c *compiler) outside() {
	out, gw := c.byName[internet], c.byName[gateway]
	_, dev, far, near := c.wire(out, gw)
	out.add("route add default via %s", near)
	gw.add("route add default via %s", far)
	_, _, inner, _ := c.wire(c.byName[core], gw)
	for _, p := range c.vpc.CIDRs {
		if p.Addr().Is4() {
			gw.add("route add %s via %s", p, inner)
		}
	}
	for _, f := range c.far { // services of AWS have their addresses there too
		out.add("addr add %s/32 dev lo", f.Addr)
	}
	var to, from, private []string
	for _, h := range c.hosts {
		if h.Public.IsValid() {
			to = append(to, fmt.Sprintf("%s : %s", h.Public, h.Addr))
			from = append(from, fmt.Sprintf("%s : %s", h.Addr, h.Public))
			private = append(private, h.Addr.String())
		}
	}
	if len(private) == 0 {
		gw.nft = "table ip gate {\n chain pass {\n  type filter hook forward priority 0; policy drop;\n }\n}\n"
		return
	}
	set := strings.Join(private, ", ")
	gw.nft = "table ip gate {\n chain pass {\n  type filter hook forward priority 0; policy drop;\n" +
		fmt.Sprintf("  oifname %q ip saddr { %s } accept\n  iifname %q ip daddr { %s } accept\n }\n", dev, set, dev, set) +
		" chain inward {\n  type nat hook prerouting priority -100\n" + fmt.Sprintf("  iifname %q dnat to ip daddr map { %s }\n }\n", dev, strings.Join(to, ", ")) +
		" chain outward {\n  type nat hook postrouting priority 100\n" + fmt.Sprintf("  oifname %q snat to ip saddr map { %s }\n }\n}\n", dev, strings.Join(from, ", "))
}

// service is the gateway endpoint whose service has an address, or "".
func (c *compiler) service(a netip.Addr) string {
	for _, t := range c.e.RouteTables {
		for _, r := range t.Routes {
			if r.Kind == reach.ToEndpoint && slices.ContainsFunc(c.list(r.PrefixList), func(p netip.Prefix) bool { return p.Contains(a) }) {
				return r.Target
			}
		}
	}
	return ""
}

// routes gives a subnet's namespace the routes of its table.
func (c *compiler) routes(s reach.Subnet) error {
	var table reach.RouteTable
	for _, t := range c.e.RouteTables {
		if slices.Contains(t.Subnets, s.ID) {
			table = t
		}
	}
	for _, t := range c.e.RouteTables {
		if table.ID == "" && t.Main {
			table = t
		}
	}
	sp := c.byName[s.ID]
	hops := map[string]string{} // how to get to a target: the end of a route
	for _, r := range table.Routes {
		dests := []netip.Prefix{r.Prefix}
		if r.PrefixList != "" {
			dests = c.list(r.PrefixList)
		}
		for _, d := range dests {
			switch {
			case r.Kind == reach.Local || !d.Addr().Is4():
			case r.Blackhole:
				sp.add("route add blackhole %s", d)
			default:
				if hops[r.Target] == "" {
					hop, err := c.hop(s, r)
					if err != nil {
						return err
					}
					hops[r.Target] = hop
				}
				sp.add("route add %s %s", d, hops[r.Target])
			}
		}
	}
	return nil
}

// hop joins a subnet to the target of a route, and returns how a route names it.
func (c *compiler) hop(s reach.Subnet, r reach.Route) (string, error) {
	sp := c.byName[s.ID]
	switch r.Kind {
	case reach.ToInternet:
		_, _, _, far := c.wire(sp, c.byName[gateway])
		return "via " + far.String(), nil
	case reach.ToNAT:
		return c.throughNAT(s, r.Target)
	case reach.ToTransit, reach.ToEndpoint:
		target := c.byName[r.Target]
		if target == nil {
			target = c.space(r.Target, true)
			for _, f := range c.far {
				if r.Kind == reach.ToEndpoint && c.service(f.Addr) == r.Target {
					target.add("addr add %s/32 dev lo", f.Addr)
				}
			}
		}
		_, _, near, far := c.wire(sp, target)
		if cidr, _ := ipv4(s.CIDRs); r.Kind == reach.ToEndpoint {
			target.add("route add %s via %s", cidr, near)
		}
		return "via " + far.String(), nil
	}
	return "", fmt.Errorf("subnet %s: a route leads to %s %s: a twin has none", s.ID, r.Kind, r.Target)
}

// throughNAT leads packets to a NAT gateway: over the border of its subnet, whose
// network ACL judges them, to the gateway's address and not by that subnet's routes.
func (c *compiler) throughNAT(s reach.Subnet, id string) (string, error) {
	i := slices.IndexFunc(c.e.NATGateways, func(n reach.NATGateway) bool { return n.ID == id })
	if i < 0 {
		return "", fmt.Errorf("subnet %s: no NAT gateway %s", s.ID, id)
	}
	if n := c.e.NATGateways[i]; n.Subnet == s.ID {
		return "via " + c.nat[id].String(), nil
	}
	border := c.byName[c.e.NATGateways[i].Subnet]
	_, dev, _, far := c.wire(c.byName[s.ID], border)
	table := 100 + c.count
	border.add("rule add iif %s lookup %d", dev, table)
	border.add("route add default via %s dev br0 table %d", c.nat[id], table)
	return "via " + far.String(), nil
}
