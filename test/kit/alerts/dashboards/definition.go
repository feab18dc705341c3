// Package dashboards builds Grafana dashboards from short definitions, and says
// whether their queries can be answered.
package dashboards

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Definition is a dashboard as it is written in gitops/addons/prometheus-stack/dashboards.
type Definition struct {
	// UID is the name of the file.
	UID       string     `yaml:"-"`
	Title     string     `yaml:"title"`
	About     string     `yaml:"about"`
	Variables []Variable `yaml:"variables"`
	// Texts are variables that a person types.
	Texts []string `yaml:"texts"`
	Rows  []Row    `yaml:"rows"`
}

// Variable is a template variable whose values come from Prometheus.
type Variable struct {
	Name string `yaml:"name"`
	// Query is label_values(SELECTOR, LABEL).
	Query string `yaml:"query"`
}

// Row is a row of panels side by side.
type Row struct {
	Title  string  `yaml:"title"`
	Panels []Panel `yaml:"panels"`
}

// Panel is one picture, or a list of log lines.
type Panel struct {
	Title string `yaml:"title"`
	// Unit is one of Grafana's unit ids.
	Unit string `yaml:"unit"`
	// Limit is drawn as a line where an alert begins.
	Limit *float64 `yaml:"limit"`
	// Source is prometheus, which is the default, or loki.
	Source string `yaml:"source"`
	// Kind is timeseries, which is the default, or logs.
	Kind    string  `yaml:"kind"`
	Queries []Query `yaml:"queries"`
}

// Query is an expression of PromQL or LogQL.
type Query struct {
	Expr   string `yaml:"expr"`
	Legend string `yaml:"legend"`
}

// Parse reads a definition; unknown keys, sources, kinds and variables are refused.
func Parse(file string, text []byte) (*Definition, error) {
	d := &Definition{UID: strings.TrimSuffix(path.Base(file), ".yaml")}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(d); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", file, fmt.Sprintf(format, args...)))
	}
	if d.Title == "" || d.About == "" || len(d.Rows) == 0 {
		bad("a dashboard has a title, an about and rows")
	}
	var names, used []string
	for _, v := range d.Variables {
		names = append(names, v.Name)
		used = append(used, variablesIn(v.Query)...)
		if _, _, err := v.labelValues(); err != nil {
			bad("variable %s: %v", v.Name, err)
		}
	}
	names = append(names, d.Texts...)
	for _, p := range d.Panels() {
		if p.Source != "prometheus" && p.Source != "loki" {
			bad("panel %q: source %q: want prometheus or loki", p.Title, p.Source)
		}
		if p.Kind != "timeseries" && p.Kind != "logs" {
			bad("panel %q: kind %q: want timeseries or logs", p.Title, p.Kind)
		}
		if len(p.Queries) == 0 || p.Unit == "" {
			bad("panel %q has no query or no unit", p.Title)
		}
		for _, q := range p.Queries {
			used = append(used, variablesIn(q.Expr)...)
		}
	}
	for _, name := range used {
		if !slices.Contains(names, name) {
			bad("$%s is used and not declared; declared are %v", name, names)
		}
	}
	for _, name := range names {
		if !slices.Contains(used, name) {
			bad("variable %s is declared and not used", name)
		}
	}
	return d, errors.Join(errs...)
}

// Panels lists the panels of all rows, with what is left out filled in.
func (d *Definition) Panels() []Panel {
	var out []Panel
	for _, r := range d.Rows {
		for _, p := range r.Panels {
			if p.Source == "" {
				p.Source = "prometheus"
			}
			if p.Kind == "" {
				p.Kind = "timeseries"
			}
			out = append(out, p)
		}
	}
	return out
}

var variable = regexp.MustCompile(`\$([a-zA-Z]\w*)`)

// variablesIn lists the variables of a query; those of Grafana begin with $__.
func variablesIn(text string) []string {
	var out []string
	for _, m := range variable.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

var labelValues = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)

func (v Variable) labelValues() (selector, label string, err error) {
	m := labelValues.FindStringSubmatch(v.Query)
	if m == nil {
		return "", "", fmt.Errorf("query %q: want label_values(SELECTOR, LABEL)", v.Query)
	}
	return m[1], m[2], nil
}
