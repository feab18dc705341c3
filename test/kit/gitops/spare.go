package gitops

import (
	"maps"
	"slices"
)

// Held is a node with the pods on it.
type Held struct {
	Name, Pool, Zone string
	Pods             []HeldPod
	// Room is what the node has for pods: resources by name, in thousandths.
	Room map[string]int64
}

// HeldPod is a pod on a node.
type HeldPod struct {
	Service string
	// MaxSkew is by how many pods the service's zones may differ; 0 when nothing says.
	MaxSkew int
	// Asked is what it asks for: resources by name, in thousandths.
	Asked map[string]int64
}

// Spare are the nodes that consolidation must take: those without pods, and those whose
// pods could all be placed on other nodes of the pool as they are. zones are those that
// each pool names. To Karpenter each of them is a zone to spread over, with a node or
// without one ("Disruption" and "Scheduling" in its documentation), so a node stays
// while a pod of it would have to go to a zone that has none. How many nodes are left
// says less: it depends on which pods a scale-down took.
func Spare(nodes []Held, zones map[string][]string) (out []string) {
	for i, n := range nodes {
		switch others := slices.Delete(slices.Clone(nodes), i, i+1); {
		case len(n.Pods) == 0:
			out = append(out, n.Name+" has no pods")
		case n.movable(others, zones[n.Pool]):
			out = append(out, n.Name+": its pods have room on other nodes")
		}
	}
	slices.Sort(out)
	return out
}

// movable reports that each pod of n finds a node, one after another.
func (n Held) movable(others []Held, zones []string) bool {
	others = slices.DeleteFunc(others, func(o Held) bool { return o.Pool != n.Pool })
	for _, p := range n.Pods {
		i := slices.IndexFunc(others, func(o Held) bool { return o.takes(p, others, zones) })
		if i < 0 {
			return false
		}
		others[i].Pods = append(slices.Clone(others[i].Pods), p)
	}
	return true
}

// takes reports that a pod has room on a node and keeps the service's spread.
func (n Held) takes(p HeldPod, nodes []Held, zones []string) bool {
	for _, name := range slices.Sorted(maps.Keys(p.Asked)) {
		used := p.Asked[name]
		for _, x := range n.Pods {
			used += x.Asked[name]
		}
		if p.Asked[name] > 0 && used > n.Room[name] {
			return false
		}
	}
	if p.MaxSkew == 0 {
		return true
	}
	in := map[string]int{}
	for _, o := range nodes {
		for _, x := range o.Pods {
			if x.Service == p.Service {
				in[o.Zone]++
			}
		}
	}
	least := in[n.Zone]
	for _, z := range zones {
		least = min(least, in[z])
	}
	return in[n.Zone]+1-least <= p.MaxSkew
}
