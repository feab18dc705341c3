package gitops

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Finding is one thing that is not as it must be.
type Finding struct {
	// Subject is the object, file or Application that it is about.
	Subject string
	Origin  Origin
	Problem string
	Fix     string
}

func (f Finding) String() string {
	s := fmt.Sprintf("%s: %s: %s", f.Origin, f.Subject, f.Problem)
	if f.Fix != "" {
		s += ": " + f.Fix
	}
	return s
}

func found(o Object, origin Origin, fix, problem string, args ...any) Finding {
	return Finding{Subject: o.ID(), Origin: origin, Problem: fmt.Sprintf(problem, args...), Fix: fix}
}

// Words are findings as text, one a line, sorted; "none" without any.
func Words(fs []Finding) string {
	if len(fs) == 0 {
		return "none"
	}
	lines := make([]string, 0, len(fs))
	for _, f := range fs {
		lines = append(lines, f.String())
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n            ")
}

// sorted orders objects by their names, so that findings have one order.
func sorted(objects []Object) []Object {
	out := slices.Clone(objects)
	slices.SortStableFunc(out, func(a, b Object) int {
		return cmp.Or(strings.Compare(a.ID(), b.ID()), strings.Compare(a.Origin.String(), b.Origin.String()))
	})
	return out
}
