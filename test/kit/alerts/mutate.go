package alerts

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// Mutant is a rule with one mistake in it.
type Mutant struct {
	Of, Rule *Rule
	// What says what was changed.
	What string
}

var flipped = map[parser.ItemType]parser.ItemType{
	parser.GTR: parser.LSS, parser.LSS: parser.GTR, parser.GTE: parser.LTE,
	parser.LTE: parser.GTE, parser.EQLC: parser.NEQ, parser.NEQ: parser.EQLC,
}

// Mutants lists the mistakes that the scenarios must notice: each comparison
// turned round, each threshold and the time of "for" halved and doubled, each
// label matcher left out. Thresholds of zero cannot be halved.
func Mutants(r *Rule) []Mutant {
	var out []Mutant
	add := func(what string, change func(*Rule)) {
		m := *r
		change(&m)
		out = append(out, Mutant{Of: r, Rule: &m, What: what})
	}
	for n := 0; ; n++ {
		expr, _ := promql.ParseExpr(r.Text)
		e := &editor{target: n, factor: 1}
		expr = e.edit(expr, false)
		if e.what == "" {
			break
		}
		add(e.what, func(m *Rule) { m.setExpr(expr) })
		if !e.threshold {
			continue
		}
		again, _ := promql.ParseExpr(r.Text)
		double := &editor{target: n, factor: 2}
		again = double.edit(again, false)
		add(double.what, func(m *Rule) { m.setExpr(again) })
	}
	if r.For > 0 {
		add("for halved", func(m *Rule) { m.For = r.For / 2 })
		add("for doubled", func(m *Rule) { m.For = r.For * 2 })
	}
	return out
}

func (r *Rule) setExpr(expr parser.Expr) { r.Expr, r.Text = expr, expr.String() }

// editor walks an expression and makes the change of number target.
type editor struct {
	target, seen int
	factor       float64
	what         string
	threshold    bool
}

// hit says whether the change that comes next in the walk is the one to make.
func (e *editor) hit() bool {
	e.seen++
	return e.seen-1 == e.target
}

func (e *editor) edit(expr parser.Expr, compared bool) parser.Expr {
	if v, ok := constant(expr); ok {
		if !compared || v == 0 || !e.hit() {
			return expr
		}
		factor, word := 0.5, "halved"
		if e.factor == 2 {
			factor, word = 2, "doubled"
		}
		e.threshold, e.what = true, fmt.Sprintf("threshold %s %s", expr, word)
		return &parser.BinaryExpr{Op: parser.MUL, LHS: &parser.ParenExpr{Expr: expr}, RHS: &parser.NumberLiteral{Val: factor}}
	}
	switch x := expr.(type) {
	case *parser.ParenExpr:
		x.Expr = e.edit(x.Expr, compared)
	case *parser.StepInvariantExpr:
		x.Expr = e.edit(x.Expr, compared)
	case *parser.UnaryExpr:
		x.Expr = e.edit(x.Expr, compared)
	case *parser.AggregateExpr:
		x.Expr = e.edit(x.Expr, false)
	case *parser.Call:
		for i := range x.Args {
			x.Args[i] = e.edit(x.Args[i], false)
		}
	case *parser.MatrixSelector:
		x.VectorSelector = e.edit(x.VectorSelector, false)
	case *parser.SubqueryExpr:
		x.Expr = e.edit(x.Expr, false)
	case *parser.BinaryExpr:
		e.binary(x, compared)
	case *parser.VectorSelector:
		e.matchers(x)
	}
	return expr
}

func (e *editor) binary(x *parser.BinaryExpr, compared bool) {
	comparison := x.Op.IsComparisonOperator()
	if comparison && e.hit() {
		e.what = fmt.Sprintf("%s turned into %s", x.Op, flipped[x.Op])
		x.Op = flipped[x.Op]
	}
	compared = comparison || compared && !x.Op.IsSetOperator()
	x.LHS, x.RHS = e.edit(x.LHS, compared), e.edit(x.RHS, compared)
}

func (e *editor) matchers(sel *parser.VectorSelector) {
	for i, m := range sel.LabelMatchers {
		if m.Name == model.MetricNameLabel || !e.hit() {
			continue
		}
		e.what = fmt.Sprintf("%s without %s", metricOf(sel), m)
		sel.LabelMatchers = slices.Delete(slices.Clone(sel.LabelMatchers), i, i+1)
		return
	}
}

