package gitops_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/stretchr/testify/require"
)

func TestANodeIsSpareOrNot(t *testing.T) {
	room := map[string]int64{"cpu": 6000}
	pods := func(skew int, cpu int64, services ...string) (out []gitops.HeldPod) {
		for _, s := range services {
			out = append(out, gitops.HeldPod{Service: s, MaxSkew: skew, Asked: map[string]int64{"cpu": cpu}})
		}
		return out
	}
	node := func(name, zone string, pods []gitops.HeldPod) gitops.Held {
		return gitops.Held{Name: name, Pool: "general", Zone: zone, Pods: pods, Room: room}
	}
	gpu := func(name string) gitops.Held {
		return gitops.Held{Name: name, Pool: "gpu", Zone: "a", Room: map[string]int64{"cpu": 6000, "gpu": 1000}, Pods: []gitops.HeldPod{{Service: "ml", Asked: map[string]int64{"cpu": 100, "gpu": 1000}}}}
	}
	of := func(pool string, n gitops.Held) gitops.Held { n.Pool = pool; return n }
	const moves = ": its pods have room on other nodes"
	for name, c := range map[string]struct {
		nodes []gitops.Held
		want  []string
	}{
		"there are none":              {},
		"one has no pods":             {[]gitops.Held{node("x", "a", nil), node("y", "b", pods(1, 100, "s"))}, []string{"x has no pods", "y" + moves}},
		"the only one has none":       {[]gitops.Held{node("x", "a", nil)}, []string{"x has no pods"}},
		"the only one has a pod":      {[]gitops.Held{node("x", "a", pods(0, 100, "s"))}, nil},
		"one pod in each zone":        {[]gitops.Held{node("x", "a", pods(1, 100, "s")), node("y", "b", pods(1, 100, "s")), node("z", "c", pods(1, 100, "s"))}, nil},
		"a spread that does not bind": {[]gitops.Held{node("x", "a", pods(0, 100, "s")), node("y", "b", pods(0, 100, "s"))}, []string{"x" + moves, "y" + moves}},
		// Of [2 0 2] one that moves would have to go to b.
		"two in one zone, and a zone without a node": {[]gitops.Held{node("x", "a", pods(1, 100, "s", "s")), node("y", "c", pods(1, 100, "s")), node("z", "c", pods(1, 100, "s"))}, nil},
		// Of [1 1 2] one may move within c.
		"two in one zone, and pods in each":                                     {[]gitops.Held{node("w", "a", pods(1, 100, "s")), node("x", "b", pods(1, 100, "s")), node("y", "c", pods(1, 100, "s")), node("z", "c", pods(1, 100, "s"))}, []string{"y" + moves, "z" + moves}},
		"two of one service go where there is none and then where there is one": {[]gitops.Held{node("w", "a", pods(1, 100, "s")), node("x", "b", pods(1, 100, "s")), node("y", "c", pods(1, 100, "t")), node("z", "c", pods(1, 100, "s", "s"))}, []string{"y" + moves, "z" + moves}},
		"two services are two spreads":                                          {[]gitops.Held{node("x", "a", pods(1, 100, "s")), node("y", "b", pods(1, 100, "t"))}, []string{"x" + moves, "y" + moves}},
		"a larger skew":                                                         {[]gitops.Held{node("x", "a", pods(2, 100, "s")), node("y", "b", pods(2, 100, "s"))}, []string{"x" + moves, "y" + moves}},
		"there is no room":                                                      {[]gitops.Held{node("x", "a", pods(0, 3001, "s")), node("y", "a", pods(0, 3000, "s"))}, nil},
		"there is just room":                                                    {[]gitops.Held{node("x", "a", pods(0, 3000, "s")), node("y", "a", pods(0, 3000, "s"))}, []string{"x" + moves, "y" + moves}},
		"the first of two alone has room":                                       {[]gitops.Held{node("x", "a", pods(0, 2000, "s", "s")), node("y", "a", pods(0, 2500, "s"))}, nil},
		"each wants a whole GPU":                                                {[]gitops.Held{gpu("x"), gpu("y")}, nil},
		"the other is of another pool":                                          {[]gitops.Held{node("x", "a", pods(0, 100, "s")), of("other", node("y", "a", pods(0, 100, "s")))}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, gitops.Spare(c.nodes, map[string][]string{"general": {"a", "b", "c"}, "gpu": {"a", "b", "c"}}))
		})
	}
}

func FuzzOfTwoNodesOneIsSpareWhenItsPodHasRoom(f *testing.F) {
	f.Add(uint16(100), uint16(200), uint16(300))
	f.Add(uint16(0), uint16(400), uint16(300))
	f.Fuzz(func(t *testing.T, a, b, room uint16) {
		node := func(name string, asks uint16) gitops.Held {
			return gitops.Held{Name: name, Pool: "p", Zone: "z", Room: map[string]int64{"cpu": int64(room)}, Pods: []gitops.HeldPod{{Service: name, Asked: map[string]int64{"cpu": int64(asks)}}}}
		}
		fits := a == 0 || b == 0 || int(a)+int(b) <= int(room)
		require.Equal(t, fits, gitops.Spare([]gitops.Held{node("x", a), node("y", b)}, nil) != nil)
	})
}
