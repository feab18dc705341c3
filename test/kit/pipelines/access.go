package pipelines

import (
	"fmt"
	"io/fs"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// accessFile is where terraform/compute says who may use the Kubernetes API.
const accessFile = "terraform/compute/eks.tf"

// ClusterAccess is what an access entry of EKS lets a role do in the Kubernetes API.
type ClusterAccess struct {
	// Groups are those of Kubernetes' RBAC that the role is in.
	Groups []string
	// Policies are EKS access policies, each with the namespaces in which it holds; with
	// none it holds in all.
	Policies map[string][]string
}

// AccessOf reads the access entry that terraform/compute writes out under a short name.
// What it does not know of an entry is an error: nothing of it is left out.
func AccessOf(tree fs.FS, name string) (ClusterAccess, error) {
	var out ClusterAccess
	text, err := fs.ReadFile(tree, accessFile)
	if err != nil {
		return out, err
	}
	f, diags := hclsyntax.ParseConfig(text, accessFile, hcl.InitialPos)
	if diags.HasErrors() {
		return out, diags
	}
	var found []*hclsyntax.ObjectConsExpr
	_ = hclsyntax.VisitAll(f.Body.(*hclsyntax.Body), func(n hclsyntax.Node) hcl.Diagnostics {
		if o, ok := n.(*hclsyntax.ObjectConsExpr); ok {
			for _, item := range o.Items {
				if entry, ok := item.ValueExpr.(*hclsyntax.ObjectConsExpr); ok && hcl.ExprAsKeyword(item.KeyExpr) == name {
					found = append(found, entry)
				}
			}
		}
		return nil
	})
	if len(found) != 1 {
		return out, fmt.Errorf("%s writes out %d access entries %q, want one", accessFile, len(found), name)
	}
	for _, item := range found[0].Items {
		switch key := hcl.ExprAsKeyword(item.KeyExpr); key {
		case "principal_arn":
		case "kubernetes_groups":
			out.Groups, err = texts(item.ValueExpr)
		case "policies":
			out.Policies, err = namespacesOf(item.ValueExpr)
		default:
			err = fmt.Errorf("%s: %q of an access entry is not read here", item.KeyExpr.Range(), key)
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// namespacesOf reads the namespaces of each access policy.
func namespacesOf(e hcl.Expression) (map[string][]string, error) {
	pairs, diags := hcl.ExprMap(e)
	if diags.HasErrors() {
		return nil, diags
	}
	out := map[string][]string{}
	for _, p := range pairs {
		namespaces, err := texts(p.Value)
		if err != nil {
			return nil, err
		}
		out[hcl.ExprAsKeyword(p.Key)] = namespaces
	}
	return out, nil
}

// texts is a list of texts that is written out.
func texts(e hcl.Expression) ([]string, error) {
	items, diags := hcl.ExprList(e)
	if diags.HasErrors() {
		return nil, diags
	}
	var out []string
	for _, item := range items {
		v, diags := item.Value(nil)
		if diags.HasErrors() {
			return nil, diags
		}
		if v.Type() != cty.String || v.IsNull() {
			return nil, fmt.Errorf("%s: want a text", item.Range())
		}
		out = append(out, v.AsString())
	}
	return out, nil
}
