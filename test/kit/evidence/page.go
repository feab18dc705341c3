package evidence

import (
	"bytes"
	_ "embed" // the template of the page
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"html/template"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/check"
)

//go:embed page.html.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"day":   func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") },
	"clock": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
	"join":  strings.Join,
	"short": func(s string) string { return s[:min(len(s), 12)] },
	"mark": func(v check.Verdict) string {
		return map[check.Verdict]string{check.Pass: "proven", check.Fail: "failed"}[v]
	},
	"cover": func(Criterion) []Coverage { return nil }, // bound to the results of each page
	"state": func(s string) string { return map[string]string{Met: "met", Partly: "partly"}[s] },
}).Parse(pageText))

// page is what the template shows.
type page struct {
	Run       Run
	Count     check.Count
	Standings []Standing
	Suites    []suiteOf
	Artefacts []shown
	// Populations lists every resource by kind.
	Populations []kindOf
	Unmapped    []check.Result
	Gaps        []Gap
}

type suiteOf struct {
	Name    string
	Results []check.Result
}

type kindOf struct {
	Type      string
	Resources []Resource
}

// Applied counts the instances of the kind.
func (k kindOf) Applied() (n int) {
	for _, r := range k.Resources {
		n += len(r.Instances)
	}
	return n
}

// shown is an artefact as the page shows it; Absent when none was given.
type shown struct {
	ArtefactKind
	Absent  bool
	Picture template.URL
	Text    string
	Head    []string
	Rows    [][]string
}

// renderPage writes the one page: no script, no style and no picture from elsewhere.
func renderPage(run Run, in Intent, standings []Standing, results []check.Result, resources []Resource, artefacts map[string]Artefact) ([]byte, error) {
	p := page{Run: run, Count: check.Tally(results), Standings: standings, Gaps: run.Gaps}
	for _, r := range results {
		if n := len(p.Suites); n == 0 || p.Suites[n-1].Name != r.Suite {
			p.Suites = append(p.Suites, suiteOf{Name: r.Suite})
		}
		s := &p.Suites[len(p.Suites)-1]
		s.Results = append(s.Results, r)
		if !slices.ContainsFunc(in.Criteria, func(c Criterion) bool { return c.Selects(r) }) {
			p.Unmapped = append(p.Unmapped, r)
		}
	}
	byType := map[string][]Resource{}
	for _, r := range resources {
		byType[r.Type] = append(byType[r.Type], r)
	}
	for _, t := range sortedKeys(byType) {
		p.Populations = append(p.Populations, kindOf{t, byType[t]})
	}
	for _, k := range ArtefactKinds {
		a, ok := artefacts[k.Kind]
		s, err := show(k, a, ok)
		if err != nil {
			return nil, err
		}
		p.Artefacts = append(p.Artefacts, s)
	}
	cover := func(c Criterion) []Coverage { return c.Cover(results, resources) }
	if run.Shard != "" {
		cover = func(Criterion) []Coverage { return nil } // a part does not know the others' checks
	}
	t, err := pageTemplate.Clone()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Funcs(template.FuncMap{"cover": cover}).Execute(&b, p); err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	return b.Bytes(), nil
}

// show decides by the ending of an artefact's name: a picture is embedded as an
// image, in which a browser runs no script; CSV is a table; the rest is text.
func show(k ArtefactKind, a Artefact, given bool) (shown, error) {
	s := shown{ArtefactKind: k, Absent: !given}
	if !given {
		return s, nil
	}
	switch ext := strings.ToLower(path.Ext(a.Name)); ext {
	case ".svg", ".png":
		kind := map[string]string{".svg": "image/svg+xml", ".png": "image/png"}[ext]
		s.Picture = template.URL("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(a.Data)) //nolint:gosec // our own encoding
	case ".csv":
		rows, err := csv.NewReader(bytes.NewReader(a.Data)).ReadAll()
		if err != nil {
			return s, fmt.Errorf("artefact %s, %s: %w", k.Kind, a.Name, err)
		}
		if len(rows) < 2 {
			return s, fmt.Errorf("artefact %s, %s: a table needs a head and a row", k.Kind, a.Name)
		}
		s.Head, s.Rows = rows[0], rows[1:]
	case ".txt", ".md", ".json":
		s.Text = string(a.Data)
	default:
		return s, fmt.Errorf("artefact %s, %s: the page shows .svg, .png, .csv, .txt, .md and .json", k.Kind, a.Name)
	}
	return s, nil
}
