package intent

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
)

// stranger is how something that may be placed in a tier, with groups of its own, is
// called between strangers and services.
func stranger(tier string) string { return "anything in " + tier }

// Compare holds all that is declared against a model.
func (in Intent) Compare(m *reach.Model) []Finding {
	return slices.Concat(in.CompareRoutes(m), in.CompareTiers(m), in.CompareServices(m), in.CompareStrangers(m), in.CompareAWS(m))
}

// Of is the intent about some services alone: what is declared of them, and that they
// are there. It is what a plan is asked that makes these and no others.
func (in Intent) Of(services ...string) Intent {
	known := in.Services
	in.Services = map[string]Service{}
	for _, name := range services {
		in.Services[name] = known[name]
	}
	in.AWS = slices.DeleteFunc(slices.Clone(in.AWS), func(r AWSRule) bool {
		return slices.ContainsFunc(r.From, func(name string) bool { return !slices.Contains(services, name) })
	})
	return in
}

// CompareStrangers holds what services reach of whatever may be placed in a tier,
// and the other way, against what is declared. It is here that a security group
// that admits a range is found out, whoever has an address there today.
func (in Intent) CompareStrangers(m *reach.Model) []Finding {
	p := in.Resolve(m)
	p.Services = in.present(p)
	var out []Finding
	for _, tier := range slices.Sorted(maps.Keys(p.Tiers)) {
		other := p.Tiers[tier]
		other.Name = stranger(tier)
		for _, name := range slices.Sorted(maps.Keys(p.Services)) {
			out = append(out, pair(m, "", other, p.Services[name], in.BetweenStrangers), pair(m, "", p.Services[name], other, in.BetweenStrangers))
		}
	}
	return out
}

// CompareRoutes holds where the route tables of a tier lead against what is declared
// of it. A route that a network ACL makes useless is one too many all the same: the
// tier has two doors, and one of them stands open.
func (in Intent) CompareRoutes(m *reach.Model) []Finding {
	var out []Finding
	for _, name := range slices.Sorted(maps.Keys(in.Tiers)) {
		t := in.Tiers[name]
		if len(t.LeadsTo) == 0 {
			continue
		}
		f := Finding{Slug: slug("tier-" + name + "-routes"), OK: true, Title: fmt.Sprintf("The route tables of %s lead to %s alone", name, join(t.LeadsTo)), Expected: join(t.LeadsTo)}
		seen := map[reach.TargetKind]bool{}
		for _, l := range m.Leads(t.has) {
			f.Asked++
			seen[l.Kind] = true
			if !slices.Contains(t.LeadsTo, l.Kind) && f.OK {
				f.OK, f.Observed = false, fmt.Sprintf("route table %s of subnet %s leads to %s %s: %s", l.Table, l.Subnet, l.Kind, l.Target, l.To)
			}
		}
		switch {
		case f.Asked == 0:
			f.OK, f.Observed = false, "nobody was asked: nothing in this environment is "+name
		case f.OK:
			f.Observed = join(slices.Sorted(maps.Keys(seen)))
		}
		out = append(out, f)
	}
	return out
}

// has says that a subnet is one of the tier.
func (t Tier) has(s reach.Subnet) bool {
	for k, v := range t.Tags {
		if s.Tags[k] != v {
			return false
		}
	}
	return true
}

// leads are what routes may lead to.
var leads = []reach.TargetKind{reach.Local, reach.ToInternet, reach.ToEgressOnly, reach.ToNAT, reach.ToTransit, reach.ToPeering, reach.ToEndpoint, reach.ToVPN}

func join[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, k := range list {
		out[i] = string(k)
	}
	return strings.Join(out, ", ")
}
