package logs

import (
	"fmt"
	"slices"
	"strings"
)

// Section is one [SECTION] of a classic configuration (Fluent Bit manual, "Format
// and Schema"): its settings by lower-case name, with the line of each.
type Section struct {
	Kind  string
	Line  int
	Value map[string]string
	Lines map[string]int
}

// ParseConfig reads the sections of a classic configuration of which each setting
// is given once. Only the settings in known, by kind and name of the plugin, are
// read: of any other it is not known here what it does to a record.
func ParseConfig(file, text string, known map[string][]string) ([]Section, error) {
	var out []Section
	for i, l := range strings.Split(text, "\n") {
		l = strings.TrimSpace(l)
		at := fmt.Sprintf("%s: line %d", file, i+1)
		if l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		if kind, ok := strings.CutPrefix(l, "["); ok && strings.HasSuffix(kind, "]") {
			out = append(out, Section{Kind: strings.TrimSuffix(kind, "]"), Line: i + 1, Value: map[string]string{}, Lines: map[string]int{}})
			continue
		}
		if len(out) == 0 {
			return nil, fmt.Errorf("%s: %q stands before the first [SECTION]", at, l)
		}
		s := out[len(out)-1]
		name, value, _ := strings.Cut(l, " ")
		name, value = strings.ToLower(name), strings.TrimSpace(value)
		if value == "" {
			return nil, fmt.Errorf("%s: %s has no value", at, name)
		}
		if first, twice := s.Lines[name]; twice {
			return nil, fmt.Errorf("%s: %s is given again, first in line %d", at, name, first)
		}
		s.Value[name], s.Lines[name] = value, i+1
	}
	for _, s := range out {
		plugin := strings.ToLower(s.Kind + " " + s.Value["name"])
		settings, ok := known[plugin]
		if !ok {
			return nil, fmt.Errorf("%s: line %d: %s is not known here; known are %s", file, s.Line, plugin, strings.Join(keys(known), ", "))
		}
		for _, name := range keys(s.Lines) {
			if name != "name" && !slices.Contains(settings, name) {
				return nil, fmt.Errorf("%s: line %d: %s has no setting %s that is known here; known are %s", file, s.Lines[name], plugin, name, strings.Join(settings, ", "))
			}
		}
	}
	return out, nil
}

// on says whether a setting is switched on; Fluent Bit takes any of these words.
func on(value string) bool {
	return slices.Contains([]string{"on", "true", "yes"}, strings.ToLower(value))
}

func list(value string) []string {
	var out []string
	for _, part := range strings.Split(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
