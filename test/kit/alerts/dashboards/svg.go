package dashboards

import (
	"context"
	"encoding/xml"
	"fmt"
	"math"
	"strings"

	"github.com/fintrack/platform/test/kit/alerts"
)

const (
	svgPanelWidth  = 320
	svgPanelHeight = 150
	svgMargin      = 12
)

var svgColours = []string{"#1f6feb", "#d29922", "#8957e5", "#2da44e", "#bf3989", "#6e7781", "#0a7ea4"}

// SVG draws the panels of a dashboard over what a scenario did, with the times in
// which an alert fired shaded.
func (d *Definition) SVG(ctx context.Context, sim *alerts.Simulator, run *alerts.Run) (string, error) {
	values, err := d.Values(run.Store)
	if err != nil {
		return "", err
	}
	columns := 0
	for _, r := range d.Rows {
		columns = max(columns, len(r.Panels))
	}
	var body strings.Builder
	all := d.Panels()
	for y, r := range d.Rows {
		for x := range r.Panels {
			lines, err := all[0].Answer(ctx, sim, run.Store, values)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&body, `<g transform="translate(%d %d)">`+"\n", svgMargin+x*(svgPanelWidth+svgMargin), 40+y*(svgPanelHeight+50))
			drawPanel(&body, all[0], lines, run)
			body.WriteString("</g>\n")
			all = all[1:]
		}
	}
	width, height := svgMargin+columns*(svgPanelWidth+svgMargin), 40+len(d.Rows)*(svgPanelHeight+50)
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="11">
<rect width="100%%" height="100%%" fill="#ffffff"/>
<text x="%d" y="22" font-size="15">%s: %s</text>
%s</svg>
`, width, height, svgMargin, escape(d.Title), escape(run.Scenario.About), body.String()), nil
}

func drawPanel(b *strings.Builder, p Panel, lines []Line, run *alerts.Run) {
	low, high := svgBounds(p, lines)
	n := run.Store.N
	x := func(i int) float64 { return float64(i) / float64(n-1) * svgPanelWidth }
	y := func(v float64) float64 { return svgPanelHeight - (v-low)/(high-low)*svgPanelHeight }
	fmt.Fprintf(b, `<text y="-6" font-weight="bold">%s</text><rect width="%d" height="%d" fill="#f6f8fa"/>`+"\n", escape(p.Title), svgPanelWidth, svgPanelHeight)
	for _, in := range run.Instances {
		for _, f := range in.Firing {
			if in.Rule.Labels["severity"] == "none" {
				continue
			}
			from, to := int(f.From.Sub(run.Store.Start)/alerts.Step), n-1
			if !f.To.IsZero() {
				to = int(f.To.Sub(run.Store.Start) / alerts.Step)
			}
			fmt.Fprintf(b, `<rect x="%.1f" width="%.1f" height="%d" fill="#cf222e" fill-opacity="0.10"><title>%s</title></rect>`+"\n", x(from), x(to)-x(from), svgPanelHeight, escape(in.Rule.Alert))
		}
	}
	for i, l := range lines {
		fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.3"><title>%s</title></path>`+"\n", svgPath(l.Values, x, y), svgColours[i%len(svgColours)], escape(l.Legend))
	}
	if p.Limit != nil {
		at := y(*p.Limit)
		fmt.Fprintf(b, `<line x1="0" x2="%d" y1="%.1f" y2="%.1f" stroke="#cf222e" stroke-dasharray="4 3"/>`+"\n", svgPanelWidth, at, at)
	}
	fmt.Fprintf(b, `<text x="2" y="11" fill="#57606a">%.4g %s</text><text x="2" y="%d" fill="#57606a">%.4g</text>`+"\n", high, escape(p.Unit), svgPanelHeight-3, low)
}

// svgPath draws about one point for each pixel.
func svgPath(values []float64, x func(int) float64, y func(float64) float64) string {
	var b strings.Builder
	pen := "M"
	every := max(1, len(values)/svgPanelWidth)
	for i := 0; i < len(values); i += every {
		if math.IsNaN(values[i]) {
			pen = "M"
			continue
		}
		fmt.Fprintf(&b, "%s%.1f %.1f", pen, x(i), y(values[i]))
		pen = "L"
	}
	return b.String()
}

func svgBounds(p Panel, lines []Line) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, l := range lines {
		for _, v := range l.Values {
			if !math.IsNaN(v) {
				low, high = math.Min(low, v), math.Max(high, v)
			}
		}
	}
	if p.Limit != nil {
		low, high = math.Min(low, *p.Limit), math.Max(high, *p.Limit)
	}
	if low > 0 && low < high/2 {
		low = 0
	}
	if high <= low {
		high = low + 1
	}
	return low, high
}

func escape(text string) string {
	var b strings.Builder
	// Writing to a Builder cannot fail.
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}
