package reach_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/stretchr/testify/require"
)

func TestThePlatformAsItIsBuilt(t *testing.T) {
	m, err := reach.New(platform())
	require.NoError(t, err)
	all := parties(m)
	s3, err := m.ServiceParty("vpc", "s3")
	require.NoError(t, err)
	kms, err := m.ServiceParty("vpc", "kms")
	require.NoError(t, err)
	all["s3"], all["kms"] = s3, kms
	for _, c := range []struct {
		name, from, to string
		protocol       reach.Protocol
		want           string // the ports that are open
	}{
		{"pods reach the database on its port alone", "pods", "database", reach.TCP, "5432"},
		{"nodes reach the cache on its port alone", "nodes", "cache", reach.TCP, "6379"},
		{"the rotation function reaches the database", "function", "database", reach.TCP, "5432"},
		{"the rotation function does not reach the cache", "function", "cache", reach.TCP, "none"},
		{"the rotation function does not reach the internet", "function", "internet", reach.TCP, "none"},
		{"nobody reaches the database by UDP", "pods", "database", reach.UDP, "none"},
		{"nobody pings the database", "pods", "database", reach.ICMP, "none"},
		{"pods reach the internet", "pods", "internet", reach.TCP, "0-65535"},
		{"the internet does not reach pods", "internet", "pods", reach.TCP, "none"},
		{"the internet reaches what is placed in the public tier", "internet", "tier public", reach.TCP, "0-65535"},
		{"the internet does not reach the private tier, whatever is placed there", "internet", "tier private", reach.TCP, "none"},
		{"the internet does not reach the isolated tier, whatever is placed there", "internet", "tier isolated", reach.TCP, "none"},
		{"the isolated tier does not reach the internet, whatever is placed there", "tier isolated", "internet", reach.TCP, "none"},
		{"the isolated tier hears the public one on no port", "tier public", "tier isolated", reach.TCP, "none"},
		{"the isolated tier hears pods on two ports", "tier pods", "tier isolated", reach.TCP, "5432, 6379"},
		{"the database calls nobody", "database", "pods", reach.TCP, "none"},
		{"pods reach S3 by the gateway endpoint", "pods", "s3", reach.TCP, "0-65535"},
		{"pods reach KMS by its endpoint", "pods", "kms", reach.TCP, "443"},
		{"the rotation function reaches KMS by its endpoint", "function", "kms", reach.TCP, "443"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got reach.PortSet
			var text string
			for _, q := range m.Ask(all[c.from], all[c.to], c.protocol, reach.AllPorts) {
				got = got.Union(q.Ports())
				text += m.Trace(q).String()
			}
			require.Equal(t, c.want, got.String(), text)
		})
	}
}

func TestAWholeDeclaredPortWorksFromEveryEphemeralPort(t *testing.T) {
	e := platform()
	m, err := reach.New(e)
	require.NoError(t, err)
	for _, q := range m.Ask(parties(m)["pods"], parties(m)["database"], reach.TCP, reach.Ports(5432, 5432)) {
		require.Empty(t, q.Missing())
	}
	for i := range e.ACLs {
		for j := range e.ACLs[i].Out {
			if e.ACLs[i].ID == "acl-isolated" && e.ACLs[i].Out[j].Prefix == pfx("100.64.0.0/16") {
				e.ACLs[i].Out[j].Ports = reach.Ports(32768, 65535) // a common mistake
			}
		}
	}
	m, err = reach.New(e)
	require.NoError(t, err)
	for _, q := range m.Ask(parties(m)["pods"], parties(m)["database"], reach.TCP, reach.Ports(5432, 5432)) {
		require.True(t, q.Reachable())
		require.Equal(t, "1024-32767", q.Missing()[0].FromPorts.String())
	}
}

