package handover

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// Policy is the document of a data source aws_iam_policy_document of the layer in dir
// (terraform/platform), as Terraform renders it. What this does not read (principals,
// not_actions, dynamic blocks) is an error: a document that lacks a part would grant
// something else.
func Policy(dir string, g Given, name string) (string, error) {
	l, err := read(dir, g)
	if err != nil {
		return "", err
	}
	for _, local := range []string{"long_name", "key"} {
		if err := l.settle(local); err != nil {
			return "", err
		}
	}
	block, err := find(dir, "data", "aws_iam_policy_document", name)
	if err != nil {
		return "", err
	}
	var statements []map[string]any
	for _, b := range block.Body.Blocks {
		if b.Type != "statement" {
			return "", fmt.Errorf("%s: want statements alone in the policy document %s, found %s", b.Range(), name, b.Type)
		}
		s, err := statement(b, l.context())
		if err != nil {
			return "", err
		}
		statements = append(statements, s)
	}
	return document(statements)
}

// Trust is the policy by which modules/iam-irsa, in dir, lets a service account take
// its role by the tokens of an issuer.
func Trust(dir, issuer, providerARN, namespace, account string) (string, error) {
	locals, err := localsOf(dir)
	if err != nil {
		return "", err
	}
	role, err := find(dir, "resource", "aws_iam_role", "this")
	if err != nil {
		return "", err
	}
	policy := role.Body.Attributes["assume_role_policy"]
	if policy == nil {
		return "", fmt.Errorf("%s: the role has no assume_role_policy", role.Range())
	}
	ctx := &hcl.EvalContext{Functions: trustFunctions, Variables: map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{
		"oidc_issuer": cty.StringVal(issuer), "oidc_provider_arn": cty.StringVal(providerARN), "namespace": cty.StringVal(namespace),
		"service_accounts": cty.TupleVal([]cty.Value{cty.StringVal(account)}),
	})}}
	local := map[string]cty.Value{}
	for _, name := range []string{"issuer", "subjects"} {
		if locals[name] == nil {
			return "", fmt.Errorf("%s: there is no local %s, from which the trust policy is made", dir, name)
		}
		v, diags := locals[name].Value(ctx)
		if diags.HasErrors() {
			return "", fmt.Errorf("evaluate local.%s of %s: %w", name, dir, diags)
		}
		local[name] = v
		ctx.Variables["local"] = cty.ObjectVal(local)
	}
	v, diags := policy.Expr.Value(ctx)
	if diags.HasErrors() {
		return "", diags
	}
	return v.AsString(), nil
}

// trustFunctions are those of Terraform that the trust policy is written with. A list of
// one subject is that subject: one and try come to nothing else there.
var trustFunctions = map[string]function.Function{
	"jsonencode": stdlib.JSONEncodeFunc, "trimprefix": stdlib.TrimPrefixFunc,
	"one": function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
		Type: func(args []cty.Value) (cty.Type, error) {
			if args[0].LengthInt() != 1 {
				return cty.NilType, fmt.Errorf("want one subject, found %d", args[0].LengthInt())
			}
			return cty.String, nil
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return args[0].Index(cty.NumberIntVal(0)), nil
		},
	}),
	"try": function.New(&function.Spec{
		VarParam: &function.Parameter{Name: "values", Type: cty.DynamicPseudoType},
		Type:     func(args []cty.Value) (cty.Type, error) { return args[0].Type(), nil },
		Impl:     func(args []cty.Value, _ cty.Type) (cty.Value, error) { return args[0], nil },
	}),
}

// find is the block of that type and labels in a folder's files.
func find(dir, kind string, labels ...string) (*hclsyntax.Block, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		return nil, err
	}
	parser := hclparse.NewParser()
	for _, file := range files {
		f, diags := parser.ParseHCLFile(file)
		if diags.HasErrors() {
			return nil, diags
		}
		for _, b := range f.Body.(*hclsyntax.Body).Blocks {
			if b.Type == kind && strings.Join(b.Labels, ".") == strings.Join(labels, ".") {
				return b, nil
			}
		}
	}
	return nil, fmt.Errorf("%s: there is no %s %s", dir, kind, strings.Join(labels, "."))
}

// statement is one statement of a policy document.
func statement(b *hclsyntax.Block, ctx *hcl.EvalContext) (map[string]any, error) {
	out := map[string]any{"Effect": "Allow"}
	for name, a := range b.Body.Attributes {
		key, known := map[string]string{"sid": "Sid", "effect": "Effect", "actions": "Action", "resources": "Resource"}[name]
		if !known {
			return nil, fmt.Errorf("%s: a statement with %s is not read here", a.Range(), name)
		}
		var value any
		if err := evaluate(a.Expr, ctx, &value); err != nil {
			return nil, err
		}
		out[key] = value
	}
	conditions := map[string]map[string]any{}
	for _, c := range b.Body.Blocks {
		if c.Type != "condition" {
			return nil, fmt.Errorf("%s: a statement with a block %s is not read here", c.Range(), c.Type)
		}
		var test, variable string
		var values []string
		for name, into := range map[string]any{"test": &test, "variable": &variable, "values": &values} {
			a := c.Body.Attributes[name]
			if a == nil {
				return nil, fmt.Errorf("%s: the condition has no %s", c.Range(), name)
			}
			if err := evaluate(a.Expr, ctx, into); err != nil {
				return nil, err
			}
		}
		if conditions[test] == nil {
			conditions[test] = map[string]any{}
		}
		if conditions[test][variable] != nil {
			return nil, fmt.Errorf("%s: two conditions are %s %s", c.Range(), test, variable)
		}
		conditions[test][variable] = values
	}
	if len(conditions) > 0 {
		out["Condition"] = conditions
	}
	return out, nil
}

func evaluate(e hcl.Expression, ctx *hcl.EvalContext, into any) error {
	v, diags := e.Value(ctx)
	if diags.HasErrors() {
		return diags
	}
	return fromCty(v, into)
}

func document(statements []map[string]any) (string, error) {
	b, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	return string(b), err
}
