package alerts

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// Platform is how everything behaves when nothing is wrong: the series that
// every scenario starts from.
type Platform struct{ families []*family }

// ParsePlatform reads platform.yaml. Every metric of the catalogue must be in it.
func ParsePlatform(file string, text []byte, c *Catalogue) (*Platform, error) {
	var doc struct {
		Series []entry `yaml:"series"`
	}
	if err := decodeStrict(file, text, &doc); err != nil {
		return nil, err
	}
	p := &Platform{}
	var errs []error
	has := map[string]bool{}
	for _, e := range doc.Series {
		fs, err := families(file, e, c)
		p.families = append(p.families, fs...)
		errs = append(errs, err)
		has[e.Metric.Text] = true
	}
	for _, name := range c.Names() {
		if !has[name] {
			errs = append(errs, fmt.Errorf("%s: no series of %s, which the catalogue names", file, name))
		}
	}
	return p, errors.Join(errs...)
}

// Scenario is a stretch of simulated time in which something goes wrong, or
// nothing does, and what must come of it.
type Scenario struct {
	Name, About string
	Start       time.Time
	Duration    time.Duration
	// Unscraped is a time, from the start, in which Prometheus itself is down:
	// nothing is scraped and no rule is evaluated.
	Unscraped Window
	// Healthy scenarios evaluate every rule; others only what they touch.
	Healthy bool
	Expect  []Expectation
	// Told lists, for each receiver, the alerts that it must hear of. Receivers
	// that are not listed must hear of none.
	Told map[string][]string
	// Silent gives a time in which a receiver must hear nothing, its heartbeat included.
	Silent map[string]Window
	Place  Place

	families []*family
	touched  map[string]bool
	// receivers are the lines of the receivers that told and silent name.
	receivers map[string]int
}

// told is a mapping of receivers to alerts that knows its lines.
type told struct {
	names map[string][]string
	lines map[string]int
}

func (t *told) UnmarshalYAML(n *yaml.Node) error {
	t.lines = map[string]int{}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		t.lines[n.Content[i].Value] = n.Content[i].Line
	}
	return n.Decode(&t.names)
}

// Window is a time from .. to, both ends included, from the start of a scenario.
type Window struct{ From, To time.Duration }

func (w Window) holds(d time.Duration) bool { return d >= w.From && d <= w.To }

func (w Window) String() string {
	return model.Duration(w.From).String() + ".." + model.Duration(w.To).String()
}

// Expectation is one interval in which one instance of an alert fires.
type Expectation struct {
	Alert  string
	Labels map[string]string
	// Fires is when it begins to fire, Resolves when it ends, unless Never.
	Fires, Resolves Window
	Never           bool
	Place           Place
}

type scenarioDocument struct {
	About     string  `yaml:"about"`
	Start     line    `yaml:"start"`
	Duration  line    `yaml:"duration"`
	Healthy   bool    `yaml:"healthy"`
	Unscraped line    `yaml:"unscraped"`
	Series    []entry `yaml:"series"`
	Expect    []struct {
		Alert    line              `yaml:"alert"`
		Labels   map[string]string `yaml:"labels"`
		Fires    line              `yaml:"fires"`
		Resolves line              `yaml:"resolves"`
	} `yaml:"expect"`
	Told   told            `yaml:"told"`
	Silent map[string]line `yaml:"silent"`
}

// ParseScenario reads a scenario. Errors name the file and line: an unknown
// metric, label or alert, a change that touches no series of the platform.
func ParseScenario(file string, text []byte, c *Catalogue, p *Platform, rs *Rules) (*Scenario, error) {
	var doc scenarioDocument
	if err := decodeStrict(file, text, &doc); err != nil {
		return nil, err
	}
	s := &Scenario{
		Name: strings.TrimSuffix(baseName(file), ".yaml"), About: strings.TrimSpace(doc.About), Healthy: doc.Healthy,
		Told: doc.Told.names, Silent: map[string]Window{}, Place: Place{file, 1}, touched: map[string]bool{}, receivers: map[string]int{},
	}
	maps.Copy(s.receivers, doc.Told.lines)
	var errs []error
	bad := func(l line, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", Place{file, l.Line}, fmt.Sprintf(format, args...)))
	}
	var err error
	if s.Start, err = time.Parse(time.RFC3339, doc.Start.Text); err != nil || s.Start.Truncate(Step) != s.Start {
		bad(doc.Start, "start %q: want a time like 2026-03-10T09:00:00Z, on a multiple of %s", doc.Start.Text, Step)
	}
	d, err := model.ParseDuration(doc.Duration.Text)
	s.Duration = time.Duration(d)
	if err != nil || s.Duration < Step || s.Duration > 31*24*time.Hour {
		bad(doc.Duration, "duration %q: want one between %s and 31d", doc.Duration.Text, Step)
	}
	window := func(l line, what string) Window {
		w, err := parseWindow(l.Text)
		if err != nil {
			bad(l, "%s: %v", what, err)
		}
		return w
	}
	if doc.Unscraped.Text != "" {
		s.Unscraped = window(doc.Unscraped, "unscraped")
	}
	errs = append(errs, s.applySeries(file, doc.Series, c, p))
	for _, e := range doc.Expect {
		x := Expectation{Alert: e.Alert.Text, Labels: e.Labels, Fires: window(e.Fires, "fires"), Place: Place{file, e.Alert.Line}}
		if _, err := rs.Alert(x.Alert); err != nil {
			bad(e.Alert, "%v", err)
		}
		if x.Never = e.Resolves.Text == "never"; !x.Never {
			x.Resolves = window(e.Resolves, "resolves")
		}
		s.Expect = append(s.Expect, x)
	}
	for receiver, l := range doc.Silent {
		s.Silent[receiver] = window(l, "silent "+receiver)
		s.receivers[receiver] = l.Line
	}
	for _, receiver := range sortedKeys(doc.Told.names) {
		for _, name := range doc.Told.names[receiver] {
			if _, err := rs.Alert(name); err != nil {
				bad(line{Line: doc.Told.lines[receiver]}, "told.%s: %v", receiver, err)
			}
		}
	}
	return s, errors.Join(errs...)
}

