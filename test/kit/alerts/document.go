package alerts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// line is a YAML scalar with the line on which it stands.
type line struct {
	Text string
	Line int
	// Block says that the text begins on the next line.
	Block bool
}

func (l *line) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: want a text", n.Line)
	}
	*l = line{Text: n.Value, Line: n.Line, Block: n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0}
	return nil
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s*)?line (\d+): (.*)`)

// decodeStrict reads one YAML document; unknown keys are errors. Errors begin
// with the file and the line.
func decodeStrict(file string, text []byte, into any) error {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%s:1: the file is empty", file)
		}
		return inFile(file, err)
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: more than one document; write one object a file", file)
	}
	return nil
}

// inFile turns the "line 3: ..." of the YAML library into "file:3: ...".
func inFile(file string, err error) error {
	var te *yaml.TypeError
	messages := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	if errors.As(err, &te) {
		messages = te.Errors
	}
	var errs []error
	for _, m := range messages {
		if parts := yamlLine.FindStringSubmatch(m); parts != nil {
			n, _ := strconv.Atoi(parts[1])
			errs = append(errs, fmt.Errorf("%s: %s", Place{file, n}, parts[2]))
			continue
		}
		errs = append(errs, fmt.Errorf("%s: %s", file, m))
	}
	return errors.Join(errs...)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Nearest returns up to three names that come near to what was written, by the
// number of edits, for messages about an unknown name.
func Nearest(name string, names []string) []string {
	out := slices.Clone(names)
	slices.Sort(out)
	out = slices.Compact(out)
	far := map[string]int{}
	for _, n := range out {
		far[n] = edits(name, n)
	}
	slices.SortStableFunc(out, func(a, b string) int { return far[a] - far[b] })
	return out[:min(3, len(out))]
}

// edits is the Levenshtein distance, letters compared without case.
func edits(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
