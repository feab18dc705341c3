package alerts

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// Picture is what one rule sees over one scenario: the two sides of its first
// comparison, and when it pends and fires.
type Picture struct {
	Rule     *Rule
	Scenario *Scenario
	// Left and Right are the sides as written.
	Left, Right string
	Op          string
	// Value and Threshold have one number for each step, NaN where there is none.
	Value, Threshold []float64
	Pending, Firing  []bool
	Instances        []*Instance
}

// Draw evaluates one alert over a scenario and everything that the picture needs.
func (sim *Simulator) Draw(ctx context.Context, rs *Rules, s *Scenario, r *Rule) (*Picture, error) {
	list := Needed(rs, map[*Rule]bool{r: true})
	run, err := sim.RunRules(ctx, rs, s, list)
	if err != nil {
		return nil, err
	}
	p := &Picture{Rule: r, Scenario: s, Instances: run.Instances, Pending: make([]bool, run.Store.N), Firing: make([]bool, run.Store.N)}
	cmp := firstComparison(r.Expr)
	if cmp == nil {
		p.Left, p.Value = r.Text, make([]float64, run.Store.N)
	} else {
		p.Left, p.Op, p.Right = cmp.LHS.String(), cmp.Op.String(), cmp.RHS.String()
		worst := math.Max
		if cmp.Op == parser.LSS || cmp.Op == parser.LTE {
			worst = math.Min
		}
		if p.Value, err = sim.line(ctx, run.Store, p.Left, worst); err != nil {
			return nil, err
		}
		if p.Threshold, err = sim.line(ctx, run.Store, p.Right, worst); err != nil {
			return nil, err
		}
	}
	for _, in := range run.Instances {
		p.mark(run, in)
	}
	return p, nil
}

func (p *Picture) mark(run *Run, in *Instance) {
	for i := range run.Store.N {
		now := run.Store.At(i)
		for _, since := range in.Pending {
			if !now.Before(since) && now.Before(since.Add(p.Rule.For)) {
				p.Pending[i] = true
			}
		}
		for _, f := range in.Firing {
			if !now.Before(f.From) && (f.To.IsZero() || now.Before(f.To)) {
				p.Firing[i] = true
			}
		}
	}
}

// firstComparison is the comparison that is met first from the left.
func firstComparison(expr parser.Expr) *parser.BinaryExpr {
	var found *parser.BinaryExpr
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if b, ok := n.(*parser.BinaryExpr); ok && b.Op.IsComparisonOperator() && found == nil {
			found = b
		}
		return nil
	})
	return found
}

// line joins the series of a result into one, by the one that is worst.
func (sim *Simulator) line(ctx context.Context, store *Store, text string, worst func(a, b float64) float64) ([]float64, error) {
	matrix, err := sim.Query(ctx, store, text)
	if err != nil {
		return nil, err
	}
	out := make([]float64, store.N)
	for i := range out {
		out[i] = math.NaN()
	}
	for _, one := range matrix {
		for _, pt := range one.Floats {
			i := (pt.T - store.Start.UnixMilli()) / Step.Milliseconds()
			if math.IsNaN(out[i]) {
				out[i] = pt.F
			} else {
				out[i] = worst(out[i], pt.F)
			}
		}
	}
	return out, nil
}

const (
	pictureWidth  = 72
	pictureHeight = 12
)

// Write draws the picture as text: the value as blocks, the threshold as a line,
// and below it when the alert pends (.) and fires (#).
func (p *Picture) Write(w io.Writer) error {
	low, high := bounds(p.Value, p.Threshold)
	row := func(v float64) int {
		if high == low {
			return 0
		}
		return int(math.Round((v - low) / (high - low) * (pictureHeight - 1)))
	}
	value, threshold := shrink(p.Value), shrink(p.Threshold)
	fmt.Fprintf(w, "%s in scenario %s\n%s\n\n  value      %s\n", p.Rule.Alert, p.Scenario.Name, p.Scenario.About, oneLine(p.Left))
	if p.Op != "" {
		fmt.Fprintf(w, "  threshold  %s %s\n", p.Op, oneLine(p.Right))
	}
	fmt.Fprintf(w, "  for %s, keep firing for %s\n\n", model.Duration(p.Rule.For), model.Duration(p.Rule.KeepFiringFor))
	for y := pictureHeight - 1; y >= 0; y-- {
		label := ""
		if y == pictureHeight-1 {
			label = fmt.Sprintf("%.4g", high)
		} else if y == 0 {
			label = fmt.Sprintf("%.4g", low)
		}
		fmt.Fprintf(w, "%10s |%s\n", label, pictureRow(value, threshold, row, y))
	}
	fmt.Fprintf(w, "%10s +%s\n%10s  %s\n%10s  %s\n", "", strings.Repeat("-", pictureWidth), "", p.states(), "", p.axis())
	for _, in := range p.Instances {
		for _, f := range in.Firing {
			fmt.Fprintf(w, "\n  %s\n    fires    %s\n    resolves %s\n", in.Labels, clock(f.From, p.Scenario.Start), clock(f.To, p.Scenario.Start))
		}
	}
	if len(p.Instances) == 0 {
		fmt.Fprintln(w, "\n  it does not fire")
	}
	return nil
}

func pictureRow(value, threshold []float64, row func(float64) int, y int) string {
	var b strings.Builder
	for x := range value {
		isThreshold := !math.IsNaN(threshold[x]) && row(threshold[x]) == y
		switch {
		case !math.IsNaN(value[x]) && row(value[x]) >= y && isThreshold:
			b.WriteByte('+')
		case isThreshold:
			b.WriteByte('-')
		case !math.IsNaN(value[x]) && row(value[x]) >= y:
			b.WriteByte(':')
		default:
			b.WriteByte(' ')
		}
	}
	return strings.TrimRight(b.String(), " ")
}

func (p *Picture) states() string {
	out := []byte(strings.Repeat(" ", pictureWidth))
	for i := range p.Firing {
		x := i * pictureWidth / len(p.Firing)
		if p.Firing[i] {
			out[x] = '#'
		} else if p.Pending[i] && out[x] == ' ' {
			out[x] = '.'
		}
	}
	return strings.TrimRight(string(out), " ") + "   . pending  # firing"
}

func (p *Picture) axis() string {
	end := model.Duration(p.Scenario.Duration).String()
	return "0" + strings.Repeat(" ", pictureWidth-1-len(end)) + end
}

// shrink takes the last value of each column.
func shrink(values []float64) []float64 {
	out := make([]float64, pictureWidth)
	for x := range out {
		out[x] = math.NaN()
	}
	for i, v := range values {
		if !math.IsNaN(v) {
			out[i*pictureWidth/len(values)] = v
		}
	}
	return out
}

func bounds(lists ...[]float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, list := range lists {
		for _, v := range list {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				low, high = math.Min(low, v), math.Max(high, v)
			}
		}
	}
	if low > high {
		return 0, 0
	}
	if low > 0 && low < high/2 {
		low = 0
	}
	return low, high
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func clock(at, start time.Time) string {
	if at.IsZero() {
		return "not within the scenario"
	}
	return fmt.Sprintf("%s (%s)", model.Duration(at.Sub(start)), at.UTC().Format("Mon 15:04:05"))
}
