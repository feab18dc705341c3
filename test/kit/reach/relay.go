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
					if len(first) == 0 || h.subnet.VPC != b.VPC || !h.hasAddr || !h.addrs.Has(t.Addr) {
						continue
					}
					if second := reachable(m.Ask(nodes, Party{Name: h.name, hosts: []*host{h}}, p, Ports(t.Port, t.Port))); len(second) > 0 {
						out = append(out, Relay{Balancer: nodes.Name, Listener: l.Port, To: h.name, Port: t.Port, First: first, Second: second})
					}
				}
			}
		}
	}
	return out
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
