package reach

import (
	"cmp"
	"slices"
)

// Lead is where a route table sends packets of a subnet.
type Lead struct {
	Subnet, Table string
	Kind          TargetKind
	Target        string
	// To are the destinations that take this way.
	To AddrSet
}

// Leads lists where the route tables of the subnets that choose picks lead to,
// whether or not anything else lets packets go there. Blackholes lead nowhere.
func (m *Model) Leads(choose func(Subnet) bool) []Lead {
	var out []Lead
	for _, s := range m.subnets {
		if !choose(*s.Subnet) {
			continue
		}
		for to, addrs := range s.table.lanes {
			out = append(out, Lead{Subnet: label(s.ID, s.Name), Table: label(s.table.ID, s.table.Name), Kind: to.kind, Target: to.id, To: addrs})
		}
	}
	slices.SortFunc(out, func(a, b Lead) int {
		return cmp.Or(cmp.Compare(a.Subnet, b.Subnet), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Target, b.Target))
	})
	return out
}
