package intent

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
)

// Finding is one pair of names, held against what is declared of them.
type Finding struct {
	// Slug names it: "database-from-pods", "tier-isolated-to-internet".
	Slug, Title string
	OK          bool
	// Expected is what is declared, with its place; Observed is what holds, and the
	// path of a packet that tells the difference.
	Expected, Observed string
	// Needs is what must be there before anything can be told, or empty; then it is
	// neither OK nor a failure.
	Needs string
	// Open and Asked count the pairs of members.
	Open, Asked int
}

// Parties are what the names of an intent stand for in a model.
type Parties struct {
	Tiers, Services, Outside map[string]reach.Party
}

// Resolve finds what the names stand for.
func (in Intent) Resolve(m *reach.Model) Parties {
	p := Parties{Tiers: map[string]reach.Party{}, Services: map[string]reach.Party{}, Outside: map[string]reach.Party{}}
	for name, t := range in.Tiers {
		p.Tiers[name] = m.Anything(name, t.has)
	}
	for name, s := range in.Services {
		p.Services[name] = m.Select(name, func(f reach.Interface, _ reach.Subnet) bool { return f.Kind == s.Kind })
	}
	for name, o := range in.Outside {
		if o.Internet {
			q := reach.Internet()
			q.Name = name
			p.Outside[name] = q
		} else {
			p.Outside[name] = reach.OutsideParty(name, o.Ranges...)
		}
	}
	return p
}

// CompareTiers holds what the network alone lets pass against what is declared
// between tiers.
func (in Intent) CompareTiers(m *reach.Model) []Finding {
	p := in.Resolve(m)
	return compare(m, "tier-", p.Tiers, p.Outside, in.BetweenTiers)
}

// CompareServices holds what services reach against what is declared between them.
func (in Intent) CompareServices(m *reach.Model) []Finding {
	p := in.Resolve(m)
	return append(in.absent(p), compare(m, "", in.present(p), p.Outside, in.BetweenServices)...)
}

// present are the services without those that something makes after the apply and
// has not made.
func (in Intent) present(p Parties) map[string]reach.Party {
	out := maps.Clone(p.Services)
	maps.DeleteFunc(out, func(name string, q reach.Party) bool { return q.Empty() && in.Services[name].MadeBy != "" })
	return out
}

// absent tells of the others.
func (in Intent) absent(p Parties) []Finding {
	var out []Finding
	there := in.present(p)
	for _, name := range slices.Sorted(maps.Keys(p.Services)) {
		if _, ok := there[name]; !ok {
			out = append(out, Finding{Slug: slug(name + "-exists"), Title: "What reaches " + name + ", and what it reaches, is as declared", Needs: in.Services[name].MadeBy, Observed: "nothing in this environment is " + name})
		}
	}
	return out
}

func compare(m *reach.Model, kind string, inside, outside map[string]reach.Party, rules []Rule) []Finding {
	var out []Finding
	names := slices.Sorted(maps.Keys(inside))
	for _, n := range names {
		if inside[n].Empty() {
			out = append(out, Finding{Slug: slug(kind + n + "-exists"), Title: n + " is there", Expected: "at least one", Observed: "nothing in this environment is " + n})
		}
	}
	for _, from := range names {
		for _, to := range names {
			out = append(out, pair(m, kind, inside[from], inside[to], rules))
		}
		for _, far := range slices.Sorted(maps.Keys(outside)) {
			out = append(out, pair(m, kind, inside[from], outside[far], rules), pair(m, kind, outside[far], inside[from], rules))
		}
	}
	return out
}

// pair asks about all members, protocols and ports of two names.
func pair(m *reach.Model, kind string, from, to reach.Party, rules []Rule) Finding {
	f := Finding{Slug: slug(kind + from.Name + "-to-" + to.Name), OK: true}
	var declared []Traffic
	var said []string
	for _, r := range rules {
		if slices.Contains(r.From, from.Name) && slices.Contains(r.To, to.Name) {
			declared = append(declared, r.Traffic...)
			said = append(said, fmt.Sprintf("%s (%s)", words(r.Traffic), r.At))
		}
	}
	f.Title = fmt.Sprintf("%s reaches of %s what is declared and nothing else: %s", from.Name, to.Name, words(declared))
	f.Expected = words(declared)
	if len(said) > 0 {
		f.Expected = strings.Join(said, "; ")
	}
	open := map[reach.Protocol]reach.PortSet{}
	for _, protocol := range Protocols {
		for _, q := range m.Ask(from, to, protocol, reach.AllPorts) {
			if q.SameSubnet() && kind != "" {
				continue // nothing of the network stands between them
			}
			f.Asked++
			if q.Reachable() {
				f.Open++
				open[protocol] = open[protocol].Union(q.Ports())
			}
			if trouble := hold(m, q, declared); trouble != "" && f.OK {
				f.OK, f.Observed = false, trouble
			}
		}
	}
	for _, p := range []reach.Party{from, to} {
		if f.OK && p.Empty() {
			f.OK, f.Observed = false, "nobody was asked: nothing in this environment is "+p.Name
		}
	}
	if f.OK {
		f.Observed = observed(open)
	}
	if f.OK && f.Asked == 0 && len(declared) > 0 {
		// Who stands alone has none of his kind to reach.
		f.OK, f.Needs = false, "a second member of "+from.Name
	}
	return f
}

