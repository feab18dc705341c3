package census

import (
	"cmp"
	"maps"
	"slices"
)

// Set holds resources by key. The zero Set is empty.
type Set struct {
	byKey      map[string]Resource
	unanswered []string
}

// Known returns the set of the keys alone: a baseline read back from a record.
func Known(keys []string) Set {
	s := Set{byKey: make(map[string]Resource, len(keys))}
	for _, k := range keys {
		s.byKey[k] = Resource{}
	}
	return s
}

// SetOf returns the set of the resources.
func SetOf(rs ...Resource) Set {
	s := Set{byKey: make(map[string]Resource, len(rs))}
	for _, r := range rs {
		s.byKey[r.Key()] = r
	}
	return s
}

// Keys returns the keys, sorted.
func (s Set) Keys() []string { return slices.Sorted(maps.Keys(s.byKey)) }

// Has reports whether the set holds the resource's key.
func (s Set) Has(r Resource) bool {
	_, ok := s.byKey[r.Key()]
	return ok
}

// Len is the number of resources.
func (s Set) Len() int { return len(s.byKey) }

// Resources returns what the set holds, sorted by type, region and id.
func (s Set) Resources() []Resource {
	return slices.SortedFunc(maps.Values(s.byKey), func(a, b Resource) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Region, b.Region), cmp.Compare(a.ID, b.ID))
	})
}

// Unanswered names the listers whose service the endpoint does not implement,
// and which nothing in the scope needed, as "service: types".
func (s Set) Unanswered() []string { return s.unanswered }
