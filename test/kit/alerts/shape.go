package alerts

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Shape is how a value runs over time: segments, separated by commas.
//
//	steady 5 for 30m          the same value
//	ramp 0..10 for 1h         from one value to another in a line
//	spike 1..50 for 10m       up and down again
//	diurnal 5..40 peak 15h    a cosine over each day (UTC); "weekend 0.3" scales Saturday and Sunday
//	usual for 1h              what the platform does when nothing is wrong
//	outage for 5m             no samples
//	reset                     a counter starts again at zero
//
// The last segment takes the rest of the time and has no "for". A number may
// end with /m or /h (per minute, per hour); "+30d" is the time 30 days after the
// start of the scenario, in seconds since 1970.
type Shape struct{ segments []segment }

type segment struct {
	kind     string
	from, to number
	peak     time.Duration
	weekend  float64
	// length is zero for the last segment.
	length time.Duration
}

type number struct {
	value float64
	// after is set where the number is a time after the start.
	after   time.Duration
	instant bool
}

func (n number) at(start time.Time) float64 {
	if n.instant {
		return float64(start.Add(n.after).Unix())
	}
	return n.value
}

// ParseShape reads a shape.
func ParseShape(text string) (Shape, error) {
	var s Shape
	parts := strings.Split(text, ",")
	for i, part := range parts {
		seg, err := parseSegment(strings.Fields(part))
		if err != nil {
			return Shape{}, fmt.Errorf("%q: %w", strings.TrimSpace(part), err)
		}
		last := i == len(parts)-1
		if seg.kind != "reset" && last != (seg.length == 0) {
			return Shape{}, fmt.Errorf("%q: each segment but the last has a length (for 10m), and the last takes the rest", strings.TrimSpace(part))
		}
		if seg.kind == "reset" && last {
			return Shape{}, fmt.Errorf("%q cannot be the last segment", part)
		}
		s.segments = append(s.segments, seg)
	}
	return s, nil
}

func parseSegment(words []string) (segment, error) {
	if len(words) == 0 {
		return segment{}, fmt.Errorf("an empty segment")
	}
	seg := segment{kind: words[0], weekend: 1}
	words = words[1:]
	var err error
	switch seg.kind {
	case "steady":
		if len(words) == 0 {
			return seg, fmt.Errorf("steady needs a value")
		}
		seg.from, err = parseNumber(words[0])
		seg.to, words = seg.from, words[1:]
	case "ramp", "spike", "diurnal":
		if len(words) == 0 {
			return seg, fmt.Errorf("%s needs two values, for example 0..10", seg.kind)
		}
		low, high, ok := strings.Cut(words[0], "..")
		if !ok {
			return seg, fmt.Errorf("%s needs two values, for example 0..10, and has %q", seg.kind, words[0])
		}
		if seg.from, err = parseNumber(low); err == nil {
			seg.to, err = parseNumber(high)
		}
		words = words[1:]
	case "usual", "outage", "reset":
	default:
		return seg, fmt.Errorf("unknown shape %q; known are steady, ramp, spike, diurnal, usual, outage, reset", seg.kind)
	}
	if err != nil {
		return seg, err
	}
	return seg, seg.parseOptions(words)
}

func (s *segment) parseOptions(words []string) error {
	for len(words) > 0 {
		if len(words) == 1 {
			return fmt.Errorf("%q has no value", words[0])
		}
		key, value := words[0], words[1]
		words = words[2:]
		if key == "weekend" && s.kind == "diurnal" {
			f, err := strconv.ParseFloat(value, 64)
			if err != nil || f < 0 || f > 10 {
				return fmt.Errorf("weekend %q: want a factor from 0 to 10", value)
			}
			s.weekend = f
			continue
		}
		d, err := model.ParseDuration(value)
		if err != nil {
			return fmt.Errorf("%s %q: %w", key, value, err)
		}
		switch {
		case key == "for" && s.kind != "reset" && d > 0:
			s.length = time.Duration(d)
		case key == "peak" && s.kind == "diurnal" && time.Duration(d) < 24*time.Hour:
			s.peak = time.Duration(d)
		default:
			return fmt.Errorf("%s %s does not go with %s", key, value, s.kind)
		}
	}
	return nil
}

func parseNumber(text string) (number, error) {
	if after, ok := strings.CutPrefix(text, "+"); ok {
		d, err := model.ParseDuration(after)
		if err != nil {
			return number{}, fmt.Errorf("%q: a number with + is a time after the start, for example +30d", text)
		}
		return number{after: time.Duration(d), instant: true}, nil
	}
	divisor := 1.0
	plain := text
	for suffix, seconds := range map[string]float64{"/m": 60, "/h": 3600} {
		if cut, ok := strings.CutSuffix(text, suffix); ok {
			plain, divisor = cut, seconds
		}
	}
	f, err := strconv.ParseFloat(plain, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return number{}, fmt.Errorf("%q is not a number", text)
	}
	return number{value: f / divisor}, nil
}

// moment is a point of a shape: the value, whether there is one at all, and
// whether a counter starts again at it.
type moment struct {
	value          float64
	present, reset bool
}

// sample writes the shape at each of n steps; usual gives what the platform does
// when nothing is wrong, and may be nil where the shape has no usual segment.
func (s Shape) sample(start time.Time, step time.Duration, n int, usual []moment) []moment {
	out := make([]moment, n)
	i, began := 0, time.Duration(0)
	reset := false
	for at := range out {
		offset := time.Duration(at) * step
		for s.segments[i].kind == "reset" || s.segments[i].length > 0 && offset >= began+s.segments[i].length {
			reset = reset || s.segments[i].kind == "reset"
			began += s.segments[i].length
			i++
		}
		seg := s.segments[i]
		length := seg.length
		if length == 0 {
			length = time.Duration(n)*step - began
		}
		m := moment{present: true, reset: reset}
		reset = false
		from, to := seg.from.at(start), seg.to.at(start)
		part := float64(offset-began) / float64(length)
		switch seg.kind {
		case "steady":
			m.value = from
		case "ramp":
			m.value = from + (to-from)*part
		case "spike":
			m.value = from + (to-from)*(1-math.Abs(2*part-1))
		case "diurnal":
			m.value = seg.day(start.Add(offset), from, to)
		case "usual":
			m.value, m.present = usual[at].value, usual[at].present
			m.reset = m.reset || usual[at].reset
		case "outage":
			m.present = false
		}
		out[at] = m
	}
	return out
}

func (s segment) day(at time.Time, low, high float64) float64 {
	at = at.UTC()
	hour := at.Sub(at.Truncate(24*time.Hour)) - s.peak
	v := low + (high-low)*(1+math.Cos(2*math.Pi*float64(hour)/float64(24*time.Hour)))/2
	if d := at.Weekday(); d == time.Saturday || d == time.Sunday {
		v *= s.weekend
	}
	return v
}

func (s Shape) empty() bool { return len(s.segments) == 0 }

func (s Shape) uses(kind string) bool {
	for _, seg := range s.segments {
		if seg.kind == kind {
			return true
		}
	}
	return false
}
