package twin

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/fintrack/platform/test/kit/reach"
)

// Cast chooses who takes part in the twin of an estate: one host for the
// interfaces of a subnet that are alike in groups and addresses, and, for each
// subnet, one with no group to hold it back; on the internet, one; and one behind
// each gateway endpoint.
func Cast(e reach.Estate) ([]Host, []Far) {
	next := map[string]netip.Addr{}
	take := func(s reach.Subnet) netip.Addr {
		cidr, _ := ipv4(s.CIDRs)
		if !next[s.ID].IsValid() {
			a := router(cidr)
			for range 9 { // AWS keeps the first four; NAT gateways follow
				a = a.Next()
			}
			next[s.ID] = a
		}
		next[s.ID] = next[s.ID].Next()
		return next[s.ID]
	}
	var hosts []Host
	seen := map[string]bool{}
	public := byte(10)
	face := func() netip.Addr {
		public++
		return netip.AddrFrom4([4]byte{198, 51, 100, public})
	}
	for _, s := range e.Subnets {
		hosts = append(hosts, Host{Name: "anything in " + s.ID, Subnet: s.ID, Addr: take(s), Open: true, Public: face()})
		for _, f := range e.Interfaces {
			alike := fmt.Sprint(s.ID, f.Groups, f.Public, f.Addrs)
			if f.Subnet != s.ID || seen[alike] {
				continue
			}
			seen[alike] = true
			h := Host{Name: f.ID, Subnet: s.ID, Groups: f.Groups}
			if i := slices.IndexFunc(f.Addrs, netip.Addr.Is4); i >= 0 {
				h.Addr = f.Addrs[i]
			} else {
				h.Addr = take(s)
			}
			if f.Public {
				h.Public = face()
			}
			hosts = append(hosts, h)
		}
	}
	far := []Far{{Name: "internet", Addr: netip.AddrFrom4([4]byte{8, 8, 8, 8})}}
	for _, l := range e.PrefixLists {
		led := slices.ContainsFunc(e.Endpoints, func(x reach.Endpoint) bool { return x.Gateway && x.Service == l.Service })
		if p, ok := ipv4(l.Prefixes); ok && led {
			far = append(far, Far{Name: l.Service, Addr: p.Masked().Addr().Next()})
		}
	}
	return hosts, far
}

// Checked is what a comparison of the kernel with the engine came to.
type Checked struct {
	Asked, Passed int
	// Differences tell each question that the two answer differently.
	Differences []string
}

// Witness tries every pair of hosts, and of hosts and those far, on ports by TCP and
// UDP, and holds what the kernel did against what the engine says of that packet.
func Witness(t *Twin, m *reach.Model, hosts []Host, far []Far, ports []reach.Port, patience time.Duration) (Checked, error) {
	if err := t.Serve(ports); err != nil {
		return Checked{}, err
	}
	var questions []Question
	ask := func(from, to string) {
		for _, p := range ports {
			questions = append(questions, Question{From: from, To: to, Protocol: reach.TCP, ToPort: p}, Question{From: from, To: to, Protocol: reach.UDP, ToPort: p})
		}
	}
	for _, a := range hosts {
		for _, b := range hosts {
			if a.Name != b.Name {
				ask(a.Name, b.Name)
			}
		}
		for _, f := range far {
			ask(a.Name, f.Name)
		}
		for _, f := range far[:1] { // the internet alone asks by itself
			ask(f.Name, a.Name)
		}
	}
	answers, err := t.Ask(questions, patience)
	if err != nil {
		return Checked{}, err
	}
	out := Checked{Asked: len(answers)}
	parties := cast(m, hosts, far)
	for _, a := range answers {
		said, trace := engine(m, parties[a.From], parties[a.To], a)
		if a.Passed {
			out.Passed++
		}
		if said != a.Passed {
			what := "the engine passes it and the kernel does not (" + a.Why + ")"
			if a.Passed {
				what = "the kernel passed it and the engine does not"
			}
			out.Differences = append(out.Differences, fmt.Sprintf("%s %s %s:%d to %s %s:%d: %s\n%s", a.Protocol, a.From, a.Packet.From, a.Packet.FromPort, a.To, a.Packet.To, a.Packet.ToPort, what, trace))
		}
	}
	return out, nil
}

// cast finds who the hosts are in the model.
func cast(m *reach.Model, hosts []Host, far []Far) map[string]reach.Party {
	out := map[string]reach.Party{}
	for _, h := range hosts {
		if h.Open {
			out[h.Name] = m.Anything(h.Name, func(s reach.Subnet) bool { return s.ID == h.Subnet })
		} else if p, err := m.Interface(h.Name); err == nil {
			out[h.Name] = p
		}
	}
	for _, f := range far {
		out[f.Name] = reach.OutsideParty(f.Name, netip.PrefixFrom(f.Addr, 32))
	}
	return out
}

// engine is what the engine says of one packet.
func engine(m *reach.Model, from, to reach.Party, a Answer) (passes bool, trace string) {
	for _, q := range m.Ask(from, to, a.Protocol, reach.Ports(a.ToPort, a.ToPort)) {
		passes = passes || slices.ContainsFunc(q.Flows, func(f reach.Flow) bool { return f.Has(a.Packet) })
		trace += m.TracePacket(q, a.Packet).String()
	}
	return passes, trace
}
