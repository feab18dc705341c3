package reach_test

import (
	"net/netip"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/fintrack/platform/test/kit/reach/example"
)

func pfx(s string) netip.Prefix { return netip.MustParsePrefix(s) }

var (
	everywhere = example.Everywhere
	platform   = example.Platform
	tcp        = example.TCP
	fromGroup  = example.FromGroup
)

// parties are the tiers, and what is in them.
func parties(m *reach.Model) map[string]reach.Party {
	out := map[string]reach.Party{"internet": reach.Internet()}
	for _, tier := range []string{"public", "private", "pods", "isolated"} {
		out["tier "+tier] = m.Anything("tier "+tier, func(s reach.Subnet) bool { return s.Tags["Tier"] == tier })
	}
	for _, kind := range []reach.OwnerKind{reach.Nodes, reach.Pods, reach.Function, reach.EndpointNode, reach.Database, reach.Cache} {
		out[string(kind)] = m.Select(string(kind), func(f reach.Interface, _ reach.Subnet) bool { return f.Kind == kind })
	}
	return out
}
