package planned

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// tree are the sources of a layer, read as they are asked for.
type tree struct {
	files   fs.FS
	folders map[string]*folder
}

// folder is a module's sources.
type folder struct {
	dir string
	// blocks are those of the files, by their type and labels: "resource aws_vpc this".
	blocks map[string][]*hclsyntax.Body
}

// folder reads a module's folder; nil where there are no sources.
func (r *reader) folder(l *layer, dir string) *folder {
	if l.sources == nil {
		return nil
	}
	if f, ok := l.sources.folders[dir]; ok {
		return f
	}
	f := &folder{dir: dir, blocks: map[string][]*hclsyntax.Body{}}
	l.sources.folders[dir] = f
	files, err := fs.Glob(l.sources.files, path.Join(dir, "*.tf"))
	if err != nil || len(files) == 0 {
		r.bad("%s%s: no sources of Terraform are there", l.prefix, dir)
	}
	for _, name := range files {
		text, err := fs.ReadFile(l.sources.files, name)
		if err != nil {
			r.bad("%s: %w", name, err)
			continue
		}
		file, wrong := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
		if wrong.HasErrors() {
			r.bad("%w", wrong)
			continue
		}
		for _, b := range file.Body.(*hclsyntax.Body).Blocks {
			key := strings.Join(append([]string{b.Type}, b.Labels...), " ")
			f.blocks[key] = append(f.blocks[key], b.Body)
		}
	}
	return f
}

// beneath are the sources of a module that s calls.
func (r *reader) beneath(s *scope, source string) *folder {
	if s.folder == nil || !strings.HasPrefix(source, "./") && !strings.HasPrefix(source, "../") {
		return nil
	}
	return r.folder(s.layer, path.Join(s.folder.dir, source))
}

// only is the one block of a name. A second one, as of an override file, would
// leave it open which counts.
func (f *folder) only(key string) *hclsyntax.Body {
	if f == nil || len(f.blocks[key]) != 1 {
		return nil
	}
	return f.blocks[key][0]
}

// dynamic are the dynamic blocks of a name in a resource.
func (n *node) dynamic(name string) []*hclsyntax.Block {
	body := n.scope.folder.only("resource " + n.Type + " " + n.Name)
	if body == nil {
		return nil
	}
	var out []*hclsyntax.Block
	for _, b := range body.Blocks {
		if b.Type == "dynamic" && len(b.Labels) == 1 && b.Labels[0] == name {
			out = append(out, b)
		}
	}
	return out
}

// literals are the texts that stand in an attribute beside its references, of which a
// plan's configuration says nothing. For those of dynamic blocks, see content.
func (n *node) literals(attr string) []string {
	body := n.scope.folder.only("resource " + n.Type + " " + n.Name)
	if body == nil {
		return nil
	}
	places := []*hclsyntax.Body{body}
	if n.within != "" {
		places = nil
		for _, b := range body.Blocks {
			if b.Type == n.within {
				places = append(places, b.Body)
			}
		}
	}
	var out []string
	for _, b := range places {
		if a := b.Attributes[attr]; a != nil {
			out = append(out, slices.DeleteFunc(made(a.Expr, nil), func(ref string) bool { return !strings.HasPrefix(ref, `"`) })...)
		}
	}
	return out
}

// content are the expressions of a dynamic block, which a plan's configuration leaves
// out, in the form that it has for others.
func (n *node) content(name string) (map[string]json.RawMessage, error) {
	list := n.dynamic(name)
	if len(list) != 1 {
		return nil, fmt.Errorf("%s: its block %s is not in the plan's configuration, as a dynamic block is not: want the sources that were planned, with one such block", n.Address, name)
	}
	iterator, each := name, hclsyntax.Expression(nil)
	if a := list[0].Body.Attributes["iterator"]; a != nil {
		iterator = hcl.ExprAsKeyword(a.Expr)
	}
	if a := list[0].Body.Attributes["for_each"]; a != nil {
		each = a.Expr
	}
	out := map[string]json.RawMessage{}
	for _, b := range list[0].Body.Blocks {
		if b.Type != "content" {
			continue
		}
		for attr, a := range b.Body.Attributes {
			var refs []string
			for _, ref := range made(a.Expr, nil) {
				if rest, own := strings.CutPrefix(ref, iterator+"."); own {
					_, at := steps(rest) // value or key, and its part
					refs = append(refs, made(each, at)...)
				} else {
					refs = append(refs, ref)
				}
			}
			text, err := json.Marshal(map[string]any{"references": refs})
			if err != nil {
				return nil, err
			}
			out[attr] = text
		}
	}
	return out, nil
}

