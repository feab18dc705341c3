package dashboards

import (
	"context"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/alerts"
)

const (
	svgPanelWidth  = 320
	svgPanelHeight = 130
	svgMargin      = 16
	svgHead        = 64
	// svgRow is a row's title, the panel's title, the panel, its axis and its legend.
	svgRow = 22 + 16 + svgPanelHeight + 16 + 2*svgLegendLine + 14
	// svgLegendLine is the height of a line of the legend, of which there are two at most.
	svgLegendLine = 13
)

var (
	svgColours = []string{"#1f6feb", "#d29922", "#8957e5", "#2da44e", "#bf3989", "#6e7781", "#0a7ea4"}
	// svgSeverities are the colours of the times in which an alert fires.
	svgSeverities = map[string]string{"critical": "#cf222e", "warning": "#bf8700", "info": "#57606a"}
)

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
		top := svgHead + y*svgRow
		fmt.Fprintf(&body, `<text x="%d" y="%d" font-size="13" fill="#57606a">%s</text>`+"\n", svgMargin, top+14, escape(r.Title))
		for x := range r.Panels {
			lines, err := all[0].Answer(ctx, sim, run.Store, values)
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&body, `<g transform="translate(%d %d)">`+"\n", svgMargin+x*(svgPanelWidth+svgMargin), top+38)
			drawPanel(&body, all[0], lines, run)
			body.WriteString("</g>\n")
			all = all[1:]
		}
	}
	width, height := svgMargin+columns*(svgPanelWidth+svgMargin), svgHead+len(d.Rows)*svgRow
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" font-family="sans-serif" font-size="11">
<rect width="100%%" height="100%%" fill="#ffffff"/>
<text x="%d" y="24" font-size="16">%s: %s</text>
%s%s</svg>
`, width, height, svgMargin, escape(d.Title), escape(run.Scenario.About), svgFired(run), body.String()), nil
}

// firing is one time in which an alert fired, in steps of the scenario.
type firing struct {
	alert, severity string
	from, to        int
	goesOn          bool
}

// firings lists when alerts fired, each once for all its instances; the heartbeat is none.
func firings(run *alerts.Run) []firing {
	var out []firing
	for _, in := range run.Instances {
		for _, f := range in.Firing {
			one := firing{in.Rule.Alert, in.Rule.Labels["severity"], int(f.From.Sub(run.Store.Start) / alerts.Step), run.Store.N - 1, f.To.IsZero()}
			if !one.goesOn {
				one.to = int(f.To.Sub(run.Store.Start) / alerts.Step)
			}
			if one.severity != "none" && !slices.Contains(out, one) {
				out = append(out, one)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b firing) int { return a.from - b.from })
	return out
}

// svgFired names the alerts that are shaded, with their times.
func svgFired(run *alerts.Run) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<text x="%d" y="46" fill="#57606a">shaded while firing:`, svgMargin)
	for i, f := range firings(run) {
		to := "the end"
		if !f.goesOn {
			to = run.Store.At(f.to).UTC().Format("15:04")
		}
		if i > 0 {
			b.WriteString(" \u00b7")
		}
		fmt.Fprintf(&b, ` <tspan fill="%s" font-weight="bold">%s</tspan> %s to %s`, svgSeverities[f.severity], escape(f.alert), run.Store.At(f.from).UTC().Format("15:04"), to)
	}
	b.WriteString("</text>\n")
	return b.String()
}

func drawPanel(b *strings.Builder, p Panel, lines []Line, run *alerts.Run) {
	low, high := svgBounds(p, lines)
	n := run.Store.N
	x := func(i int) float64 { return float64(i) / float64(n-1) * svgPanelWidth }
	y := func(v float64) float64 { return svgPanelHeight - (v-low)/(high-low)*svgPanelHeight }
	fmt.Fprintf(b, `<text y="-6" font-weight="bold">%s</text><rect width="%d" height="%d" fill="#f6f8fa"/>`+"\n", escape(p.Title), svgPanelWidth, svgPanelHeight)
	for _, f := range firings(run) {
		fmt.Fprintf(b, `<rect x="%.1f" width="%.1f" height="%d" fill="%s" fill-opacity="0.12"><title>%s</title></rect>`+"\n", x(f.from), x(f.to)-x(f.from), svgPanelHeight, svgSeverities[f.severity], escape(f.alert))
	}
	for i, l := range lines {
		fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.3"><title>%s</title></path>`+"\n", svgPath(l.Values, x, y), svgColours[i%len(svgColours)], escape(l.Legend))
	}
	if p.Limit != nil {
		at := y(*p.Limit)
		fmt.Fprintf(b, `<line x1="0" x2="%d" y1="%.1f" y2="%.1f" stroke="#cf222e" stroke-dasharray="4 3"/>`+"\n", svgPanelWidth, at, at)
	}
	// A white edge keeps a number readable above a line.
	fmt.Fprintf(b, `<g fill="#57606a" stroke="#f6f8fa" stroke-width="3" paint-order="stroke"><text x="3" y="12">%s</text><text x="3" y="%d">%s</text></g>`+"\n",
		escape(inUnit(high, p.Unit)), svgPanelHeight-4, escape(inUnit(low, p.Unit)))
	for i, anchor := range []string{"start", "middle", "end"} {
		at := (n - 1) * i / 2
		fmt.Fprintf(b, `<text x="%.1f" y="%d" fill="#57606a" font-size="10" text-anchor="%s">%s</text>`, x(at), svgPanelHeight+12, anchor, run.Store.At(at).UTC().Format("15:04"))
	}
	b.WriteString("\n" + svgLegend(lines))
}

// svgLegend names up to six lines, three beside each other.
func svgLegend(lines []Line) string {
	const columns, most = 3, 6
	var b strings.Builder
	for i, l := range lines[:min(len(lines), most)] {
		name := l.Legend
		if i == most-1 && len(lines) > most {
			name = fmt.Sprintf("and %d more", len(lines)-most+1)
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" font-size="9" fill="%s">%s</text>`, i%columns*svgPanelWidth/columns, svgPanelHeight+16+(i/columns+1)*svgLegendLine-3, svgColours[i%len(svgColours)], escape(name))
	}
	return b.String() + "\n"
}

// inUnit writes a number with the unit of its panel, by Grafana's id of the unit.
func inUnit(v float64, unit string) string {
	switch unit {
	case "percentunit":
		return fmt.Sprintf("%.4g %%", 100*v)
	case "s":
		return fmt.Sprintf("%.4g s", v)
	case "reqps":
		return short(v) + " /s"
	case "short", "none":
		return short(v)
	}
	return short(v) + " " + unit
}

// short writes a number as Grafana's unit short does: 10 K, 1.5 Mil.
func short(v float64) string {
	switch {
	case math.Abs(v) >= 1e6:
		return fmt.Sprintf("%.4g Mil", v/1e6)
	case math.Abs(v) >= 1e3:
		return fmt.Sprintf("%.4g K", v/1e3)
	}
	return fmt.Sprintf("%.4g", v)
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
