package reach_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/stretchr/testify/require"
)

// balancers puts network load balancers into a world: nodes with and without groups,
// targets by address and by instance, under the client's address and the node's own.
func (w world) balancers(e *reach.Estate) {
	for i := range e.Interfaces {
		if w.maybe(30) {
			e.Interfaces[i].Kind, e.Interfaces[i].Owner = reach.Instance, fmt.Sprintf("i-%d", w.IntN(4))
		}
	}
	for i := range e.Groups {
		if w.maybe(30) { // known by its group alone
			e.Groups[i].In = []reach.Rule{{Protocol: reach.Any, Ports: reach.AllPorts, Group: e.Groups[w.IntN(len(e.Groups))].ID}, w.rule()}
		}
		if w.maybe(20) { // and knows others so
			e.Groups[i].Out = []reach.Rule{{Protocol: reach.Any, Ports: reach.AllPorts, Group: e.Groups[w.IntN(len(e.Groups))].ID}, w.rule()}
		}
	}
	inhabitants := slices.Clone(e.Interfaces)
	for _, v := range e.VPCs {
		b := reach.LoadBalancer{ID: "nlb-" + v.ID, VPC: v.ID, Network: true, OneZone: w.maybe(30)}
		for _, s := range e.Subnets {
			if s.VPC != v.ID || w.maybe(30) {
				continue
			}
			node := reach.Interface{ID: "node-" + s.ID, Subnet: s.ID, Kind: reach.Balancer, Owner: b.ID, Public: w.maybe(60), Unguarded: w.maybe(40)}
			if !node.Unguarded {
				node.Groups = []string{fmt.Sprintf("sg-%s%d", v.ID[4:], w.IntN(2))}
			}
			e.Interfaces = append(e.Interfaces, node)
		}
		heard, asked := []reach.Port{443, 5432, 40000}, []reach.Port{443, 5432, 30000}
		for i, at := range w.Perm(len(heard))[:1+w.IntN(2)] {
			l := reach.Listener{Protocol: pick(w, []reach.Protocol{reach.TCP, reach.UDP}), Port: heard[at]}
			for _, port := range w.Perm(len(asked))[:1+w.IntN(3)] {
				if len(inhabitants) == 0 {
					break
				}
				f := pick(w, inhabitants)
				t := reach.Target{Group: fmt.Sprintf("tg-%d", i), Port: asked[port], Protocol: l.Protocol, ClientAddress: w.maybe(60)}
				switch {
				case f.Kind == reach.Instance && w.maybe(60):
					t.Instance = f.Owner
				case len(f.Addrs) > 0:
					t.Addr = f.Addrs[0]
				default:
					continue
				}
				l.Targets = append(l.Targets, t)
			}
			b.Listeners = append(b.Listeners, l)
		}
		e.LoadBalancers = append(e.LoadBalancers, b)
	}
}

// relayed is one connection by a load balancer: from a client to a node, and from it
// to a target.
type relayed struct {
	balancer     reach.LoadBalancer
	listener     reach.Listener
	target       reach.Target
	client       *reach.Interface // nil for the internet
	node, server reach.Interface
	k            packet
}

// relays says that the connection comes about: k reaches the node, and what the node
// makes of it the server.
func (s simulator) relays(r relayed) bool {
	first := false
	switch {
	case r.k.src.Is4() != r.k.dst.Is4():
	case r.client == nil:
		first = s.reachedFromInternet(&r.node, r.k)
	default:
		first = r.client.ID != r.node.ID && s.connects(r.client, &r.node, r.k)
	}
	from, to := s.subnet(r.node.Subnet), s.subnet(r.server.Subnet)
	if !first || from.VPC != r.balancer.VPC || to.VPC != r.balancer.VPC || r.balancer.OneZone && from.Zone != to.Zone {
		return false
	}
	for _, dst := range addrs(s.e, r.server) {
		k := packet{r.target.Protocol, r.k.src, dst, r.k.sport, r.target.Port}
		if r.target.ClientAddress {
			// Under its own address nobody reaches himself: an answer would never leave him.
			if (r.client == nil || r.client.ID != r.server.ID) && k.src.Is4() == dst.Is4() && s.handed(&r.node, &r.server, k) {
				return true
			}
			continue
		}
		for _, k.src = range addrs(s.e, r.node) {
			for _, k.sport = range []reach.Port{0, 443, 1024, 5432, 30000, 40001} { // one of each kind in these worlds
				if r.node.ID != r.server.ID && k.src.Is4() == dst.Is4() && s.connects(&r.node, &r.server, k) {
					return true
				}
			}
		}
	}
	return false
}

