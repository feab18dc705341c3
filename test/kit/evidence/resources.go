package evidence

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Resources lists every resource that the modules and layers of a repository
// declare, modules within modules too: all, so that a reader sees that none was left out. Examples and
// tests are not part of the platform.
func Resources(tree fs.FS) ([]Resource, error) {
	var out []Resource
	for _, pattern := range []string{"modules/*/*.tf", "modules/*/*/*.tf", "terraform/*/*.tf"} {
		files, err := fs.Glob(tree, pattern)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			rs, err := declared(tree, file)
			if err != nil {
				return nil, err
			}
			out = append(out, rs...)
		}
	}
	slices.SortFunc(out, func(a, b Resource) int {
		return cmp.Or(strings.Compare(a.Folder, b.Folder), strings.Compare(a.Type, b.Type), strings.Compare(a.Name, b.Name))
	})
	return out, nil
}

var resourceBlocks = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "resource", LabelNames: []string{"type", "name"}}}}

func declared(tree fs.FS, file string) ([]Resource, error) {
	text, err := fs.ReadFile(tree, file)
	if err != nil {
		return nil, err
	}
	parsed, diags := hclsyntax.ParseConfig(text, file, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, fmt.Errorf("list the resources: %w", diags)
	}
	content, _, diags := parsed.Body.PartialContent(resourceBlocks)
	if diags.HasErrors() {
		return nil, fmt.Errorf("list the resources: %w", diags)
	}
	var out []Resource
	for _, b := range content.Blocks {
		out = append(out, Resource{
			Folder: path.Dir(file), Type: b.Labels[0], Name: b.Labels[1], File: file, Line: b.DefRange.Start.Line,
			PartOf: partOf(b.Labels[0], b.Body),
		})
	}
	return out, nil
}

// partOf finds the resource that a block sets a part of: one that it refers to directly,
// and whose type is the beginning of its own, as of aws_s3_bucket_policy. Rules of a
// security group are named for the VPC and are parts of the group that has them.
func partOf(kind string, body hcl.Body) string {
	if rest, ok := strings.CutPrefix(kind, "aws_vpc_security_group_"); ok {
		kind = "aws_security_group_" + rest
	}
	attributes, _ := body.JustAttributes() // blocks of the resource are not what names it
	owners := map[string]bool{}
	for name, attribute := range attributes {
		if name == "referenced_security_group_id" { // the peer of a rule is not its owner
			continue
		}
		for _, t := range attribute.Expr.Variables() {
			if len(t) < 2 || !strings.HasPrefix(kind, t.RootName()+"_") {
				continue
			}
			if a, ok := t[1].(hcl.TraverseAttr); ok {
				owners[t.RootName()+"."+a.Name] = true
			}
		}
	}
	if len(owners) != 1 { // one block for several resources is a part of none
		return ""
	}
	return sortedKeys(owners)[0]
}