func TestATraceNamesTheRulesOrWhatStops(t *testing.T) {
	e := platform()
	m, err := reach.New(e)
	require.NoError(t, err)
	ps := parties(m)
	q := m.Ask(ps["pods"], ps["database"], reach.TCP, reach.Ports(5432, 5432))[0]
	require.Equal(t, `pods-fintrack-a reaches database-fintrack-a on tcp 5432 by local (100.64.0.0:1024 to 10.0.21.0:5432)
  there  passes             security groups of pods-fintrack-a: sg-cluster out: everything with 0.0.0.0/0
  there  passes             route table rtb-a: 10.0.0.0/16 -> local
  there  passes             network ACL acl-default of subnet subnet-pods-a: rule 100 out: allows everything with 0.0.0.0/0
  there  passes             network ACL acl-isolated of subnet subnet-isolated-a: rule 160 in: allows tcp 5432 with 100.64.0.0/16
  there  passes             security groups of database-fintrack-a: sg-db in: tcp 5432 with group sg-cluster
  back   passes             route table rtb-isolated: 100.64.0.0/16 -> local
  back   passes             network ACL acl-isolated of subnet subnet-isolated-a: rule 180 out: allows tcp 1024-65535 with 100.64.0.0/16
  back   passes             network ACL acl-default of subnet subnet-pods-a: rule 100 in: allows everything with 0.0.0.0/0
`, m.Trace(q).String())
	q = m.Ask(ps["function"], ps["cache"], reach.TCP, reach.Ports(6379, 6379))[0]
	require.Equal(t, `function-rotation-a does not reach cache-fintrack-a on tcp 6379 by local (10.0.11.10:1024 to 10.0.21.10:6379)
  there  STOPS              security groups of function-rotation-a: sg-rotation out: no rule admits it
  there  would stop it too  security groups of cache-fintrack-a: sg-cache in: no rule admits it
`, m.Trace(q).String())
	q = m.Ask(ps["tier isolated"], ps["internet"], reach.TCP, reach.Ports(443, 443))[0]
	require.Equal(t, `anything in subnet-isolated-a does not reach internet on tcp 443 (10.0.21.10:1024 to 1.0.0.0:443)
  there  STOPS              route table rtb-isolated: no route to 1.0.0.0
  there  would stop it too  network ACL acl-isolated of subnet subnet-isolated-a: rule * out: no rule matches, which denies
`, m.Trace(q).String())
}

// TestEachLoosenedRuleOpensThePathItHeldShut breaks the platform in one place at a
// time, and sees the answer change.
func TestEachLoosenedRuleOpensThePathItHeldShut(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to string
		loosen   func(e *reach.Estate)
		want     string
	}{
		{"a route from the isolated tier to the NAT gateway is not enough: the ACL holds", "tier isolated", "internet", func(e *reach.Estate) {
			table(e, "rtb-isolated").Routes = append(table(e, "rtb-isolated").Routes, reach.Route{Prefix: pfx("0.0.0.0/0"), Kind: reach.ToNAT, Target: "nat-a"})
		}, "none"},
		{"a route and an open ACL let the isolated tier out", "tier isolated", "internet", func(e *reach.Estate) {
			table(e, "rtb-isolated").Routes = append(table(e, "rtb-isolated").Routes, reach.Route{Prefix: pfx("0.0.0.0/0"), Kind: reach.ToNAT, Target: "nat-a"})
			openACL(e)
		}, "0-65535"},
		{"an open ACL alone lets the public tier ask the isolated one", "tier public", "tier isolated", openACL, "0-65535"},
		{"a wider group and an open ACL let the public tier ask the database", "tier public", "database", func(e *reach.Estate) {
			openACL(e)
			for i := range e.Groups {
				if e.Groups[i].ID == "sg-db" {
					e.Groups[i].In = append(e.Groups[i].In, tcp(5432, "10.0.0.0/16"))
				}
			}
		}, "5432"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := platform()
			c.loosen(&e)
			m, err := reach.New(e)
			require.NoError(t, err)
			var got reach.PortSet
			for _, q := range m.Ask(parties(m)[c.from], parties(m)[c.to], reach.TCP, reach.AllPorts) {
				got = got.Union(q.Ports())
			}
			require.Equal(t, c.want, got.String())
		})
	}
}

func table(e *reach.Estate, id string) *reach.RouteTable {
	i := slices.IndexFunc(e.RouteTables, func(t reach.RouteTable) bool { return t.ID == id })
	return &e.RouteTables[i]
}

func openACL(e *reach.Estate) {
	for i := range e.ACLs {
		if a := &e.ACLs[i]; a.ID == "acl-isolated" {
			rule := reach.Entry{Number: 1, Protocol: reach.Any, Prefix: pfx("0.0.0.0/0"), Ports: reach.AllPorts, Allow: true}
			a.In, a.Out = append(a.In, rule), append(a.Out, rule)
		}
	}
}

func TestServicesWithoutPrivateDNSAreReachedByTheInternet(t *testing.T) {
	e := platform()
	e.VPCs[0].DNSHostnames = false
	m, err := reach.New(e)
	require.NoError(t, err)
	kms, err := m.ServiceParty("vpc", "kms")
	require.NoError(t, err)
	q := m.Ask(parties(m)["pods"], kms, reach.TCP, reach.Ports(443, 443))[0]
	require.Equal(t, []string{"NAT gateway nat-a", "internet gateway igw"}, q.Flows[0].Via)
}

