package evidence

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/check"
)

// Period is what the bundles of a time say together. A SOC 2 Type II report is about
// operation over a time, not about one day.
type Period struct {
	// From and To are the first and the last day, in UTC, both counted.
	From, To time.Time
	Days     []Day
	// Broken are checks that failed at least once, in the order of first failure.
	Broken []Failure
	// Chain lists where the bundles do not follow one another.
	Chain []string
}

// Day is one day of a period and the runs that began on it.
type Day struct {
	Date time.Time
	Runs []string
	// Count is of the day's last run.
	Count check.Count
	// Incomplete is the number of gaps of the day's last run.
	Incomplete int
}

// Failure is a check that failed, from its first failure until it passed again.
type Failure struct {
	ID, Suite, Environment string
	Controls               []string
	First                  time.Time
	// Mended is when it passed again; zero while it has not.
	Mended time.Time
	// Runs is the number of runs in which it failed.
	Runs int
	Said string
}

// ReportPeriod reads bundles of a period: one run is expected each day from from to
// to. Bundles outside the period are an error: a report must not be of another time
// than it says.
func ReportPeriod(bundles []*Bundle, from, to time.Time) (Period, error) {
	from, to = date(from), date(to)
	if to.Before(from) {
		return Period{}, fmt.Errorf("period: %s is before %s", to.Format(time.DateOnly), from.Format(time.DateOnly))
	}
	bundles = slices.Clone(bundles)
	slices.SortStableFunc(bundles, func(a, b *Bundle) int { return a.Run.Started.Compare(b.Run.Started) })
	p := Period{From: from, To: to}
	for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
		p.Days = append(p.Days, Day{Date: d})
	}
	before := map[string]*Bundle{} // by series
	for _, b := range bundles {
		if b.Run.Shard != "" {
			return Period{}, fmt.Errorf("period: %s is part %s of a run: merge the parts first", b.Run.ID, b.Run.Shard)
		}
		day := date(b.Run.Started)
		if day.Before(from) || day.After(to) {
			return Period{}, fmt.Errorf("period: %s began on %s, outside of the period", b.Run.ID, day.Format(time.DateOnly))
		}
		d := &p.Days[int(day.Sub(from)/(24*time.Hour))]
		d.Runs, d.Count, d.Incomplete = append(d.Runs, b.Run.ID), check.Tally(b.Results), len(b.Run.Gaps)
		if a := before[b.Run.Series]; a != nil {
			p.Chain = append(p.Chain, follows(a, b)...)
		}
		before[b.Run.Series] = b
	}
	for _, series := range sortedKeys(before) {
		p.Broken = append(p.Broken, failures(slices.DeleteFunc(slices.Clone(bundles), func(b *Bundle) bool { return b.Run.Series != series }))...)
	}
	slices.SortStableFunc(p.Broken, func(a, b Failure) int { return a.First.Compare(b.First) })
	return p, nil
}

func date(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func follows(a, b *Bundle) []string {
	want := digest(a.Files[ManifestFile])
	switch {
	case b.Manifest.Previous == nil:
		return []string{fmt.Sprintf("%s begins a new chain after %s", b.Run.ID, a.Run.ID)}
	case b.Manifest.Previous.SHA256 != want:
		return []string{fmt.Sprintf("%s follows %s, and the bundle before it here is %s: one is missing or was exchanged", b.Run.ID, b.Manifest.Previous.Run, a.Run.ID)}
	}
	return nil
}

func failures(bundles []*Bundle) []Failure {
	var out []Failure
	open := map[string]int{}
	for _, b := range bundles {
		results := byKey(b.Results)
		for _, k := range sortedKeys(results) {
			r := results[k]
			i, failing := open[k]
			switch {
			case r.Verdict == check.Fail && !failing:
				open[k] = len(out)
				out = append(out, Failure{ID: r.ID, Suite: r.Suite, Environment: r.Environment, Controls: r.Controls, First: r.Time, Runs: 1, Said: r.Observed})
			case r.Verdict == check.Fail:
				out[i].Runs++
			case r.Verdict == check.Pass && failing:
				out[i].Mended = r.Time
				delete(open, k)
			}
		}
	}
	return out
}

// Counts are the runs expected, the days with one, and the days whose last run had
// a failed check or a gap.
func (p Period) Counts() (expected, present, failed int) {
	for _, d := range p.Days {
		expected++
		if len(d.Runs) > 0 {
			present++
			if d.Count.Fail > 0 || d.Incomplete > 0 {
				failed++
			}
		}
	}
	return expected, present, failed
}

// Good tells whether every expected run is there, is complete and without failure,
// and whether the chain is whole.
func (p Period) Good() bool {
	expected, present, failed := p.Counts()
	return expected == present && failed == 0 && len(p.Chain) == 0
}

// WritePeriod prints the report.
func WritePeriod(w io.Writer, p Period) error {
	var b strings.Builder
	expected, present, failed := p.Counts()
	fmt.Fprintf(&b, "%s to %s: %d runs expected, %d present, %d with failures or gaps\n\n", p.From.Format(time.DateOnly), p.To.Format(time.DateOnly), expected, present, failed)
	for _, d := range p.Days {
		switch {
		case len(d.Runs) == 0:
			fmt.Fprintf(&b, "%s  MISSING  no run\n", d.Date.Format(time.DateOnly))
		default:
			state := "ok     "
			if d.Count.Fail > 0 || d.Incomplete > 0 {
				state = "FAILED "
			}
			fmt.Fprintf(&b, "%s  %s  %s", d.Date.Format(time.DateOnly), state, d.Count)
			if d.Incomplete > 0 {
				fmt.Fprintf(&b, ", %s", plural(d.Incomplete, "gap"))
			}
			fmt.Fprintf(&b, "  (%s)\n", strings.Join(d.Runs, ", "))
		}
	}
	if len(p.Broken) > 0 {
		b.WriteString("\nchecks that failed\n")
	}
	for _, f := range p.Broken {
		end := "open at the end of the period"
		if !f.Mended.IsZero() {
			end = "mended after " + f.Mended.Sub(f.First).Round(time.Minute).String()
		}
		fmt.Fprintf(&b, "  %s (%s, %s): first %s, in %s, %s\n    observed: %s\n", f.ID, f.Environment, strings.Join(f.Controls, " "),
			f.First.UTC().Format("2006-01-02 15:04"), plural(f.Runs, "run"), end, f.Said)
	}
	if len(p.Chain) > 0 {
		b.WriteString("\nchain\n")
	}
	for _, c := range p.Chain {
		fmt.Fprintf(&b, "  %s\n", c)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
