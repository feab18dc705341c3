package evidence

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/check"
)

// Change is one difference between two bundles.
type Change struct {
	// Control is the criterion; empty for what bears on none.
	Control string
	// ID and Suite name the check, Environment where it was asked.
	ID, Suite, Environment string
	// What is one of the kinds below.
	What string
	// Before and After say it in words.
	Before, After string
}

// The kinds of changes, the worst first.
const (
	Broke    = "broke"
	Gone     = "no longer made"
	Unproven = "no longer proven"
	Mended   = "mended"
	Proven   = "now proven"
	Added    = "new"
	Observed = "observed another value"
)

var changeOrder = []string{Broke, Gone, Unproven, Mended, Proven, Added, Observed}

// Diff lists what changed from one bundle to another, by control: verdicts, checks
// that came or went, values. A check counts under each criterion that it names.
func Diff(before, after *Bundle) []Change {
	old, now := byKey(before.Results), byKey(after.Results)
	var out []Change
	for _, k := range sortedKeys(old) {
		if _, ok := now[k]; !ok {
			out = append(out, changes(old[k], Gone, verdictAnd(old[k]), "")...)
		}
	}
	for _, k := range sortedKeys(now) {
		a, ok := old[k]
		b := now[k]
		switch {
		case !ok:
			out = append(out, changes(b, Added, "", verdictAnd(b))...)
		case a.Verdict != b.Verdict:
			out = append(out, changes(b, turned(a.Verdict, b.Verdict), verdictAnd(a), verdictAnd(b))...)
		case a.Observed != b.Observed || a.Expected != b.Expected:
			out = append(out, changes(b, Observed, a.Expected+"; "+a.Observed, b.Expected+"; "+b.Observed)...)
		}
	}
	slices.SortStableFunc(out, func(a, b Change) int {
		return cmp.Or(cmp.Compare(rank(a.Control), rank(b.Control)),
			cmp.Compare(slices.Index(changeOrder, a.What), slices.Index(changeOrder, b.What)), strings.Compare(a.ID, b.ID))
	})
	return out
}

func turned(from, to check.Verdict) string {
	switch {
	case to == check.Fail:
		return Broke
	case to == check.NotProven:
		return Unproven
	case from == check.Fail:
		return Mended
	}
	return Proven
}

func verdictAnd(r check.Result) string { return string(r.Verdict) + ", " + r.Observed }

func changes(r check.Result, what, before, after string) (out []Change) {
	controls := r.Controls
	if len(controls) == 0 {
		controls = []string{""}
	}
	for _, c := range controls {
		out = append(out, Change{c, r.ID, r.Suite, r.Environment, what, before, after})
	}
	return out
}

// rank orders criteria as check.Controls does; what bears on none comes last.
func rank(control string) int {
	if i := slices.Index(check.Controls, control); i >= 0 {
		return i
	}
	return len(check.Controls)
}

// WriteDiff prints changes by control.
func WriteDiff(w io.Writer, before, after *Bundle, changes []Change) error {
	var b strings.Builder
	fmt.Fprintf(&b, "from %s\nto   %s\n", before.Summary(), after.Summary())
	if len(changes) == 0 {
		b.WriteString("\nno check changed\n")
	}
	last := "\x00"
	for _, c := range changes {
		if c.Control != last {
			fmt.Fprintf(&b, "\n%s\n", cmp.Or(c.Control, "no criterion"))
			last = c.Control
		}
		fmt.Fprintf(&b, "  %-22s %s (%s)\n", c.What, c.ID, c.Environment)
		if c.Before != "" {
			fmt.Fprintf(&b, "    before: %s\n", c.Before)
		}
		if c.After != "" {
			fmt.Fprintf(&b, "    after:  %s\n", c.After)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
