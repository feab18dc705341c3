package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// node is a value of a JSON document that knows its line. Unlike a Go map it keeps
// the order of names, and it cannot hold one twice.
type node struct {
	kind   nodeKind
	text   string // of a string, a number or a bool
	fields []field
	items  []*node
	line   int
}

type nodeKind uint8

const (
	nullNode nodeKind = iota
	stringNode
	scalarNode // a number or a bool
	listNode
	objectNode
)

var nodeNames = [...]string{"null", "a string", "a number or a bool", "a list", "an object"}

type field struct {
	name  string
	value *node
}

// deepest is how deep a document may be nested; a policy needs five.
const deepest = 16

type treeReader struct {
	d      *json.Decoder
	source []byte
	line   int
	upTo   int64
}

func readTree(document []byte) (*node, error) {
	r := &treeReader{d: json.NewDecoder(bytes.NewReader(document)), source: document, line: 1}
	r.d.UseNumber()
	root, err := r.value(0)
	if err != nil {
		return nil, r.located(err)
	}
	if _, err := r.d.Token(); !errors.Is(err, io.EOF) {
		return nil, r.located(errors.New("something follows the end of the document"))
	}
	return root, nil
}

func (r *treeReader) located(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the document ends too early")
	}
	return fmt.Errorf("line %d: not valid JSON: %w", r.at(), err)
}

// at is the line of what was read last.
func (r *treeReader) at() int {
	offset := min(r.d.InputOffset(), int64(len(r.source)))
	if offset > r.upTo {
		r.line += bytes.Count(r.source[r.upTo:offset], []byte{'\n'})
		r.upTo = offset
	}
	return r.line
}

func (r *treeReader) value(depth int) (*node, error) {
	if depth > deepest {
		return nil, fmt.Errorf("nested deeper than %d", deepest)
	}
	token, err := r.d.Token()
	if err != nil {
		return nil, err
	}
	n := &node{line: r.at()}
	switch t := token.(type) {
	case nil:
	case string:
		n.kind, n.text = stringNode, t
	case json.Number:
		n.kind, n.text = scalarNode, t.String()
	case bool:
		n.kind, n.text = scalarNode, fmt.Sprint(t)
	case json.Delim:
		if t == '[' {
			return r.list(n, depth)
		}
		return r.object(n, depth)
	}
	return n, nil
}

func (r *treeReader) list(n *node, depth int) (*node, error) {
	n.kind = listNode
	for r.d.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	_, err := r.d.Token()
	return n, err
}

func (r *treeReader) object(n *node, depth int) (*node, error) {
	n.kind = objectNode
	for r.d.More() {
		token, err := r.d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := token.(string)
		if !ok {
			return nil, fmt.Errorf("want a name, found %v", token)
		}
		for _, f := range n.fields {
			if f.name == name {
				return nil, fmt.Errorf("%q is there twice, first in line %d", name, f.value.line)
			}
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		n.fields = append(n.fields, field{name, value})
	}
	_, err := r.d.Token()
	return n, err
}

// strings are the values of a list of strings, or of the one string that stands for a
// list of one. scalars says whether numbers and bools count as well.
func (n *node) strings(scalars bool) ([]string, error) {
	one := func(n *node, at string) (string, error) {
		if n.kind == stringNode || n.kind == scalarNode && scalars {
			return n.text, nil
		}
		return "", fmt.Errorf("%swant a string, found %s (line %d)", at, nodeNames[n.kind], n.line)
	}
	if n.kind != listNode {
		s, err := one(n, "")
		return []string{s}, err
	}
	out := make([]string, 0, len(n.items))
	for i, item := range n.items {
		s, err := one(item, fmt.Sprintf("[%d]: ", i))
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// nearest is the name of a list that a wrong one was most likely meant to be, or "".
func nearest(wrong string, names []string) string {
	best, least := "", len(wrong)/3+2
	for _, name := range names {
		if d := distance(strings.ToLower(wrong), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance is the edit distance of two names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost = 1 + min(last, row[j], row[j+1])
			}
			last, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
