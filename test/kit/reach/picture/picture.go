// Package picture prints a matrix of who reaches whom: as a table, and as a drawing.
package picture

import (
	"cmp"
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
)

// Order lists parties for a matrix: those outside first, then the others by name.
func Order(inside, outside map[string]reach.Party) []reach.Party {
	var out []reach.Party
	for _, names := range []map[string]reach.Party{outside, inside} {
		for _, n := range slices.Sorted(maps.Keys(names)) {
			if !names[n].Empty() {
				out = append(out, names[n])
			}
		}
	}
	return out
}

// Words says what is open in a cell: "all", "tcp 443, udp 53", "-".
func Words(c reach.Cell) string {
	var out []string
	whole := 0
	for _, p := range []reach.Protocol{reach.TCP, reach.UDP, reach.ICMP, reach.ICMPv6} {
		ports := c.Open[p]
		switch {
		case ports.Empty():
		case p == reach.ICMP || p == reach.ICMPv6:
			out, whole = append(out, p.String()), whole+1
		case ports.Equal(reach.AllPorts):
			out, whole = append(out, p.String()), whole+1
		default:
			out = append(out, p.String()+" "+ports.String())
		}
	}
	switch {
	case len(out) == 0:
		return "-"
	case whole >= 3 && len(out) == whole:
		return "all"
	}
	return strings.Join(out, ", ")
}

func names(cells []reach.Cell) []string {
	var out []string
	for _, c := range cells {
		if !slices.Contains(out, c.From) {
			out = append(out, c.From)
		}
	}
	return out
}

// Table is the matrix as text: a line for each who reaches, a column for each who is
// reached.
func Table(cells []reach.Cell) string {
	all := names(cells)
	rows := [][]string{append([]string{"from \\ to"}, all...)}
	at := map[[2]string]string{}
	for _, c := range cells {
		at[[2]string{c.From, c.To}] = Words(c)
	}
	for _, from := range all {
		row := []string{from}
		for _, to := range all {
			row = append(row, at[[2]string{from, to}])
		}
		rows = append(rows, row)
	}
	width := make([]int, len(all)+1)
	for _, r := range rows {
		for i, cell := range r {
			width[i] = max(width[i], len(cell))
		}
	}
	var b strings.Builder
	for _, r := range rows {
		for i, cell := range r {
			if i == len(r)-1 {
				b.WriteString(cell)
				continue
			}
			fmt.Fprintf(&b, "%-*s  ", width[i], cell)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// The measures of the drawing, in pixels.
const (
	cell   = 104
	height = 34
	left   = 120
	top    = 60
	margin = 16
)

// colour says how much is open.
func colour(words string) string {
	switch words {
	case "-":
		return "#f4f5f7"
	case "all":
		return "#f6c667"
	}
	return "#9bd3ae"
}

// SVG is the matrix as a drawing: green where some ports are open, yellow where all
// are, grey where nothing passes.
func SVG(cells []reach.Cell) []byte {
	all := names(cells)
	w, h := left+cell*len(all)+margin, top+height*len(all)+margin+24
	var b strings.Builder
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"Who reaches whom\">\n", w, h, w, h)
	fmt.Fprintf(&b, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n<text x=\"%d\" y=\"22\" font-size=\"14\" font-weight=\"bold\">From the left to the top: what passes</text>\n", w, h, margin)
	text := func(x, y int, anchor, s string) {
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, html.EscapeString(s))
	}
	for i, n := range all {
		text(left+i*cell+cell/2, top-10, "middle", n)
		text(left-10, top+i*height+height/2+4, "end", n)
	}
	for _, c := range cells {
		x, y := left+slices.Index(all, c.To)*cell, top+slices.Index(all, c.From)*height
		words := Words(c)
		fmt.Fprintf(&b, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\" stroke=\"#ffffff\" stroke-width=\"2\"><title>%s</title></rect>\n",
			x, y, cell, height, colour(words), html.EscapeString(fmt.Sprintf("%s reaches of %s: %s", c.From, c.To, cmp.Or(words, "-"))))
		if words != "-" {
			text(x+cell/2, y+height/2+4, "middle", short(words))
		}
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// short fits words into a cell; the whole stands in the cell's title.
func short(words string) string {
	const room = 15
	if len(words) <= room {
		return words
	}
	return words[:room-2] + ".."
}
