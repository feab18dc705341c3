// Package gitops judges what Argo CD is asked to apply: the Applications, the
// projects they belong to, and every object that they render to.
//
// The engine is pure: it takes parsed objects and returns findings. Reading folders
// and rendering charts is package render; schemas are package schema.
package gitops

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Origin is where something is declared.
type Origin struct {
	// File is relative to the repository, or a module's path for what a third party
	// publishes.
	File string
	// Line is 1 for the first one, 0 where a template has no line of its own.
	Line int
}

func (o Origin) String() string {
	if o.Line == 0 {
		return o.File
	}
	return fmt.Sprintf("%s:%d", o.File, o.Line)
}

// Object is one Kubernetes object.
type Object struct {
	// Fields are as JSON has them: maps, lists, strings, bools, int64, float64.
	Fields map[string]any
	Origin Origin
	// Application is the name of the Application that applies it.
	Application string
	// Namespace is the object's own, or that of its Application's destination.
	Namespace string

	node *yaml.Node
}

// Text of the field at a path, "" when there is none or it is no string.
func (o Object) Text(path ...string) string {
	s, _ := o.At(path...).(string)
	return s
}

// At is the field at a path, nil when there is none.
func (o Object) At(path ...string) any { return at(o.Fields, path...) }

func at(v any, path ...string) any {
	for _, key := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// Kind, Name, Group and Version are of the object.
func (o Object) Kind() string { return o.Text("kind") }

// Name is metadata.name.
func (o Object) Name() string { return o.Text("metadata", "name") }

// Group is the API group, "" for the core.
func (o Object) Group() string {
	group, _, found := strings.Cut(o.Text("apiVersion"), "/")
	if !found {
		return ""
	}
	return group
}

// Version is the version of the API group.
func (o Object) Version() string {
	v := o.Text("apiVersion")
	return v[strings.LastIndex(v, "/")+1:]
}

// ID names the object among all others of a cluster.
func (o Object) ID() string {
	return strings.TrimPrefix(fmt.Sprintf("%s/%s %s/%s", o.Group(), o.Kind(), o.Namespace, o.Name()), "/")
}

// Place is the origin of the field at a path: the line of the deepest part that the
// file has.
func (o Object) Place(path ...string) Origin {
	out, n := o.Origin, o.node
	for _, key := range path {
		if n == nil || n.Kind != yaml.MappingNode {
			break
		}
		var next *yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				next, out.Line = n.Content[i+1], n.Content[i].Line
			}
		}
		n = next
	}
	return out
}

// Parse reads the documents of a YAML file. Empty documents are passed over; one that
// is no object, or names a key twice, is an error with its line.
func Parse(file string, text []byte) ([]Object, error) {
	var out []Object
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
		}
		if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
			continue
		}
		top := doc.Content[0]
		if top.Kind != yaml.MappingNode {
			return nil, fmt.Errorf("%s:%d: want an object with apiVersion and kind, found a %s", file, top.Line, strings.TrimPrefix(top.Tag, "!!"))
		}
		var fields map[string]any
		if err := top.Decode(&fields); err != nil {
			return nil, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
		}
		clean, err := plain(fields)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, top.Line, err)
		}
		o := Object{Fields: clean.(map[string]any), Origin: Origin{File: file, Line: top.Line}, node: top}
		for _, key := range []string{"apiVersion", "kind"} {
			if o.Text(key) == "" {
				return nil, fmt.Errorf("%s:%d: the object has no %s", file, top.Line, key)
			}
		}
		out = append(out, o)
	}
}

// plain turns what YAML has and JSON has not into what JSON has.
func plain(v any) (any, error) {
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			c, err := plain(e)
			if err != nil {
				return nil, err
			}
			x[k] = c
		}
		return x, nil
	case map[any]any:
		return nil, fmt.Errorf("a key is no string: quote it")
	case []any:
		for i, e := range x {
			c, err := plain(e)
			if err != nil {
				return nil, err
			}
			x[i] = c
		}
		return x, nil
	case int:
		return int64(x), nil
	case uint64:
		return nil, fmt.Errorf("the number %d is larger than Kubernetes takes", x)
	case nil, bool, string, int64, float64:
		return x, nil
	default:
		return nil, fmt.Errorf("%v (%T) is no value of JSON: quote it", x, x)
	}
}
