// Package alerts proves alert rules over simulated time: what a rule says is
// read from the PrometheusRule objects that are deployed, a scenario says how
// the platform behaves, and the engine says which alerts fire when.
//
// Everything here is a pure function over data. Prometheus' own rule engine over
// its own storage, the reference that this engine must agree with, is in
// package reference; Alertmanager in simulated time is in package delivery.
package alerts

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Rule is one alerting or recording rule.
type Rule struct {
	// Alert is the name of an alerting rule, Record the metric that a recording
	// rule writes. One of them is empty.
	Alert, Record string
	Group         string
	// Interval is the evaluation interval of the group.
	Interval time.Duration
	// Text is the expression as written, Expr as parsed.
	Text string
	Expr parser.Expr
	// For is how long the expression must hold before the alert fires,
	// KeepFiringFor how long it goes on when it no longer holds.
	For, KeepFiringFor time.Duration
	// Labels and Annotations may hold templates.
	Labels, Annotations map[string]string
	// Place is the file and line of the rule, ExprPlace of its expression.
	Place, ExprPlace Place
}

// Name is the alert's name, or the recorded metric.
func (r *Rule) Name() string {
	if r.Alert != "" {
		return r.Alert
	}
	return r.Record
}

// Place is where something is written.
type Place struct {
	File string
	Line int
}

func (p Place) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Rules are the rules of all groups: first the recording rules, in an order in
// which each comes after those that it reads, then the alerts.
type Rules struct {
	Recording, Alerts []*Rule
	// reads maps a rule to the metrics that it reads, recorded ones included.
	reads map[*Rule][]string
}

var promql = parser.NewParser(parser.Options{})

// severities that an alert may have. "none" is for the heartbeat alone.
var severities = []string{"critical", "warning", "info", "none"}

// ruleDocument is a PrometheusRule, as the operator of prometheus-operator/
// prometheus-operator reads it (API reference, monitoring.coreos.com/v1).
type ruleDocument struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string `yaml:"kind"`
	Metadata   any    `yaml:"metadata"`
	Spec       struct {
		Groups []struct {
			Name     line `yaml:"name"`
			Interval line `yaml:"interval"`
			Rules    []struct {
				Alert         line              `yaml:"alert"`
				Record        line              `yaml:"record"`
				Expr          line              `yaml:"expr"`
				For           line              `yaml:"for"`
				KeepFiringFor line              `yaml:"keep_firing_for"`
				Labels        map[string]string `yaml:"labels"`
				Annotations   map[string]string `yaml:"annotations"`
			} `yaml:"rules"`
		} `yaml:"groups"`
	} `yaml:"spec"`
}