func TestOnlyTheMostSpecificRouteCounts(t *testing.T) {
	e := platform()
	table(&e, "rtb-a").Routes = append(table(&e, "rtb-a").Routes, reach.Route{Prefix: pfx("8.8.8.0/24"), Kind: reach.ToInternet, Target: "igw", Blackhole: true})
	m, err := reach.New(e)
	require.NoError(t, err)
	q := m.Ask(parties(m)["nodes"], reach.OutsideParty("resolver", pfx("8.8.0.0/16")), reach.TCP, reach.Ports(53, 53))[0]
	require.Len(t, q.Flows, 1)
	require.False(t, q.Flows[0].To.Has(netip.MustParseAddr("8.8.8.8")))
	require.True(t, q.Flows[0].To.Has(netip.MustParseAddr("8.8.9.9")))
	require.Equal(t, "8.8.8.0/24", q.Missing()[0].To.String())
}

func TestALoadBalancerPassesOn(t *testing.T) {
	e := platform()
	e.Groups = append(e.Groups, reach.Group{ID: "sg-alb", In: []reach.Rule{tcp(443, "0.0.0.0/0")}, Out: []reach.Rule{everywhere}})
	e.Groups[0].In = append(e.Groups[0].In, fromGroup(8080, "sg-alb"))
	e.Interfaces = append(e.Interfaces,
		reach.Interface{ID: "alb-node", Subnet: "subnet-public-a", Groups: []string{"sg-alb"}, Public: true, Kind: reach.Balancer, Owner: "alb"},
		reach.Interface{ID: "pod", Subnet: "subnet-pods-a", Groups: []string{"sg-cluster"}, Addrs: []netip.Addr{netip.MustParseAddr("100.64.0.9")}, Kind: reach.Pods})
	e.LoadBalancers = []reach.LoadBalancer{{ID: "alb", VPC: "vpc", Listeners: []reach.Listener{{Protocol: reach.TCP, Port: 443, Targets: []reach.Target{{Addr: netip.MustParseAddr("100.64.0.9"), Port: 8080, Protocol: reach.TCP}}}}}}
	m, err := reach.New(e)
	require.NoError(t, err)
	pod := party(t, m, "pod")
	require.False(t, slices.ContainsFunc(m.Ask(reach.Internet(), pod, reach.TCP, reach.AllPorts), reach.Pair.Reachable), "not directly")
	relays := m.Relays(reach.Internet(), pod, reach.TCP, reach.AllPorts)
	require.Len(t, relays, 1)
	require.Equal(t, "alb listens on 443 and passes on to pod on 8080", relays[0].String())
	require.Empty(t, m.Relays(reach.Internet(), pod, reach.TCP, reach.Ports(9090, 9090)))
	require.Len(t, m.ReachedFromInternet([]reach.Protocol{reach.TCP}), 1, "the load balancer alone")
}

// balanced is the platform with a network load balancer without a security group in
// the public subnet of zone a, and a target in zone b.
func balanced(t *testing.T, change func(*reach.LoadBalancer, *reach.Interface, *reach.Group)) (*reach.Model, reach.Party) {
	t.Helper()
	e := platform()
	group := reach.Group{ID: "sg-target", In: []reach.Rule{tcp(8080, "203.0.113.0/24")}}
	node := reach.Interface{ID: "nlb-node", Subnet: "subnet-public-a", Unguarded: true, Public: true, Kind: reach.Balancer, Owner: "nlb"}
	b := reach.LoadBalancer{ID: "nlb", VPC: "vpc", Network: true, Listeners: []reach.Listener{{Protocol: reach.TCP, Port: 443, Targets: []reach.Target{
		{Addr: netip.MustParseAddr("10.0.12.9"), Port: 8080, Protocol: reach.TCP, ClientAddress: true}}}}}
	change(&b, &node, &group)
	e.Groups = append(e.Groups, group, reach.Group{ID: "sg-nlb", In: []reach.Rule{tcp(443, "198.51.100.0/24")}, Out: []reach.Rule{everywhere}})
	e.Interfaces = append(e.Interfaces, node, reach.Interface{ID: "target", Subnet: "subnet-private-b", Groups: []string{"sg-target"}, Addrs: []netip.Addr{netip.MustParseAddr("10.0.12.9")}, Kind: reach.Instance, Owner: "i-1"})
	e.LoadBalancers = []reach.LoadBalancer{b}
	m, err := reach.New(e)
	require.NoError(t, err)
	return m, party(t, m, "target")
}

