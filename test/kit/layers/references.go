package layers

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Use is how an output is used where it is read.
type Use string

const (
	// Whole: the value itself; its type does not show there.
	Whole Use = "as a whole"
	// ByKey: by an attribute or a string index, as an object or a map.
	ByKey Use = "by key"
	// ByNumber: by a number, as a list.
	ByNumber Use = "by number"
	// Computed: by an index that is known only when it runs.
	Computed Use = "by a computed index"
	// AsText: as a part of a text.
	AsText Use = "as text"
)

// remoteState begins every reference to another layer's output.
const remoteState = "terraform_remote_state"

// references finds data.terraform_remote_state.<name>.outputs.<output> wherever it
// is written.
func (l *Layer) references(body *hclsyntax.Body) {
	w := &walker{layer: l}
	_ = hclsyntax.Walk(body, w)
	slices.SortStableFunc(l.References, func(a, b Reference) int {
		if a.Place.File != b.Place.File {
			if a.Place.File < b.Place.File {
				return -1
			}
			return 1
		}
		return a.Place.Line - b.Place.Line
	})
}

// walker keeps the way from the root, to know what surrounds a reference.
type walker struct {
	layer *Layer
	way   []hclsyntax.Node
}

// Enter implements hclsyntax.Walker.
func (w *walker) Enter(n hclsyntax.Node) hcl.Diagnostics {
	if e, ok := n.(*hclsyntax.ScopeTraversalExpr); ok {
		w.traversal(e)
	}
	w.way = append(w.way, n)
	return nil
}

// Exit implements hclsyntax.Walker.
func (w *walker) Exit(hclsyntax.Node) hcl.Diagnostics {
	w.way = w.way[:len(w.way)-1]
	return nil
}

func (w *walker) traversal(e *hclsyntax.ScopeTraversalExpr) {
	t := e.Traversal
	if t.RootName() != "data" || len(t) < 3 || attribute(t[1]) != remoteState {
		return
	}
	state, ok := w.layer.States[attribute(t[2])]
	if !ok {
		return // Terraform's own validate says that
	}
	r := Reference{Layer: state.Layer, Use: Whole, Place: at(e.SrcRange)}
	if len(t) < 5 || attribute(t[3]) != "outputs" {
		w.layer.References = append(w.layer.References, r) // all outputs at once
		return
	}
	r.Output = attribute(t[4])
	switch {
	case len(t) > 5:
		r.Use = use(t[5])
	case len(w.way) > 0:
		r.Use = w.around(e)
	}
	w.layer.References = append(w.layer.References, r)
}

// around tells the use of a reference from the expression around it.
func (w *walker) around(e hclsyntax.Expression) Use {
	switch p := w.way[len(w.way)-1].(type) {
	case *hclsyntax.IndexExpr:
		if p.Collection == e {
			return Computed
		}
	case *hclsyntax.TemplateExpr:
		if len(p.Parts) > 1 {
			return AsText
		}
	}
	return Whole
}

func use(step hcl.Traverser) Use {
	if i, ok := step.(hcl.TraverseIndex); ok && i.Key.Type() == cty.Number {
		return ByNumber
	}
	return ByKey
}

func attribute(step hcl.Traverser) string {
	switch s := step.(type) {
	case hcl.TraverseAttr:
		return s.Name
	case hcl.TraverseRoot:
		return s.Name
	case hcl.TraverseIndex:
		if s.Key.Type() == cty.String {
			return s.Key.AsString()
		}
	}
	return ""
}
