package layers

import (
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Kind is what can be told of a value's type from how it is written.
type Kind string

const (
	// Keyed is an object or a map.
	Keyed Kind = "an object"
	// Listed is a list, a tuple or a set.
	Listed Kind = "a list"
	// Text is a string.
	Text Kind = "a text"
	// Scalar is a number or a bool.
	Scalar Kind = "a number or a bool"
	// Unknown is what only an apply tells: an attribute of a resource or a module.
	Unknown Kind = "of a type that only an apply tells"
)

// allows says whether a value of the kind can be used so.
func (k Kind) allows(u Use) bool {
	switch u {
	case ByKey:
		return k == Keyed || k == Unknown
	case ByNumber:
		return k == Listed || k == Unknown
	case Computed:
		return k == Keyed || k == Listed || k == Unknown
	case AsText:
		return k == Text || k == Scalar || k == Unknown
	}
	return true
}

// listFunctions and keyFunctions return lists and maps ("Built-in Functions" in
// Terraform's documentation); textFunctions return strings.
var (
	listFunctions = map[string]bool{"concat": true, "distinct": true, "flatten": true, "keys": true, "values": true, "sort": true, "slice": true, "tolist": true, "toset": true, "compact": true, "setunion": true, "split": true, "reverse": true, "cidrsubnets": true, "setproduct": true, "chunklist": true, "range": true}
	keyFunctions  = map[string]bool{"merge": true, "tomap": true, "zipmap": true, "yamldecode": true, "jsondecode": true, "transpose": true}
	textFunctions = map[string]bool{"join": true, "format": true, "jsonencode": true, "yamlencode": true, "templatefile": true, "lower": true, "upper": true, "replace": true, "trimprefix": true, "trimsuffix": true, "tostring": true, "base64encode": true, "cidrsubnet": true, "trimspace": true, "substr": true}
)

// KindOf tells the kind of an expression's value without evaluating it.
func KindOf(e hclsyntax.Expression) Kind {
	switch e := e.(type) {
	case *hclsyntax.ObjectConsExpr:
		return Keyed
	case *hclsyntax.TupleConsExpr, *hclsyntax.SplatExpr:
		return Listed
	case *hclsyntax.ForExpr:
		if e.KeyExpr != nil {
			return Keyed
		}
		return Listed
	case *hclsyntax.TemplateExpr:
		return Text
	case *hclsyntax.TemplateWrapExpr:
		return KindOf(e.Wrapped)
	case *hclsyntax.ParenthesesExpr:
		return KindOf(e.Expression)
	case *hclsyntax.LiteralValueExpr:
		return kindOfType(e.Val.Type())
	case *hclsyntax.ConditionalExpr:
		if k := KindOf(e.TrueResult); k != Unknown {
			return k
		}
		return KindOf(e.FalseResult)
	case *hclsyntax.FunctionCallExpr:
		return kindOfCall(e)
	case *hclsyntax.BinaryOpExpr, *hclsyntax.UnaryOpExpr:
		return Scalar
	}
	return Unknown
}

func kindOfCall(e *hclsyntax.FunctionCallExpr) Kind {
	switch {
	case listFunctions[e.Name]:
		return Listed
	case keyFunctions[e.Name]:
		return Keyed
	case textFunctions[e.Name]:
		return Text
	case (e.Name == "try" || e.Name == "coalesce" || e.Name == "nonsensitive") && len(e.Args) > 0:
		return KindOf(e.Args[0])
	}
	return Unknown
}

func kindOfType(t cty.Type) Kind {
	switch {
	case t == cty.String:
		return Text
	case t == cty.Number, t == cty.Bool:
		return Scalar
	}
	return Unknown
}