// made is what the part of an expression at a path of attributes is made of:
// references, and texts in quotes. What decides which of two things it is is no part
// of it.
func made(e hclsyntax.Expression, at []string) []string {
	var out []string
	switch e := e.(type) {
	case nil:
	case *hclsyntax.ParenthesesExpr:
		return made(e.Expression, at)
	case *hclsyntax.ConditionalExpr:
		return append(made(e.TrueResult, at), made(e.FalseResult, at)...)
	case *hclsyntax.TupleConsExpr:
		for _, x := range e.Exprs {
			out = append(out, made(x, at)...)
		}
	case *hclsyntax.ObjectConsExpr:
		for _, x := range e.Items {
			key := ""
			if v, bad := x.KeyExpr.Value(nil); !bad.HasErrors() && v.IsKnown() && !v.IsNull() && v.Type() == cty.String {
				key = v.AsString()
			}
			switch {
			case len(at) == 0:
				out = append(out, made(x.ValueExpr, nil)...)
			case key == "" || key == at[0]: // one that is computed may be it
				out = append(out, made(x.ValueExpr, at[1:])...)
			}
		}
	case *hclsyntax.FunctionCallExpr:
		for _, x := range e.Args {
			out = append(out, made(x, nil)...)
		}
	case *hclsyntax.ScopeTraversalExpr:
		out = append(out, written(e.Traversal)+strings.Join(append([]string{""}, at...), "."))
	case *hclsyntax.TemplateExpr:
		if e.IsStringLiteral() {
			if v, bad := e.Value(nil); !bad.HasErrors() && v.AsString() != "" {
				return []string{fmt.Sprintf("%q", v.AsString())}
			}
			return nil
		}
		for _, t := range e.Variables() {
			out = append(out, written(t))
		}
	default:
		for _, t := range hclsyntax.Variables(e) {
			out = append(out, written(t))
		}
	}
	return out
}

// written is a traversal as a plan's configuration writes it.
func written(t hcl.Traversal) string {
	out := t.RootName()
	for _, step := range t[1:] {
		switch s := step.(type) {
		case hcl.TraverseAttr:
			out += "." + s.Name
		case hcl.TraverseIndex:
			if s.Key.Type() == cty.String {
				out += fmt.Sprintf("[%q]", s.Key.AsString())
			} else {
				out += "[" + s.Key.AsBigFloat().String() + "]"
			}
		}
	}
	return out
}

// local is what a local value is made of, and whether the sources tell.
func (s *scope) local(rest string) ([]string, bool) {
	if s.folder == nil {
		return nil, false
	}
	name, at := steps(rest)
	var found []hclsyntax.Expression
	for _, b := range s.folder.blocks["locals"] {
		if a := b.Attributes[name]; a != nil {
			found = append(found, a.Expr)
		}
	}
	if len(found) != 1 {
		return nil, false
	}
	return made(found[0], at), true
}

// given is what the caller makes a variable of: by the sources its part that is asked
// for, by the configuration alone the whole.
func (s *scope) given(rest string) []string {
	name, at := steps(rest)
	if body := s.parent.folder.only("module " + s.name); body != nil && body.Attributes[name] != nil {
		return made(body.Attributes[name].Expr, at)
	}
	return references(s.call.Expressions[name])
}

// steps is a name, and the attributes behind it up to the first index.
func steps(rest string) (string, []string) {
	parts := strings.Split(rest, ".")
	for i, p := range parts {
		if j := strings.IndexByte(p, '['); j >= 0 {
			parts = append(slices.Clone(parts[:i]), p[:j])
			break
		}
	}
	return parts[0], parts[1:]
}
