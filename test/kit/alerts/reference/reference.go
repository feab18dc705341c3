// Package reference evaluates scenarios with Prometheus' own rule engine over
// its own storage, one evaluation after another, as the server does. It is slow
// and it is what the fast engine of package alerts must agree with.
package reference

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	prom "github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"go.yaml.in/yaml/v3"

	"github.com/fintrack/platform/test/kit/alerts"
)

// Run evaluates the given rules over a scenario. dir is an empty folder for the
// storage.
func Run(ctx context.Context, dir string, rs *alerts.Rules, s *alerts.Scenario, list []*alerts.Rule) ([]*alerts.Instance, error) {
	file := filepath.Join(dir, "rules.yaml")
	if err := os.WriteFile(file, GroupFile(list, true), 0o600); err != nil {
		return nil, err
	}
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = (60 * 24 * time.Hour).Milliseconds()
	db, err := tsdb.Open(filepath.Join(dir, "tsdb"), slog.New(slog.DiscardHandler), nil, opts, nil)
	if err != nil {
		return nil, fmt.Errorf("open storage: %w", err)
	}
	defer db.Close()
	groups, err := load(ctx, db, file)
	if err != nil {
		return nil, err
	}
	store := s.Build(rs.Inputs(list))
	series := store.Series()
	w := newWatch(list)
	refs := make([]storage.SeriesRef, len(series))
	for i := range store.N {
		if !s.Evaluates(i) {
			continue
		}
		now := store.At(i)
		if err := scrape(ctx, db, series, refs, i, now); err != nil {
			return nil, err
		}
		for _, g := range groups {
			if i%int(g.Interval()/alerts.Step) == 0 {
				g.Eval(ctx, now)
			}
		}
		if err := w.look(groups, now); err != nil {
			return nil, err
		}
	}
	return w.found, nil
}

// load gives the groups in the order of the file: recorded series come first.
func load(ctx context.Context, db *tsdb.DB, file string) ([]*rules.Group, error) {
	engine := prom.NewEngine(alerts.EngineOptions())
	m := rules.NewManager(&rules.ManagerOptions{
		Context: ctx, Appendable: db, Queryable: db, QueryFunc: rules.EngineQueryFunc(engine, db),
		Logger: slog.New(slog.DiscardHandler), ExternalURL: &url.URL{}, NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
		OutageTolerance: time.Hour, ForGracePeriod: 10 * time.Minute, ResendDelay: time.Minute, Parser: parser.NewParser(parser.Options{}),
	})
	byKey, errs := m.LoadGroups(alerts.Step, labels.EmptyLabels(), "", nil, false, file)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	var out []*rules.Group
	for _, g := range byKey {
		out = append(out, g)
	}
	// Names begin with their number in the file.
	slices.SortFunc(out, func(a, b *rules.Group) int { return strings.Compare(a.Name(), b.Name()) })
	return out, nil
}

// scrape writes the samples of one step. A new storage takes a reference of zero
// for a series that it does not know.
func scrape(ctx context.Context, db *tsdb.DB, series []*alerts.Series, refs []storage.SeriesRef, i int, now time.Time) error {
	app := db.Appender(ctx)
	for n, one := range series {
		v, ok := one.Sample(i)
		if !ok {
			continue
		}
		ref, err := app.Append(refs[n], one.Labels, now.UnixMilli(), v)
		if err != nil {
			return errors.Join(fmt.Errorf("append %s: %w", one.Labels, err), app.Rollback())
		}
		refs[n] = ref
	}
	return app.Commit()
}

// watch follows the states of all alerts from one evaluation to the next.
type watch struct {
	rules map[string]*alerts.Rule
	state map[string]rules.AlertState
	by    map[string]*alerts.Instance
	found []*alerts.Instance
}

func newWatch(list []*alerts.Rule) *watch {
	w := &watch{rules: map[string]*alerts.Rule{}, state: map[string]rules.AlertState{}, by: map[string]*alerts.Instance{}}
	for _, r := range list {
		w.rules[r.Name()] = r
	}
	return w
}