// ParseRules reads PrometheusRule objects, one a file, given by file name. All
// errors are returned together, each with its file and line.
func ParseRules(files map[string][]byte) (*Rules, error) {
	var all []*Rule
	var errs []error
	for _, name := range sortedKeys(files) {
		rules, err := parseRuleFile(name, files[name])
		all = append(all, rules...)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return NewRules(all)
}

func parseRuleFile(name string, text []byte) ([]*Rule, error) {
	var doc ruleDocument
	if err := decodeStrict(name, text, &doc); err != nil {
		return nil, err
	}
	if doc.Kind != "PrometheusRule" || doc.APIVersion != "monitoring.coreos.com/v1" {
		return nil, fmt.Errorf("%s:1: kind %q of %q: want a PrometheusRule of monitoring.coreos.com/v1", name, doc.Kind, doc.APIVersion)
	}
	var out []*Rule
	var errs []error
	bad := func(l line, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", Place{name, l.Line}, fmt.Sprintf(format, args...)))
	}
	duration := func(l line, what string) time.Duration {
		if l.Text == "" {
			return 0
		}
		d, err := model.ParseDuration(l.Text)
		if err != nil {
			bad(l, "%s: %v", what, err)
		}
		return time.Duration(d)
	}
	for _, g := range doc.Spec.Groups {
		interval := duration(g.Interval, "interval of group "+g.Name.Text)
		if interval <= 0 || interval%Step != 0 {
			bad(g.Name, "group %s has interval %q: want a multiple of %s", g.Name.Text, g.Interval.Text, Step)
		}
		for _, r := range g.Rules {
			at := r.Alert
			if r.Record.Text != "" {
				at = r.Record
			}
			rule := &Rule{
				Alert: r.Alert.Text, Record: r.Record.Text, Group: g.Name.Text, Interval: interval,
				Text: strings.TrimSpace(r.Expr.Text), Labels: r.Labels, Annotations: r.Annotations,
				Place: Place{name, at.Line}, ExprPlace: Place{name, r.Expr.Line},
				For:           duration(r.For, "for of "+at.Text),
				KeepFiringFor: duration(r.KeepFiringFor, "keep_firing_for of "+at.Text),
			}
			if (rule.Alert == "") == (rule.Record == "") {
				bad(r.Expr, "a rule has either alert or record")
			}
			var err error
			if rule.Expr, err = promql.ParseExpr(rule.Text); err != nil {
				bad(exprLine(r.Expr, err), "%s does not parse: %v", at.Text, err)
				continue
			}
			out = append(out, rule)
		}
	}
	return out, errors.Join(errs...)
}

// exprLine moves a line down to where the parser of PromQL stopped.
func exprLine(l line, err error) line {
	var pe parser.ParseErrors
	if errors.As(err, &pe) && len(pe) > 0 {
		before := pe[0].Query[:min(int(pe[0].PositionRange.Start), len(pe[0].Query))]
		l.Line += strings.Count(before, "\n")
		if l.Block {
			l.Line++
		}
	}
	return l
}

// NewRules orders rules and checks them as a whole.
func NewRules(all []*Rule) (*Rules, error) {
	rs := &Rules{reads: map[*Rule][]string{}}
	var errs []error
	recorded := map[string]bool{}
	for _, r := range all {
		if r.Record != "" {
			recorded[r.Record] = true
		}
	}
	seen, done := map[string]*Rule{}, map[string]bool{}
	for _, r := range all {
		rs.reads[r] = Metrics(r.Expr)
		if other := seen[r.Name()]; other != nil {
			errs = append(errs, fmt.Errorf("%s: %s stands twice; the other is %s", r.Place, r.Name(), other.Place))
		}
		seen[r.Name()] = r
		if r.Alert != "" {
			rs.Alerts = append(rs.Alerts, r)
			continue
		}
		for _, m := range rs.reads[r] {
			if recorded[m] && !done[m] {
				errs = append(errs, fmt.Errorf("%s: %s reads %s, which is recorded after it: move it down", r.Place, r.Record, m))
			}
		}
		done[r.Record] = true
		rs.Recording = append(rs.Recording, r)
	}
	return rs, errors.Join(errs...)
}

// Alert finds an alert by its name, or says which names come near.
func (rs *Rules) Alert(name string) (*Rule, error) {
	names := make([]string, 0, len(rs.Alerts))
	for _, r := range rs.Alerts {
		if r.Alert == name {
			return r, nil
		}
		names = append(names, r.Alert)
	}
	return nil, fmt.Errorf("no alert %q; nearest: %s", name, strings.Join(Nearest(name, names), ", "))
}

// Recorded returns the names of the metrics that recording rules write.
func (rs *Rules) Recorded() []string {
	var out []string
	for _, r := range rs.Recording {
		out = append(out, r.Record)
	}
	return out
}

// Replace returns the same rules with one of them exchanged.
func (rs *Rules) Replace(old, by *Rule) *Rules {
	out := &Rules{Recording: slices.Clone(rs.Recording), Alerts: slices.Clone(rs.Alerts), reads: map[*Rule][]string{}}
	for _, list := range [][]*Rule{out.Recording, out.Alerts} {
		for i, r := range list {
			if r == old {
				list[i] = by
				out.reads[by] = Metrics(by.Expr)
			} else {
				out.reads[r] = rs.reads[r]
			}
		}
	}
	return out
}

// Lint reports what every alert must have and has not: a severity, a service, a
// condition, a summary, a description and a runbook page, and no value of the
// expression in a label, which would make a new alert at each evaluation.
func (rs *Rules) Lint() error {
	var errs []error
	bad := func(r *Rule, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s: %s", r.Place, r.Alert, fmt.Sprintf(format, args...)))
	}
	for _, r := range rs.Alerts {
		if !slices.Contains(severities, r.Labels["severity"]) {
			bad(r, "severity %q: want one of %s", r.Labels["severity"], strings.Join(severities, ", "))
		}
		for _, name := range []string{"service", "condition"} {
			if r.Labels[name] == "" {
				bad(r, "no label %s", name)
			}
		}
		for _, name := range []string{"summary", "description", "runbook_url"} {
			if r.Annotations[name] == "" {
				bad(r, "no annotation %s", name)
			}
		}
		for _, name := range sortedKeys(r.Labels) {
			if strings.Contains(r.Labels[name], "$value") || strings.Contains(r.Labels[name], ".Value") {
				bad(r, "label %s holds the value: put it into the description", name)
			}
		}
		if r.For%r.Interval != 0 || r.KeepFiringFor%r.Interval != 0 {
			bad(r, "for and keep_firing_for must be multiples of the interval %s", r.Interval)
		}
	}
	return errors.Join(errs...)
}

// Metrics lists the metrics that an expression reads, sorted.
func Metrics(expr parser.Expr) []string {
	var out []string
	for _, sel := range selectors(expr) {
		out = append(out, metricOf(sel))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func selectors(expr parser.Expr) []*parser.VectorSelector {
	var out []*parser.VectorSelector
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if sel, ok := n.(*parser.VectorSelector); ok {
			out = append(out, sel)
		}
		return nil
	})
	return out
}

func metricOf(sel *parser.VectorSelector) string {
	for _, m := range sel.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return sel.Name
}
