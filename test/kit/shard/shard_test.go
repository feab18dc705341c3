package shard_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fintrack/platform/test/kit/shard"
	"github.com/stretchr/testify/require"
)

func TestEveryItemLandsInExactlyOnePart(t *testing.T) {
	var items []string
	cost := map[string]float64{}
	for i := range 23 {
		name := fmt.Sprint("m", i)
		items = append(items, name)
		if i%3 != 0 {
			cost[name] = float64(i)
		}
	}
	for n := 1; n <= 30; n++ {
		var all []string
		for _, p := range shard.Split(items, cost, n) {
			all = append(all, p...)
		}
		slices.Sort(all)
		want := slices.Clone(items)
		slices.Sort(want)
		require.Equal(t, want, all, "n=%d", n)
	}
}

func TestPartsAreBalancedByCost(t *testing.T) {
	parts := shard.Split([]string{"a", "b", "c", "d"}, map[string]float64{"a": 30, "b": 10, "c": 10, "d": 10}, 2)
	require.Equal(t, [][]string{{"a"}, {"b", "c", "d"}}, parts)
}

func TestShardsAreReadAndBadOnesRefused(t *testing.T) {
	k, n, err := shard.Parse("2/4")
	require.NoError(t, err)
	require.Equal(t, [2]int{2, 4}, [2]int{k, n})
	for _, bad := range []string{"", "2", "0/4", "5/4", "a/4", "1/0", "1/b", "-1/4"} {
		_, _, err := shard.Parse(bad)
		require.ErrorContains(t, err, "want k/n", bad)
	}
}
