// Package shard splits named work by measured cost, so that n machines finish
// at about the same time.
package shard

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Parse reads "k/n": the k-th of n parts, 1 ≤ k ≤ n.
func Parse(text string) (k, n int, err error) {
	a, b, ok := strings.Cut(text, "/")
	if ok {
		k, err = strconv.Atoi(a)
		if err == nil {
			n, err = strconv.Atoi(b)
		}
	}
	if !ok || err != nil || n < 1 || k < 1 || k > n {
		return 0, 0, fmt.Errorf("SHARD=%s: want k/n with 1 ≤ k ≤ n, as in 2/4", text)
	}
	return k, n, nil
}

// Split deals the items to n parts: the most expensive first, each to the part
// that has the least so far (longest processing time first). Every item lands
// in exactly one part, and the same input gives the same parts on every
// machine. An item without a cost counts as the mean of those with one.
func Split(items []string, cost map[string]float64, n int) [][]string {
	mean := 1.0
	if len(cost) > 0 {
		sum := 0.0
		for _, v := range cost {
			sum += v
		}
		mean = sum / float64(len(cost))
	}
	of := func(name string) float64 {
		if c, ok := cost[name]; ok {
			return c
		}
		return mean
	}
	set := map[string]bool{}
	for _, i := range items {
		set[i] = true
	}
	order := slices.Sorted(maps.Keys(set))
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(of(b), of(a)) })
	parts := make([][]string, n)
	load := make([]float64, n)
	for _, name := range order {
		least := 0
		for i := range load {
			if load[i] < load[least] {
				least = i
			}
		}
		parts[least] = append(parts[least], name)
		load[least] += of(name)
	}
	return parts
}
