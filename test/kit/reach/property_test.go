package reach_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/stretchr/testify/require"
)

func FuzzAnswersAgreeWithSendingPackets(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		w := world{rand.New(rand.NewPCG(seed, 1))}
		e := w.estate()
		m, err := reach.New(e)
		require.NoError(t, err)
		agree(t, w, e, m, 60)
	})
}

// agree asks the engine and the simulator about random packets between random ends.
func agree(t *testing.T, w world, e reach.Estate, m *reach.Model, packets int) (passed int) {
	t.Helper()
	sim := simulator{e}
	if len(e.Interfaces) == 0 {
		return 0
	}
	for range packets {
		from, to := pick(w, e.Interfaces), pick(w, e.Interfaces)
		p := pick(w, []reach.Protocol{reach.TCP, reach.UDP, reach.ICMP})
		a, b := party(t, m, from.ID), party(t, m, to.ID)
		k := w.packet(p, addrs(e, from), addrs(e, to))
		want := false
		switch w.IntN(3) {
		case 0:
			k.dst = pick(w, outsiders)
			b = reach.Internet()
			want = k.src.Is4() == k.dst.Is4() && sim.reachesInternet(&from, k)
		case 1:
			k.src = pick(w, outsiders)
			a = reach.Internet()
			want = k.src.Is4() == k.dst.Is4() && sim.reachedFromInternet(&to, k)
		default:
			want = from.ID != to.ID && k.src.Is4() == k.dst.Is4() && sim.connects(&from, &to, k)
		}
		if p == reach.ICMP && (k.src.Is6() || k.dst.Is6()) {
			continue // ICMP of IPv4 only
		}
		pairs := m.Ask(a, b, p, reach.AllPorts)
		got := passes(pairs, k)
		passed += count(got)
		if want != got {
			t.Fatalf("from %s to %s, packet %+v: the simulator says %t, the engine %t\n%s", from.ID, b.Name, k, want, got, tell(m, pairs, k))
		}
		traced(t, m, pairs, k, got)
	}
	return passed
}

// traced says that the trace of a packet agrees with the answer.
func traced(t *testing.T, m *reach.Model, pairs []reach.Pair, k packet, want bool) {
	t.Helper()
	pass := false
	for _, q := range pairs {
		at := reach.Packet{From: k.src, To: k.dst, FromPort: k.sport, ToPort: k.dport}
		if q.Asked.Has(at) {
			pass = pass || m.TracePacket(q, at).Pass
		}
		if tr := m.Trace(q); tr.Pass != q.Reachable() {
			t.Fatalf("the trace says %t and the answer %t:\n%s", tr.Pass, q.Reachable(), tr)
		}
	}
	if pass != want {
		t.Fatalf("packet %+v: the trace says %t, the answer %t\n%s", k, pass, want, tell(m, pairs, k))
	}
}

func tell(m *reach.Model, pairs []reach.Pair, k packet) string {
	out := ""
	for _, q := range pairs {
		out += m.TracePacket(q, reach.Packet{From: k.src, To: k.dst, FromPort: k.sport, ToPort: k.dport}).String()
	}
	return out
}

func passes(pairs []reach.Pair, k packet) bool {
	at := reach.Packet{From: k.src, To: k.dst, FromPort: k.sport, ToPort: k.dport}
	return slices.ContainsFunc(pairs, func(q reach.Pair) bool {
		return slices.ContainsFunc(q.Flows, func(f reach.Flow) bool { return f.Has(at) })
	})
}

func party(t *testing.T, m *reach.Model, id string) reach.Party {
	t.Helper()
	p, err := m.Interface(id)
	require.NoError(t, err)
	return p
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestRandomWorldsPassPackets keeps the comparison honest: an agreement that nothing
// passes would prove little.
func TestRandomWorldsPassPackets(t *testing.T) {
	passed, seen := 0, 0
	for seed := range uint64(150) {
		w := world{rand.New(rand.NewPCG(seed, 2))}
		e := w.estate()
		m, err := reach.New(e)
		require.NoError(t, err)
		passed += agree(t, w, e, m, 40)
		seen += 40
	}
	require.Greater(t, passed, seen/20, "of %d packets", seen)
}

// open lists everything that reaches everything, as exact sets.
func open(t *testing.T, e reach.Estate) map[string][]reach.Flow {
	t.Helper()
	m, err := reach.New(e)
	require.NoError(t, err)
	out := map[string][]reach.Flow{}
	for _, p := range []reach.Protocol{reach.TCP, reach.UDP, reach.ICMP} {
		for _, q := range slices.Concat(m.Ask(m.All(), m.All(), p, reach.AllPorts), m.Ask(m.All(), reach.Internet(), p, reach.AllPorts), m.Ask(reach.Internet(), m.All(), p, reach.AllPorts)) {
			key := fmt.Sprint(q.From, " to ", q.To, " ", p, q.Asked.From)
			out[key] = append(out[key], q.Flows...)
		}
	}
	return out
}

// within fails unless all that passes in less passes in more.
func within(t *testing.T, less, more map[string][]reach.Flow) {
	t.Helper()
	for key, flows := range less {
		for _, f := range flows {
			if left := reach.Without(f, more[key]); len(left) > 0 {
				t.Fatalf("%s: %v passed before and does not any more", key, left[0])
			}
		}
	}
}

func FuzzAnAllowRuleNeverRemovesAPath(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		w := world{rand.New(rand.NewPCG(seed, 3))}
		e := w.estate()
		before := open(t, e)
		if len(e.Groups) > 0 {
			g := &e.Groups[w.IntN(len(e.Groups))]
			g.In, g.Out = append(g.In, w.rule()), append(g.Out, w.rule())
		}
		a := &e.ACLs[w.IntN(len(e.ACLs))]
		entry := w.entry(true)
		a.In, a.Out = append(slices.Clone(a.In), entry), append(slices.Clone(a.Out), entry)
		within(t, before, open(t, e))
	})
}

func FuzzADenyNeverAddsAPath(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		w := world{rand.New(rand.NewPCG(seed, 4))}
		e := w.estate()
		before := open(t, e)
		a := &e.ACLs[w.IntN(len(e.ACLs))]
		entry := w.entry(false)
		a.In, a.Out = append(slices.Clone(a.In), entry), append(slices.Clone(a.Out), entry)
		within(t, open(t, e), before)
	})
}

// entry is a rule with a number that no other has, anywhere in the order.
func (w world) entry(allow bool) reach.Entry {
	return reach.Entry{Number: 1 + 10*w.IntN(40) + w.IntN(8), Protocol: pick(w, protocols), Prefix: w.prefix(), Ports: pick(w, worldPorts), Allow: allow}
}
