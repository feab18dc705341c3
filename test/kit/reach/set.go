package reach

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"
)

// point is a value of a line on which intervals can be drawn.
type point[T any] interface {
	comparable
	Compare(T) int
	Next() T
	Prev() T
}

// span is a closed interval.
type span[T any] struct{ lo, hi T }

// Set is a set of points, kept as intervals: sorted, apart, and never adjacent, so
// that equal sets have equal intervals. The zero value is empty. A Set is never
// changed once it is made.
type Set[T point[T]] struct{ spans []span[T] }

// AddrSet is a set of IPv4 and IPv6 addresses. PortSet is a set of ports.
type (
	AddrSet = Set[netip.Addr]
	PortSet = Set[Port]
)

// Port is a port of TCP or UDP, 0 to 65535. For ICMP it is the type of a message:
// that of the request stands where the destination's port does, that of the reply
// where the source's does.
type Port uint16

// Compare orders ports.
func (p Port) Compare(q Port) int { return int(p) - int(q) }

// Next is the port after p; the last has none, and nobody asks.
func (p Port) Next() Port { return p + 1 }

// Prev is the port before p; the first has none, and nobody asks.
func (p Port) Prev() Port { return p - 1 }

// AllPorts holds every port.
var AllPorts = Ports(0, 65535)

// Ports is the set from lo to hi; empty when hi is below lo.
func Ports(lo, hi Port) PortSet { return between(lo, hi) }

// Addrs is the union of prefixes.
func Addrs(prefixes ...netip.Prefix) AddrSet {
	spans := make([]span[netip.Addr], 0, len(prefixes))
	for _, p := range prefixes {
		r := netipx.RangeOfPrefix(p)
		if r.IsValid() {
			spans = append(spans, span[netip.Addr]{r.From(), r.To()})
		}
	}
	return normal(spans)
}

func between[T point[T]](lo, hi T) Set[T] {
	if lo.Compare(hi) > 0 {
		return Set[T]{}
	}
	return Set[T]{[]span[T]{{lo, hi}}}
}

// normal sorts intervals and joins those that touch.
func normal[T point[T]](spans []span[T]) Set[T] {
	if len(spans) < 2 {
		return Set[T]{spans}
	}
	slices.SortFunc(spans, func(a, b span[T]) int { return a.lo.Compare(b.lo) })
	out := spans[:1]
	for _, s := range spans[1:] {
		last := &out[len(out)-1]
		switch {
		case s.lo.Compare(last.hi) <= 0 || last.hi.Next() == s.lo:
			if s.hi.Compare(last.hi) > 0 {
				last.hi = s.hi
			}
		default:
			out = append(out, s)
		}
	}
	return Set[T]{out}
}

// Empty says that nothing is in the set.
func (s Set[T]) Empty() bool { return len(s.spans) == 0 }

// Equal says that both hold the same points.
func (s Set[T]) Equal(o Set[T]) bool { return slices.Equal(s.spans, o.spans) }

// Has says whether p is in the set.
func (s Set[T]) Has(p T) bool {
	i, found := slices.BinarySearchFunc(s.spans, p, func(x span[T], p T) int { return x.lo.Compare(p) })
	return found || i > 0 && p.Compare(s.spans[i-1].hi) <= 0
}

// First is the lowest point; ok is false for an empty set.
func (s Set[T]) First() (p T, ok bool) {
	if s.Empty() {
		return p, false
	}
	return s.spans[0].lo, true
}

// Union holds what is in either.
func (s Set[T]) Union(o Set[T]) Set[T] {
	if s.Empty() {
		return o
	}
	if o.Empty() {
		return s
	}
	return normal(slices.Concat(s.spans, o.spans))
}

// Intersect holds what is in both.
func (s Set[T]) Intersect(o Set[T]) Set[T] {
	if len(s.spans) == 1 && len(o.spans) == 1 { // most of what is asked
		a, b := s.spans[0], o.spans[0]
		switch {
		case a.lo.Compare(b.lo) >= 0 && a.hi.Compare(b.hi) <= 0:
			return s
		case b.lo.Compare(a.lo) >= 0 && b.hi.Compare(a.hi) <= 0:
			return o
		}
	}
	var out []span[T]
	for i, j := 0, 0; i < len(s.spans) && j < len(o.spans); {
		a, b := s.spans[i], o.spans[j]
		lo, hi := a.lo, a.hi
		if b.lo.Compare(lo) > 0 {
			lo = b.lo
		}
		if b.hi.Compare(hi) < 0 {
			hi = b.hi
		}
		if lo.Compare(hi) <= 0 {
			out = append(out, span[T]{lo, hi})
		}
		if a.hi.Compare(b.hi) < 0 {
			i++
		} else {
			j++
		}
	}
	return Set[T]{out}
}

// Minus holds what is in s and not in o.
func (s Set[T]) Minus(o Set[T]) Set[T] {
	if s.Empty() || o.Empty() {
		return s
	}
	var out []span[T]
	j := 0
	for _, a := range s.spans {
		for j < len(o.spans) && o.spans[j].hi.Compare(a.lo) < 0 {
			j++
		}
		lo, open := a.lo, true
		for k := j; k < len(o.spans) && o.spans[k].lo.Compare(a.hi) <= 0; k++ {
			b := o.spans[k]
			if b.lo.Compare(lo) > 0 {
				out = append(out, span[T]{lo, b.lo.Prev()})
			}
			if b.hi.Compare(a.hi) >= 0 {
				open = false
				break
			}
			lo = b.hi.Next()
		}
		if open {
			out = append(out, span[T]{lo, a.hi})
		}
	}
	return Set[T]{out}
}

// Covers says that all of o is in s.
func (s Set[T]) Covers(o Set[T]) bool { return o.Minus(s).Empty() }

// Overlaps says that something is in both.
func (s Set[T]) Overlaps(o Set[T]) bool {
	for i, j := 0, 0; i < len(s.spans) && j < len(o.spans); {
		a, b := s.spans[i], o.spans[j]
		switch {
		case a.hi.Compare(b.lo) < 0:
			i++
		case b.hi.Compare(a.lo) < 0:
			j++
		default:
			return true
		}
	}
	return false
}

// Spans yields the intervals in order, both ends included.
func (s Set[T]) Spans() iter.Seq2[T, T] {
	return func(yield func(lo, hi T) bool) {
		for _, x := range s.spans {
			if !yield(x.lo, x.hi) {
				return
			}
		}
	}
}

// String lists the intervals: prefixes of addresses where they are some, else
// first-last; "none" for an empty set.
func (s Set[T]) String() string {
	if s.Empty() {
		return "none"
	}
	var out []string
	for _, x := range s.spans {
		out = append(out, words(x))
	}
	return strings.Join(out, ", ")
}

func words[T point[T]](x span[T]) string {
	lo, isAddr := any(x.lo).(netip.Addr)
	if isAddr {
		hi, _ := any(x.hi).(netip.Addr)
		if p, ok := netipx.IPRangeFrom(lo, hi).Prefix(); ok {
			if p.IsSingleIP() {
				return lo.String()
			}
			return p.String()
		}
	}
	if x.lo == x.hi {
		return fmt.Sprint(x.lo)
	}
	return fmt.Sprintf("%v-%v", x.lo, x.hi)
}
