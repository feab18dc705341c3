package check

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// Stage is one timed step of a run.
type Stage struct {
	Name     string        `json:"stage"`
	Duration time.Duration `json:"duration_ns"`
	Failed   bool          `json:"failed,omitempty"`
}

// Count is the number of results by verdict.
type Count struct{ Pass, Fail, NotProven int }

// Tally counts results by verdict.
func Tally(rs []Result) (c Count) {
	for _, r := range rs {
		switch r.Verdict {
		case Pass:
			c.Pass++
		case NotProven:
			c.NotProven++
		default:
			c.Fail++
		}
	}
	return c
}

func (c Count) String() string {
	s := fmt.Sprintf("%d proven, %d failed", c.Pass, c.Fail)
	if c.NotProven > 0 {
		s += fmt.Sprintf(", %d not proven here", c.NotProven)
	}
	return s
}

var marks = map[Verdict]string{Pass: "pass", Fail: "FAIL", NotProven: "n/p "}

// WriteTable prints the results as a table: verdict, id, controls, title; what
// was expected and observed stands below each check that did not pass.
func WriteTable(w io.Writer, rs []Result) error {
	b := bufio.NewWriter(w)
	id, ctl := len("check"), len("controls")
	for _, r := range rs {
		id = max(id, utf8.RuneCountInString(r.ID))
		ctl = max(ctl, len(strings.Join(r.Controls, " ")))
	}
	fmt.Fprintf(b, "      %-*s  %-*s  %s\n", id, "check", ctl, "controls", "promise")
	for _, r := range rs {
		fmt.Fprintf(b, "%s  %-*s  %-*s  %s\n", marks[r.Verdict], id, r.ID, ctl, strings.Join(r.Controls, " "), r.Title)
		if r.Verdict != Pass {
			fmt.Fprintf(b, "        subject:  %s\n        expected: %s\n        observed: %s\n", r.Subject, r.Expected, r.Observed)
			if r.Next != "" {
				fmt.Fprintf(b, "        next:     %s\n", r.Next)
			}
		}
	}
	return b.Flush()
}

// WriteStages prints one line with each stage and its time.
func WriteStages(w io.Writer, stages []Stage) error {
	parts := make([]string, 0, len(stages))
	var total time.Duration
	for _, s := range stages {
		total += s.Duration
		mark := ""
		if s.Failed {
			mark = " FAILED"
		}
		parts = append(parts, fmt.Sprintf("%s %.1fs%s", s.Name, s.Duration.Seconds(), mark))
	}
	_, err := fmt.Fprintf(w, "stages: %s; total %.1fs\n", strings.Join(parts, ", "), total.Seconds())
	return err
}

// ReadJournalFile reads a journal by its name, which its errors tell.
func ReadJournalFile(name string) ([]Result, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rs, err := ReadJournal(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rs, nil
}

// ReadJournal reads the JSON lines that a Set wrote. A line that does not parse
// is an error that names its number: a journal is never half read.
func ReadJournal(r io.Reader) ([]Result, error) {
	var out []Result
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		if strings.TrimSpace(sc.Text()) == "" {
			continue
		}
		var res Result
		if err := json.Unmarshal(sc.Bytes(), &res); err != nil {
			return nil, fmt.Errorf("results journal, line %d: %w", n, err)
		}
		out = append(out, res)
	}
	return out, sc.Err()
}
