package logs

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// Day is a day of container logs in short, and what is asked of them.
type Day struct {
	Pods    map[string]Pod `json:"pods"`
	Lines   []DayLine      `json:"lines"`
	Answers []Answer       `json:"answers"`
	// Absent are texts that must be in no line.
	Absent []string `json:"absent"`
}

// DayLine is what one pod writes: once At a time, or Every so often. A log of
// several lines is written as several.
type DayLine struct {
	Pod   string   `json:"pod"`
	At    Duration `json:"at"`
	Every Duration `json:"every"`
	From  Duration `json:"from"`
	To    Duration `json:"to"`
	Log   string   `json:"log"`
}

// Answer is what a panel shows over the day.
type Answer struct {
	Panel string            `json:"panel"`
	Where map[string]string `json:"where"`
	// Lines is how many lines a panel of logs shows; each has the text Hold.
	Lines *int   `json:"lines"`
	Hold  string `json:"hold"`
	// Counts are the lines behind a panel of rates, by the value of the label level.
	Counts map[string]int `json:"counts"`
}

// Duration is a time.Duration that is written as text, such as 12h5m.
type Duration struct{ time.Duration }

// UnmarshalJSON reads the text of a duration.
func (d *Duration) UnmarshalJSON(text []byte) error {
	s, err := strconv.Unquote(string(text))
	if err != nil {
		return fmt.Errorf("duration %s: want text such as 12h5m", text)
	}
	d.Duration, err = time.ParseDuration(s)
	return err
}

const dayLength = 24 * time.Hour

// ParseDay reads a day; unknown keys and pods and times outside of the day are refused.
func ParseDay(file string, text []byte) (*Day, error) {
	d := &Day{}
	if err := yaml.UnmarshalStrict(text, d); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for i := range d.Lines {
		l := &d.Lines[i]
		if l.To.Duration == 0 {
			l.To.Duration = dayLength
		}
		_, known := d.Pods[l.Pod]
		switch {
		case !known:
			return nil, fmt.Errorf("%s: line %d: unknown pod %q; known are %s", file, lineOf(text, l.Log), l.Pod, strings.Join(keys(d.Pods), ", "))
		case (l.Every.Duration > 0) == (l.At.Duration > 0):
			return nil, fmt.Errorf("%s: line %d: want one of at and every", file, lineOf(text, l.Log))
		case l.Every.Duration < 0 || l.At.Duration < 0 || l.From.Duration < 0 || max(l.At.Duration, l.To.Duration) > dayLength:
			return nil, fmt.Errorf("%s: line %d: times are between 0 and 24h", file, lineOf(text, l.Log))
		case l.Every.Duration > 0 && l.Every.Duration < time.Second:
			return nil, fmt.Errorf("%s: line %d: every %s: want 1s or more", file, lineOf(text, l.Log), l.Every)
		}
	}
	return d, nil
}

// lineOf is the number of the line that has the text, 0 where it is not found.
func lineOf(text []byte, log string) int {
	first, _, _ := strings.Cut(log, "\n")
	before, _, found := bytes.Cut(text, []byte(first))
	if first == "" || !found {
		return 0
	}
	return bytes.Count(before, []byte("\n")) + 1
}

// Files are the log files of the day that begins at start, by pod, in the order of
// time, as containerd writes them.
func (d *Day) Files(start time.Time) map[string][]string {
	type written struct {
		at   time.Time
		text string
	}
	files := map[string][]written{}
	for _, l := range d.Lines {
		from, every := l.From.Duration, l.Every.Duration
		to := l.To.Duration
		if every == 0 {
			from, to, every = l.At.Duration, l.At.Duration+1, dayLength
		}
		n := 0
		for at := from; at < to; at += every {
			n++
			for j, text := range strings.Split(strings.ReplaceAll(l.Log, "$n", strconv.Itoa(n)), "\n") {
				// A nanosecond apart, so that the order is kept and no two are one.
				files[l.Pod] = append(files[l.Pod], written{start.Add(at + time.Duration(j)), text})
			}
		}
	}
	out := map[string][]string{}
	for pod, list := range files {
		slices.SortStableFunc(list, func(a, b written) int { return a.at.Compare(b.at) })
		for _, w := range list {
			out[pod] = append(out[pod], w.at.UTC().Format(time.RFC3339Nano)+" stdout F "+w.text)
		}
	}
	return out
}
