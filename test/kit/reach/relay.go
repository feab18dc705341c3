package reach

import "fmt"

// Relay is a way by a load balancer: a connection to one of its listeners, and
// another one from its nodes to a target.
type Relay struct {
	Balancer string
	Listener Port
	// To is the target, Port where it is asked.
	To   string
	Port Port
	// First leads to the load balancer, Second from it to the target: each holds
	// what passes.
	First, Second []Pair
}

// String names the relay's two connections.
func (r Relay) String() string {
	return fmt.Sprintf("%s listens on %d and passes on to %s on %d", r.Balancer, r.Listener, r.To, r.Port)
}

// Relays lists the load balancers by which members of from reach members of to on
// ports of a protocol, whatever port the load balancer listens on.
func (m *Model) Relays(from, to Party, p Protocol, ports PortSet) []Relay {
	var out []Relay
	for _, b := range m.balancers {
		nodes := m.Select(label(b.ID, b.Name), func(f Interface, _ Subnet) bool { return f.Kind == Balancer && f.Owner == b.ID })
		for _, l := range b.Listeners {
			var first []Pair
			for _, t := range l.Targets {
				if t.Protocol != p || !ports.Has(t.Port) {
					continue
				}
				if first == nil {
					first = reachable(m.Ask(from, nodes, l.Protocol, Ports(l.Port, l.Port)))
				}
				for _, h := range to.hosts {
					if h.subnet.VPC != b.VPC || !t.is(h) {
						continue
					}
					if r, ok := m.relay(b, nodes, first, t, h); ok {
						r.Listener = l.Port
						out = append(out, r)
					}
				}
			}
		}
	}
	return out
}

// is says that a host is the target.
func (t Target) is(h *host) bool {
	if t.Instance != "" {
		return h.iface.Kind == Instance && h.iface.Owner == t.Instance
	}
	return h.hasAddr && h.addrs.Has(t.Addr)
}

// relay is the way by the nodes of a load balancer that pass on to one target.
func (m *Model) relay(b *LoadBalancer, nodes Party, first []Pair, t Target, h *host) (Relay, bool) {
	r := Relay{Balancer: nodes.Name, To: h.name, Port: t.Port}
	target := Party{Name: h.name, hosts: []*host{h}}
	asked := map[*host]bool{}
	for _, q := range first {
		n := q.to.host
		if b.OneZone && n.subnet.Zone != h.subnet.Zone {
			continue
		}
		// An answer to its own address would never leave the target (Target groups for
		// your Network Load Balancers, "Client IP preservation", on NAT loopback).
		if t.ClientAddress && q.from.host == h {
			continue
		}
		var second []Pair
		passes, known := asked[n]
		switch {
		case t.ClientAddress:
			second = reachable(m.keeping(q, h, t))
		case !known:
			second = reachable(m.Ask(Party{Name: n.name, hosts: []*host{n}}, target, t.Protocol, Ports(t.Port, t.Port)))
		case passes:
			r.First = append(r.First, q)
			continue
		}
		asked[n] = len(second) > 0
		if len(second) > 0 {
			r.First, r.Second = append(r.First, q), append(r.Second, second...)
		}
	}
	return r, len(r.Second) > 0
}

// keeping is the connection to a target under the address of the client, of whom q
// tells what passes to the node.
func (m *Model) keeping(q Pair, h *host, t Target) []Pair {
	var clients AddrSet
	for _, f := range q.Flows {
		clients = clients.Union(f.From)
	}
	second, ok := question(end{name: q.From, addrs: clients}, end{h.name, h, h.addrs}, t.Protocol, Ports(t.Port, t.Port), q.v6)
	if !ok {
		return nil
	}
	second.through = q.to.host
	second.Flows = (&asker{m: m}).flows(second)
	return []Pair{second}
}

// kept is the way of a connection from a node to a target of the same VPC under the
// client's address, which the target's groups and both network ACLs see. Rules that
// name the node's groups match all the same (Update the security groups for your
// Network Load Balancer). The reply goes back to the node, whatever routes say.
func kept(node, to *host) way {
	w := way{refs: true, via: []string{"load balancer " + node.name}}
	apart := node.subnet != to.subnet
	w.stages = append(w.stages, groupStage(node, to, true, true, requestTo))
	if apart {
		w.stages = append(w.stages, aclStage(node.subnet, true, requestTo), aclStage(to.subnet, false, requestFrom))
	}
	w.stages = append(w.stages, groupStage(to, node, false, true, requestFrom))
	if apart {
		w.stages = append(w.stages, aclStage(to.subnet, true, replyTo), aclStage(node.subnet, false, replyFrom))
	}
	return w
}

func reachable(pairs []Pair) []Pair {
	out := []Pair{}
	for _, q := range pairs {
		if q.Reachable() {
			out = append(out, q)
		}
	}
	return out
}