// constant folds an expression of numbers only.
func constant(expr parser.Expr) (float64, bool) {
	switch x := expr.(type) {
	case *parser.NumberLiteral:
		return x.Val, true
	case *parser.ParenExpr:
		return constant(x.Expr)
	case *parser.UnaryExpr:
		v, ok := constant(x.Expr)
		if x.Op == parser.SUB {
			v = -v
		}
		return v, ok
	case *parser.BinaryExpr:
		l, ok1 := constant(x.LHS)
		r, ok2 := constant(x.RHS)
		// Any value but zero will do: only zero is treated differently.
		if x.Op == parser.MUL {
			return l * r, ok1 && ok2
		}
		return 1, ok1 && ok2
	}
	return 0, false
}

// Verdict says which scenario noticed a mutant, and how.
type Verdict struct {
	Mutant
	// Killed is the scenario, empty when the mutant survived.
	Killed, How string
}

// Mutate tries every mutant of every rule against the scenarios that ran.
func (sim *Simulator) Mutate(ctx context.Context, rs *Rules, runs []*Run) []Verdict {
	var mutants []Mutant
	for _, r := range slices.Concat(rs.Recording, rs.Alerts) {
		mutants = append(mutants, Mutants(r)...)
	}
	out := make([]Verdict, len(mutants))
	SideBySide(len(mutants), func(i int) { out[i] = sim.try(ctx, rs, mutants[i], runs) })
	return out
}

// try runs a mutant over the scenarios that touch its rule, those first that
// expect it to fire, and short ones before long ones.
func (sim *Simulator) try(ctx context.Context, rs *Rules, m Mutant, runs []*Run) Verdict {
	affected := dependents(rs, m.Of)
	var order []*Run
	for _, run := range runs {
		if slices.Contains(run.Evaluated, m.Of) {
			order = append(order, run)
		}
	}
	rank := func(run *Run) time.Duration {
		expects := slices.ContainsFunc(run.Scenario.Expect, func(x Expectation) bool { return affected[x.Alert] })
		if expects {
			return run.Scenario.Duration
		}
		return run.Scenario.Duration + 1000*time.Hour
	}
	slices.SortStableFunc(order, func(a, b *Run) int { return int((rank(a) - rank(b)) / time.Second) })
	for _, run := range order {
		if problem := sim.notices(ctx, rs, m, run, affected); problem != "" {
			return Verdict{Mutant: m, Killed: run.Scenario.Name, How: problem}
		}
	}
	return Verdict{Mutant: m}
}

// dependents are the names of the alerts that a rule has a part in.
func dependents(rs *Rules, r *Rule) map[string]bool {
	out := map[string]bool{r.Alert: true}
	delete(out, "")
	recorded := map[string]bool{r.Record: r.Record != ""}
	for _, other := range slices.Concat(rs.Recording, rs.Alerts) {
		if slices.ContainsFunc(rs.reads[other], func(m string) bool { return recorded[m] }) {
			if other.Alert != "" {
				out[other.Alert] = true
			} else {
				recorded[other.Record] = true
			}
		}
	}
	return out
}

func (sim *Simulator) notices(ctx context.Context, rs *Rules, m Mutant, run *Run, affected map[string]bool) string {
	s := *run.Scenario
	s.Expect = nil
	for _, x := range run.Scenario.Expect {
		if affected[x.Alert] {
			s.Expect = append(s.Expect, x)
		}
	}
	store, list := run.Store, []*Rule{m.Rule}
	if m.Of.Record != "" {
		// What is recorded changes, so all that reads it is evaluated anew.
		changed := rs.Replace(m.Of, m.Rule)
		wanted := map[*Rule]bool{}
		for _, r := range changed.Alerts {
			wanted[r] = affected[r.Alert]
		}
		list = Needed(changed, wanted)
		store = s.Build(changed.Inputs(list))
	} else {
		store = store.with()
	}
	got, err := sim.Over(ctx, &s, store, list)
	if err != nil {
		return err.Error()
	}
	if problems := got.Judge(); len(problems) > 0 {
		return problems[0]
	}
	return ""
}