// hold tells what a pair reaches beyond what is declared, or what is declared and
// does not work, by the path of one packet; "" when it is as declared.
func hold(m *reach.Model, q reach.Pair, declared []Traffic) string {
	var may []reach.Flow
	for _, d := range declared {
		if d.Protocol == q.Protocol {
			flow := q.Asked
			flow.Port, flow.FromPorts = flow.Port.Intersect(d.Ports), flow.FromPorts.Intersect(d.Client)
			if !flow.Port.Empty() && !flow.FromPorts.Empty() {
				may = append(may, flow)
			}
		}
	}
	for _, f := range q.Flows {
		if extra := reach.Without(f, may); len(extra) > 0 {
			return "not declared, and it passes:\n" + m.TracePacket(q, extra[0].First()).String()
		}
	}
	for _, f := range may {
		if usual := f.FromPorts.Intersect(q.Usual()); !usual.Empty() {
			f.FromPorts = usual
		}
		if missing := reach.Without(f, q.Flows); len(missing) > 0 {
			return "declared, and it does not pass:\n" + m.TracePacket(q, missing[0].First()).String()
		}
	}
	return ""
}

func observed(open map[reach.Protocol]reach.PortSet) string {
	var out []string
	for _, p := range Protocols {
		if ports := open[p]; !ports.Empty() {
			out = append(out, words([]Traffic{{p, ports, reach.AllPorts}}))
		}
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}

func words(list []Traffic) string {
	if len(list) == 0 {
		return "nothing"
	}
	var out []string
	for _, t := range list {
		s := t.Protocol.String()
		if t.Protocol == reach.TCP || t.Protocol == reach.UDP {
			s += " " + strings.ReplaceAll(t.Ports.String(), "0-65535", "all")
		}
		if !t.Client.Equal(reach.AllPorts) && !t.Client.Empty() {
			s += " from client port " + t.Client.String()
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, ", ")
}

func slug(s string) string { return strings.NewReplacer(" ", "-", ".", "-").Replace(s) }

// CompareAWS holds that the declared services of AWS are reached, and by endpoints
// alone, in every VPC that has one of those who reach them.
func (in Intent) CompareAWS(m *reach.Model) []Finding {
	var out []Finding
	p := in.Resolve(m)
	for _, rule := range in.AWS {
		for _, from := range rule.From {
			for _, service := range rule.Services {
				f := Finding{
					Slug: slug(from + "-to-aws-" + service), OK: true, Title: fmt.Sprintf("%s reaches %s by an endpoint, without leaving the VPC", from, service),
					Expected: fmt.Sprintf("tcp 443 by an endpoint (%s)", rule.At), Observed: "by an endpoint",
				}
				for _, vpc := range p.Services[from].VPCs() {
					byEndpoint(m, &f, p.Services[from].In(vpc), vpc, service)
				}
				if f.OK && f.Asked == 0 {
					f.OK, f.Observed = false, "nobody was asked: nothing in this environment is "+from
				}
				out = append(out, f)
			}
		}
	}
	return out
}

func byEndpoint(m *reach.Model, f *Finding, from reach.Party, vpc, service string) {
	to, err := m.ServiceParty(vpc, service)
	if err != nil {
		f.OK, f.Observed = false, err.Error()
		return
	}
	for _, q := range m.Ask(from, to, reach.TCP, reach.Ports(443, 443)) {
		f.Asked++
		if missing := q.Missing(); len(missing) > 0 {
			f.OK, f.Observed = false, "it does not pass:\n"+m.TracePacket(q, missing[0].First()).String()
			return
		}
		for _, flow := range q.Flows {
			if to.Outside() && !slices.ContainsFunc(flow.Via, func(v string) bool { return strings.HasPrefix(v, string(reach.ToEndpoint)) }) {
				f.OK, f.Observed = false, "its name leads outside the VPC:\n"+m.TracePacket(q, flow.First()).String()
				return
			}
		}
		f.Open++
	}
}