// handed says that a node hands on a packet as it is, and gets the reply.
func (s simulator) handed(node, server *reach.Interface, k packet) bool {
	if !s.group(node, k, true, server) || !s.group(server, k, false, node) {
		return false
	}
	return node.Subnet == server.Subnet ||
		s.acl(node.Subnet, k, true) && s.acl(server.Subnet, k, false) && s.acl(server.Subnet, k.reply(), true) && s.acl(node.Subnet, k.reply(), false)
}

// relay is a random connection to one of a world's targets.
func (w world) relay(e reach.Estate) (r relayed, ok bool) {
	r.balancer = pick(w, e.LoadBalancers)
	r.listener = pick(w, r.balancer.Listeners)
	var nodes, servers []reach.Interface
	if len(r.listener.Targets) > 0 {
		r.target = pick(w, r.listener.Targets)
	}
	for _, f := range e.Interfaces {
		switch {
		case f.Kind == reach.Balancer && f.Owner == r.balancer.ID:
			nodes = append(nodes, f)
		case r.target.Instance != "" && f.Kind == reach.Instance && f.Owner == r.target.Instance, r.target.Addr.IsValid() && slices.Contains(f.Addrs, r.target.Addr):
			servers = append(servers, f)
		}
	}
	if len(nodes) == 0 || len(servers) == 0 {
		return r, false
	}
	r.node, r.server = pick(w, nodes), pick(w, servers)
	var from []netip.Addr
	if w.maybe(40) {
		from = outsiders
	} else {
		client := pick(w, e.Interfaces)
		r.client, from = &client, addrs(e, client)
	}
	r.k = w.packet(r.listener.Protocol, from, addrs(e, r.node))
	r.k.dport = r.listener.Port
	return r, true
}

// relay says what the engine says of the same.
func relay(t *testing.T, e reach.Estate, m *reach.Model, r relayed) bool {
	t.Helper()
	from := reach.Internet()
	if r.client != nil {
		from = party(t, m, r.client.ID)
	}
	for _, x := range m.Relays(from, party(t, m, r.server.ID), r.target.Protocol, reach.Ports(r.target.Port, r.target.Port)) {
		if x.Listener != r.listener.Port || x.Balancer != r.balancer.ID {
			continue
		}
		for i, q := range x.First {
			if q.To != r.node.ID || !passes([]reach.Pair{q}, r.k) {
				continue
			}
			second := slices.DeleteFunc(slices.Clone(x.Second), func(s reach.Pair) bool { return s.From != r.node.ID })
			if !r.target.ClientAddress && len(second) > 0 {
				return true
			}
			for _, dst := range addrs(e, r.server) {
				if r.target.ClientAddress && passes(x.Second[i:i+1], packet{r.target.Protocol, r.k.src, dst, r.k.sport, r.target.Port}) {
					return true
				}
			}
		}
	}
	return false
}

// relaysAgree asks the engine and the simulator about random connections by load
// balancers.
func relaysAgree(t *testing.T, w world, connections int) (asked, passed int) {
	t.Helper()
	e := w.estate()
	w.balancers(&e)
	m, err := reach.New(e)
	require.NoError(t, err)
	for range connections {
		r, ok := w.relay(e)
		if !ok {
			continue
		}
		want, got := simulator{e}.relays(r), relay(t, e, m, r)
		client := "the internet"
		if r.client != nil {
			client = r.client.ID
		}
		if want != got {
			t.Fatalf("%s from %s by %s to %s as %+v: the simulator says %t, the engine %t", client, r.k.src, r.node.ID, r.server.ID, r.target, want, got)
		}
		asked, passed = asked+1, passed+count(got)
	}
	return asked, passed
}

func FuzzRelaysAgreeWithSendingPackets(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		relaysAgree(t, world{rand.New(rand.NewPCG(seed, 5))}, 60)
	})
}

// TestRandomRelaysPassPackets keeps that comparison honest.
func TestRandomRelaysPassPackets(t *testing.T) {
	asked, passed := 0, 0
	for seed := range uint64(300) {
		a, p := relaysAgree(t, world{rand.New(rand.NewPCG(seed, 6))}, 40)
		asked, passed = asked+a, passed+p
	}
	require.Greater(t, passed, asked/50, "of %d connections", asked)
	t.Logf("%d of %d connections by load balancers passed", passed, asked)
}