func TestANetworkLoadBalancerPassesOn(t *testing.T) {
	target := func(b *reach.LoadBalancer) *reach.Target { return &b.Listeners[0].Targets[0] }
	for _, c := range []struct {
		name   string
		change func(*reach.LoadBalancer, *reach.Interface, *reach.Group)
		want   string // the addresses that the target sees, or nothing
	}{
		{"under the client's address, which the target's group judges", func(*reach.LoadBalancer, *reach.Interface, *reach.Group) {}, "203.0.113.0/24"},
		{"under its own address, which the group does not admit", func(b *reach.LoadBalancer, _ *reach.Interface, _ *reach.Group) { target(b).ClientAddress = false }, ""},
		{"under its own address, which the group admits", func(b *reach.LoadBalancer, _ *reach.Interface, g *reach.Group) {
			target(b).ClientAddress = false
			g.In = []reach.Rule{tcp(8080, "10.0.1.0/24")}
		}, "10.0.1.0/24"},
		{"not under the client's address to a group that admits the node's", func(_ *reach.LoadBalancer, _ *reach.Interface, g *reach.Group) {
			g.In = []reach.Rule{tcp(8080, "10.0.1.0/24")}
		}, ""},
		{"what its own group admits, to a group that names it", func(_ *reach.LoadBalancer, n *reach.Interface, g *reach.Group) {
			n.Unguarded, n.Groups, g.In = false, []string{"sg-nlb"}, []reach.Rule{fromGroup(8080, "sg-nlb")}
		}, "198.51.100.0/24"},
		{"nothing by its own group, to a group that admits others", func(_ *reach.LoadBalancer, n *reach.Interface, _ *reach.Group) {
			n.Unguarded, n.Groups = false, []string{"sg-nlb"}
		}, ""},
		{"to an instance", func(b *reach.LoadBalancer, _ *reach.Interface, _ *reach.Group) {
			*target(b) = reach.Target{Instance: "i-1", Port: 8080, Protocol: reach.TCP, ClientAddress: true}
		}, "203.0.113.0/24"},
		{"not to another instance", func(b *reach.LoadBalancer, _ *reach.Interface, _ *reach.Group) {
			*target(b) = reach.Target{Instance: "i-2", Port: 8080, Protocol: reach.TCP, ClientAddress: true}
		}, ""},
		{"not to another zone where it keeps to its own", func(b *reach.LoadBalancer, _ *reach.Interface, _ *reach.Group) { b.OneZone = true }, ""},
		{"within its zone where it keeps to it", func(b *reach.LoadBalancer, n *reach.Interface, _ *reach.Group) {
			b.OneZone, n.Subnet = true, "subnet-public-b"
		}, "203.0.113.0/24"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, to := balanced(t, c.change)
			relays := m.Relays(reach.Internet(), to, reach.TCP, reach.AllPorts)
			if c.want == "" {
				require.Empty(t, relays)
				return
			}
			require.Len(t, relays, 1)
			second := relays[0].Second[0]
			require.Equal(t, c.want, second.Flows[0].From.String())
			require.Contains(t, m.Trace(second).String(), "reaches target on tcp 8080")
		})
	}
}

func TestNetworkACLsSeeTheAddressThatALoadBalancerKeeps(t *testing.T) {
	client := netip.MustParsePrefix("10.0.1.0/24")
	for _, c := range []struct {
		name          string
		kept, in, out bool
		want          bool
	}{
		{"the node's address, from a tier that is admitted", false, false, false, true},
		{"the client's address, from a tier that is not", true, false, false, false},
		{"the client's address is admitted, the reply to it is not", true, true, false, false},
		{"the reply is admitted, the request is not", true, false, true, false},
		{"both are admitted", true, true, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := platform()
			acl := &e.ACLs[slices.IndexFunc(e.ACLs, func(a reach.ACL) bool { return !a.Default })]
			if c.in {
				acl.In = append(acl.In, reach.Entry{Number: 5000, Protocol: reach.TCP, Prefix: client, Ports: reach.Ports(5432, 5432), Allow: true})
			}
			if c.out {
				acl.Out = append(acl.Out, reach.Entry{Number: 5000, Protocol: reach.TCP, Prefix: client, Ports: reach.Ephemeral, Allow: true})
			}
			e.Groups = append(e.Groups, reach.Group{ID: "sg-target", In: []reach.Rule{tcp(5432, "0.0.0.0/0")}})
			e.Interfaces = append(e.Interfaces, reach.Interface{ID: "nlb-node", Subnet: "subnet-private-a", Unguarded: true, Kind: reach.Balancer, Owner: "nlb"},
				reach.Interface{ID: "client", Subnet: "subnet-public-a", Groups: []string{"sg-cluster"}},
				reach.Interface{ID: "target", Subnet: "subnet-isolated-b", Groups: []string{"sg-target"}, Addrs: []netip.Addr{netip.MustParseAddr("10.0.22.9")}})
			e.LoadBalancers = []reach.LoadBalancer{{ID: "nlb", VPC: "vpc", Network: true, Listeners: []reach.Listener{{Protocol: reach.TCP, Port: 443, Targets: []reach.Target{
				{Addr: netip.MustParseAddr("10.0.22.9"), Port: 5432, Protocol: reach.TCP, ClientAddress: c.kept}}}}}}
			m, err := reach.New(e)
			require.NoError(t, err)
			require.Equal(t, c.want, len(m.Relays(party(t, m, "client"), party(t, m, "target"), reach.TCP, reach.AllPorts)) == 1)
		})
	}
}