func baseName(file string) string { return file[strings.LastIndexByte(file, '/')+1:] }

func parseWindow(text string) (Window, error) {
	a, b, ok := strings.Cut(text, "..")
	from, err1 := model.ParseDuration(a)
	to, err2 := model.ParseDuration(b)
	if !ok || err1 != nil || err2 != nil || to < from {
		return Window{}, fmt.Errorf("%q: want two times from the start, like 35m..36m", text)
	}
	return Window{time.Duration(from), time.Duration(to)}, nil
}

// applySeries copies the platform and lays the changes of a scenario over it.
func (s *Scenario) applySeries(file string, entries []entry, c *Catalogue, p *Platform) error {
	for _, f := range p.families {
		own := *f
		s.families = append(s.families, &own)
	}
	var errs []error
	for _, e := range entries {
		s.touched[e.Metric.Text] = true
		if e.Labels != nil {
			fs, err := families(file, e, c)
			errs = append(errs, err, s.clash(file, e, fs))
			s.families = append(s.families, fs...)
			continue
		}
		m, ch, err := parseEntry(file, e, c)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		matched := 0
		for _, f := range s.families {
			if f.matches(m.Name, e.Where) {
				f.changes = append(slices.Clone(f.changes), ch)
				matched++
			}
		}
		if matched == 0 {
			errs = append(errs, fmt.Errorf("%s: no series of %s in platform.yaml has these labels: use labels instead of where to make one", Place{file, e.Metric.Line}, m.Name))
		}
	}
	return errors.Join(errs...)
}

// clash reports new series that are there already.
func (s *Scenario) clash(file string, e entry, fs []*family) error {
	for _, f := range fs {
		for _, g := range s.families {
			if f.metric == g.metric && fmt.Sprint(f.labels) == fmt.Sprint(g.labels) {
				return fmt.Errorf("%s: %s%v is there already: use where to change it", Place{file, e.Metric.Line}, f.metric.Name, f.labels)
			}
		}
	}
	return nil
}

// Build writes the series of the metrics that are asked for; nil asks for all.
func (s *Scenario) Build(metrics map[string]bool) *Store {
	store := NewStore(s.Start, int(s.Duration/Step)+1)
	for _, f := range s.families {
		if metrics != nil && !metrics[f.metric.Name] {
			continue
		}
		list := f.series(store.Start, store.N)
		for _, one := range list {
			s.unscrape(one.Values)
		}
		store.Add(list...)
	}
	return store
}

// unscrape removes samples of the time in which Prometheus is down. It leaves
// no staleness marker: there is nobody to write one.
func (s *Scenario) unscrape(samples []float64) {
	for i := range samples {
		if !s.Evaluates(i) {
			samples[i] = absent
		}
	}
}

// Evaluates says whether Prometheus is up at step i.
func (s *Scenario) Evaluates(i int) bool {
	at := time.Duration(i) * Step
	return s.Unscraped == Window{} || at < s.Unscraped.From || at >= s.Unscraped.To
}

// Touches says whether a scenario can change what a rule does: whether the rule
// reads, by itself or through recording rules, a series that it changes.
func (s *Scenario) Touches(rs *Rules) map[*Rule]bool {
	all := s.Healthy || s.Unscraped != Window{}
	recorded := map[string]bool{}
	out := map[*Rule]bool{}
	for _, r := range slices.Concat(rs.Recording, rs.Alerts) {
		for _, m := range rs.reads[r] {
			if all || recorded[m] || s.changes(m) {
				out[r] = true
			}
		}
		if all {
			out[r] = true
		}
		if out[r] && r.Record != "" {
			recorded[r.Record] = true
		}
	}
	return out
}

// changes says whether a scenario changes a series name, which for a histogram
// ends with _bucket, _sum or _count.
func (s *Scenario) changes(series string) bool {
	return s.touched[series] || s.touched[baseMetric(series)]
}

func baseMetric(series string) string {
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, ok := strings.CutSuffix(series, suffix); ok {
			return base
		}
	}
	return series
}