func (w *watch) look(groups []*rules.Group, now time.Time) error {
	seen := map[string]rules.AlertState{}
	for _, g := range groups {
		for _, r := range g.Rules() {
			if err := r.LastError(); err != nil {
				return fmt.Errorf("evaluate %s at %s: %w", r.Name(), now, err)
			}
		}
		for _, r := range g.AlertingRules() {
			for _, a := range r.ActiveAlerts() {
				w.note(r.Name(), a, now, seen)
			}
		}
	}
	for key, before := range w.state {
		if before == rules.StateFiring && seen[key] != rules.StateFiring {
			in := w.by[key]
			in.Firing[len(in.Firing)-1].To = now
		}
	}
	w.state = seen
	return nil
}

func (w *watch) note(name string, a *rules.Alert, now time.Time, seen map[string]rules.AlertState) {
	if a.State != rules.StatePending && a.State != rules.StateFiring {
		return
	}
	key := a.Labels.String()
	in := w.by[key]
	if in == nil {
		in = &alerts.Instance{Rule: w.rules[name], Labels: a.Labels}
		w.by[key] = in
		w.found = append(w.found, in)
	}
	before := w.state[key]
	if before != rules.StatePending && before != rules.StateFiring {
		in.Pending = append(in.Pending, now)
	}
	if a.State == rules.StateFiring && before != rules.StateFiring {
		in.Firing = append(in.Firing, alerts.Interval{From: now})
	}
	seen[key] = a.State
}

// GroupFile writes rules as a file for Prometheus itself, in their order; a new
// group begins where the group of the rules changes. Annotations are left out
// unless asked for: promtool would want to compare them.
func GroupFile(list []*alerts.Rule, annotations bool) []byte {
	type rule struct {
		Alert         string            `yaml:"alert,omitempty"`
		Record        string            `yaml:"record,omitempty"`
		Expr          string            `yaml:"expr"`
		For           string            `yaml:"for,omitempty"`
		KeepFiringFor string            `yaml:"keep_firing_for,omitempty"`
		Labels        map[string]string `yaml:"labels,omitempty"`
		Annotations   map[string]string `yaml:"annotations,omitempty"`
	}
	type group struct {
		Name     string `yaml:"name"`
		Interval string `yaml:"interval"`
		Rules    []rule `yaml:"rules"`
	}
	var groups []group
	last := ""
	for _, r := range list {
		if r.Group != last {
			groups = append(groups, group{Name: fmt.Sprintf("%03d.%s", len(groups), r.Group), Interval: model.Duration(r.Interval).String()})
			last = r.Group
		}
		out := rule{Alert: r.Alert, Record: r.Record, Expr: r.Text, Labels: r.Labels}
		if annotations {
			out.Annotations = r.Annotations
		}
		if r.For > 0 {
			out.For = model.Duration(r.For).String()
		}
		if r.KeepFiringFor > 0 {
			out.KeepFiringFor = model.Duration(r.KeepFiringFor).String()
		}
		g := &groups[len(groups)-1]
		g.Rules = append(g.Rules, out)
	}
	text, err := yaml.Marshal(map[string]any{"groups": groups})
	if err != nil {
		// Strings and lists of them always marshal.
		panic(err)
	}
	return text
}

// Differences lists where two engines disagree on when alerts pend and fire.
func Differences(want, got []*alerts.Instance) []string {
	a, b := describe(want), describe(got)
	var out []string
	for key, text := range a {
		if b[key] != text {
			out = append(out, fmt.Sprintf("%s: the reference says %s, the fast engine %s", key, text, b[key]))
		}
	}
	for key, text := range b {
		if _, ok := a[key]; !ok {
			out = append(out, fmt.Sprintf("%s: the reference says nothing, the fast engine %s", key, text))
		}
	}
	slices.Sort(out)
	return out
}

func describe(list []*alerts.Instance) map[string]string {
	out := map[string]string{}
	for _, in := range list {
		var b strings.Builder
		for _, p := range in.Pending {
			fmt.Fprintf(&b, "pending %s ", p.UTC().Format(time.RFC3339))
		}
		for _, f := range in.Firing {
			fmt.Fprintf(&b, "firing %s..%s ", f.From.UTC().Format(time.RFC3339), f.To.UTC().Format(time.RFC3339))
		}
		out[in.Labels.String()] = strings.TrimSpace(b.String())
	}
	return out
}
