package reach_test

import (
	"net/netip"
	"testing"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/stretchr/testify/require"
)

// FuzzSetsOfPorts compares the algebra of intervals with that of a table of bits.
func FuzzSetsOfPorts(f *testing.F) {
	f.Add(uint16(0), uint16(10), uint16(5), uint16(20), uint16(65535), uint16(65535))
	f.Add(uint16(443), uint16(443), uint16(444), uint16(500), uint16(0), uint16(65535))
	f.Add(uint16(9), uint16(1), uint16(2), uint16(3), uint16(3), uint16(4))
	f.Fuzz(func(t *testing.T, a, b, c, d, e, g uint16) {
		x := reach.Ports(reach.Port(a), reach.Port(b)).Union(reach.Ports(reach.Port(c), reach.Port(d)))
		y := reach.Ports(reach.Port(e), reach.Port(g)).Union(reach.Ports(reach.Port(d), reach.Port(e)))
		in := func(p, lo, hi uint16) bool { return lo <= p && p <= hi }
		union, both, minus := x.Union(y), x.Intersect(y), x.Minus(y)
		for i := range 65536 {
			p := uint16(i)
			inX, inY := in(p, a, b) || in(p, c, d), in(p, e, g) || in(p, d, e)
			q := reach.Port(p)
			if x.Has(q) != inX || union.Has(q) != (inX || inY) || both.Has(q) != (inX && inY) || minus.Has(q) != (inX && !inY) {
				t.Fatalf("port %d: x %s, y %s: union %s, both %s, minus %s", p, x, y, union, both, minus)
			}
		}
		require.Equal(t, !both.Empty(), x.Overlaps(y))
		require.Equal(t, y.Minus(x).Empty(), x.Covers(y))
		require.True(t, minus.Union(both).Equal(x), "equal sets have equal intervals: %s and %s", minus.Union(both), x)
	})
}

func TestSetsReadAsPrefixesAndRanges(t *testing.T) {
	a := reach.Addrs(netip.MustParsePrefix("10.0.0.0/25"), netip.MustParsePrefix("10.0.0.128/25"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("10.0.2.0/32"))
	require.Equal(t, "10.0.0.0/24, 10.0.2.0, 2001:db8::/32", a.String())
	require.Equal(t, "none", reach.AddrSet{}.String())
	p, err := reach.ParsePorts("443, 8000-8080")
	require.NoError(t, err)
	require.Equal(t, "443, 8000-8080", p.String())
	for _, bad := range []string{"", "x", "70000", "9-1", "1-", "-1"} {
		_, err := reach.ParsePorts(bad)
		require.ErrorContains(t, err, "ports", bad)
	}
}
