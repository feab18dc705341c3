package alerts

import (
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// Scaled returns the rule with every duration divided by factor: its interval,
// its "for", the ranges and offsets of its expression. With it a real server
// shows in seconds what takes minutes in production.
func (r *Rule) Scaled(factor int) (*Rule, error) {
	expr, err := promql.ParseExpr(r.Text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.ExprPlace, err)
	}
	by := time.Duration(factor)
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		switch x := n.(type) {
		case *parser.MatrixSelector:
			x.Range /= by
		case *parser.VectorSelector:
			x.OriginalOffset /= by
		case *parser.SubqueryExpr:
			x.Range /= by
			x.OriginalOffset /= by
		}
		return nil
	})
	out := *r
	out.setExpr(expr)
	out.Interval, out.For, out.KeepFiringFor = r.Interval/by, r.For/by, r.KeepFiringFor/by
	return &out, nil
}
