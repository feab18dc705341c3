package reach

// Cell is what one party reaches of another.
type Cell struct {
	From, To string
	// Open are the ports by protocol at which some member of From reaches some
	// member of To.
	Open map[Protocol]PortSet
	// Pairs are the members that reach each other.
	Pairs []Pair
}

// Matrix asks every party about every other on all ports of the protocols. A party
// is asked about itself too: its members about one another.
func (m *Model) Matrix(parties []Party, protocols []Protocol) []Cell {
	out := make([]Cell, 0, len(parties)*len(parties))
	for _, from := range parties {
		for _, to := range parties {
			c := Cell{From: from.Name, To: to.Name, Open: map[Protocol]PortSet{}}
			for _, p := range protocols {
				for _, q := range m.Ask(from, to, p, AllPorts) {
					if q.Reachable() {
						c.Open[p] = c.Open[p].Union(q.Ports())
						c.Pairs = append(c.Pairs, q)
					}
				}
			}
			out = append(out, c)
		}
	}
	return out
}

// ReachedFromInternet lists all of the estate that the internet reaches directly.
// What it reaches by load balancers, Relays tells.
func (m *Model) ReachedFromInternet(protocols []Protocol) []Pair {
	var out []Pair
	for _, p := range protocols {
		out = append(out, reachable(m.Ask(Internet(), m.All(), p, AllPorts))...)
	}
	return out
}

// ReachesInternet lists all of the estate that reaches the internet.
func (m *Model) ReachesInternet(protocols []Protocol) []Pair {
	var out []Pair
	for _, p := range protocols {
		out = append(out, reachable(m.Ask(m.All(), Internet(), p, AllPorts))...)
	}
	return out
}