func TestWhoReachesIsAskingEverybody(t *testing.T) {
	m, err := reach.New(platform())
	require.NoError(t, err)
	var want []string
	database := parties(m)["database"]
	for _, q := range m.Ask(m.All(), database, reach.TCP, reach.AllPorts) {
		if q.Reachable() {
			want = append(want, q.From+" "+q.To)
		}
	}
	var got []string
	for _, q := range m.WhoReaches(database, reach.TCP, reach.AllPorts) {
		got = append(got, q.From+" "+q.To)
	}
	require.Len(t, want, 27) // nodes, pods and the function, each in three zones, to the three
	require.ElementsMatch(t, want, got)
}

func TestWhatCannotBeIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(e *reach.Estate)
		want  string
	}{
		{"a group that is not there", func(e *reach.Estate) { e.Interfaces[0].Groups = []string{"sg-gone"} }, `security group "sg-gone" is not in the documents`},
		{"a subnet outside its VPC", func(e *reach.Estate) { e.Subnets[0].CIDRs = []netip.Prefix{pfx("10.9.0.0/24")} }, "10.9.0.0/24 is outside its VPC vpc"},
		{"a subnet of an unknown VPC", func(e *reach.Estate) { e.Subnets[0].VPC = "vpc-x" }, `VPC "vpc-x" is not in the documents`},
		{"a route to a NAT gateway that is not there", func(e *reach.Estate) { table(e, "rtb-a").Routes[0].Target = "nat-x" }, `NAT gateway "nat-x" is not in the documents`},
		{"a route to an internet gateway of another VPC", func(e *reach.Estate) { table(e, "rtb-public").Routes[0].Target = "igw-x" }, "which is not attached to VPC vpc"},
		{"a route to what the model does not know", func(e *reach.Estate) { table(e, "rtb-a").Routes[0].Kind = "carrier gateway" }, `leads to "carrier gateway": the model has no rule for that`},
		{"a subnet with two tables", func(e *reach.Estate) {
			table(e, "rtb-public").Subnets = append(table(e, "rtb-public").Subnets, "subnet-private-a")
		}, "subnet subnet-private-a has two route tables"},
		{"a subnet without an ACL", func(e *reach.Estate) { e.ACLs = e.ACLs[:1] }, "no network ACL names it"},
		{"two rules with one number", func(e *reach.Estate) { e.ACLs[0].In = append(e.ACLs[0].In, e.ACLs[0].In[0]) }, "rule 100 is there twice"},
		{"an address outside its subnet", func(e *reach.Estate) { e.Interfaces[0].Addrs = []netip.Addr{netip.MustParseAddr("10.0.99.1")} }, "address 10.0.99.1 is outside its subnet"},
		{"an id twice", func(e *reach.Estate) { e.Groups = append(e.Groups, e.Groups[0]) }, "security group sg-cluster is there twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := platform()
			c.spoil(&e)
			_, err := reach.New(e)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestOverlapsAreReported(t *testing.T) {
	e := platform()
	e.VPCs = append(e.VPCs, reach.VPC{ID: "vpc-2", CIDRs: []netip.Prefix{pfx("10.0.128.0/17")}})
	e.Peerings = []reach.Peering{{ID: "pcx", A: "vpc", B: "vpc-2", Active: true}}
	e.Subnets = append(e.Subnets, reach.Subnet{ID: "subnet-twice", VPC: "vpc", Zone: "a", CIDRs: []netip.Prefix{pfx("10.0.11.128/25")}})
	m, err := reach.New(e)
	require.NoError(t, err)
	require.Equal(t, []reach.Overlap{
		{"subnet subnet-private-a", "subnet subnet-twice", "10.0.11.128/25"},
		{"VPC vpc", "VPC vpc-2", "10.0.128.0/17"},
	}, m.Overlaps())
}
