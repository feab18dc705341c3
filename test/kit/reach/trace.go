package reach

import (
	"fmt"
	"net/netip"
	"strings"
)

// Hop is one thing that a packet or its reply meets.
type Hop struct {
	// Where is the route table, ACL, group or gateway; Rule is what it says.
	Where, Rule string
	Pass        bool
	// Reply says that it is met on the way back.
	Reply bool
}

// Trace is the way of one packet and its reply.
type Trace struct {
	From, To string
	Protocol Protocol
	Packet   Packet
	Via      []string
	Hops     []Hop
	// Pass says that every hop lets it pass. Otherwise the first hop that does not is
	// what stops it, and the later ones are what else would.
	Pass bool
}

// Trace follows one packet of a pair: one that passes where there is any, otherwise
// the first that was asked about.
func (m *Model) Trace(q Pair) Trace {
	if len(q.Flows) > 0 {
		return m.TracePacket(q, q.Flows[0].First())
	}
	return m.TracePacket(q, sample(q))
}

// sample is a packet of what was asked: addresses that a host may have, which the
// first four of a subnet are not (Subnet CIDR blocks, "Subnet sizing for IPv4").
func sample(q Pair) Packet {
	k := q.Asked.First()
	for _, side := range []struct {
		addr *netip.Addr
		end  end
	}{{&k.From, q.from}, {&k.To, q.to}} {
		if side.end.host == nil || side.end.host.hasAddr {
			continue
		}
		a := *side.addr
		for range 10 {
			a = a.Next()
		}
		if side.end.addrs.Has(a) {
			*side.addr = a
		}
	}
	return k
}

// TracePacket follows one packet of a pair. Of several ways it takes the one on
// which it passes, or gets furthest.
func (m *Model) TracePacket(q Pair, k Packet) Trace {
	best := Trace{}
	furthest := -1
	for _, w := range m.ways(q) {
		t := w.trace(q, k)
		if t.Pass {
			return t
		}
		routed, got := true, 0
		for i, s := range w.stages {
			if s.axis == requestTo && s.table != nil && !t.Hops[i].Pass {
				routed = false
			}
			got += index(t.Hops[i].Pass)
		}
		if routed && got > furthest {
			best, furthest = t, got
		}
	}
	if furthest < 0 {
		return m.lost(q, k)
	}
	return best
}

func (w way) trace(q Pair, k Packet) Trace {
	t := Trace{From: q.From, To: q.To, Protocol: q.Protocol, Packet: k, Via: w.via, Pass: true}
	for i := range w.stages {
		s := &w.stages[i]
		ok, rule := s.judge(q.Protocol, k)
		t.Hops = append(t.Hops, Hop{Where: s.where, Rule: rule, Pass: ok, Reply: s.axis == replyTo || s.axis == replyFrom})
		t.Pass = t.Pass && ok
	}
	return t
}

// lost is the trace of a packet that no route takes where it should go.
func (m *Model) lost(q Pair, k Packet) Trace {
	t := Trace{From: q.From, To: q.To, Protocol: q.Protocol, Packet: k}
	add := func(s stage) {
		ok, rule := s.judge(q.Protocol, k)
		t.Hops = append(t.Hops, Hop{Where: s.where, Rule: rule, Pass: ok})
	}
	from, to := q.from.host, q.to.host
	if from != nil {
		s := from.subnet
		rule := fmt.Sprintf("no route to %s", k.To)
		if r, ok := s.table.find(k.To); ok {
			rule = fmt.Sprintf("%s -> %s, which does not lead to %s", r.destination(), target{r.Kind, r.Target}, q.To)
			if r.Blackhole {
				rule = r.destination() + " -> blackhole"
			}
		}
		t.Hops = append(t.Hops, Hop{Where: "route table " + label(s.table.ID, s.table.Name), Rule: rule})
		add(aclStage(s, true, requestTo))
		add(groupStage(from, to, true, false, requestTo))
	} else {
		s := to.subnet
		rule := "no gateway joins it and " + q.From
		if r, ok := s.table.find(k.From); ok {
			rule = fmt.Sprintf("the reply takes %s -> %s, which does not lead to %s", r.destination(), target{r.Kind, r.Target}, q.From)
		}
		t.Hops = append(t.Hops, Hop{Where: "VPC " + label(s.vpc.ID, s.vpc.Name), Rule: rule})
	}
	if to != nil {
		add(aclStage(to.subnet, false, requestFrom))
		add(groupStage(to, from, false, false, requestFrom))
	}
	return t
}

// String tells the trace, a line a hop.
func (t Trace) String() string {
	var b strings.Builder
	verb := "does not reach"
	if t.Pass {
		verb = "reaches"
	}
	fmt.Fprintf(&b, "%s %s %s on %s %d", t.From, verb, t.To, t.Protocol, t.Packet.ToPort)
	if len(t.Via) > 0 {
		fmt.Fprintf(&b, " by %s", strings.Join(t.Via, ", "))
	}
	fmt.Fprintf(&b, " (%s:%d to %s:%d)\n", t.Packet.From, t.Packet.FromPort, t.Packet.To, t.Packet.ToPort)
	stopped := false
	for _, h := range t.Hops {
		mark := "passes"
		switch {
		case h.Pass && stopped:
			continue
		case !h.Pass && stopped:
			mark = "would stop it too"
		case !h.Pass:
			mark, stopped = "STOPS", true
		}
		way := "there"
		if h.Reply {
			way = "back "
		}
		fmt.Fprintf(&b, "  %s  %-17s  %s: %s\n", way, mark, h.Where, h.Rule)
	}
	return b.String()
}
