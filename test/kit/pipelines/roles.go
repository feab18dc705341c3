package pipelines

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"github.com/fintrack/platform/test/kit/iam"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Account is the account of the roles that are read here.
const Account = "123456789012"

// TrustPolicies reads the roles that terraform/security gives to pipelines, by name,
// with their trust policies, for one environment (dev, staging, prod). It evaluates
// the configuration itself: locals, defaults of variables, and the policy documents.
func TrustPolicies(tree fs.FS, environment string) (map[string]*iam.Policy, error) {
	c := &configuration{blocks: map[string]*hclsyntax.Block{}, locals: map[string]hclsyntax.Expression{}}
	files, err := fs.Glob(tree, "terraform/security/*.tf")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := c.read(tree, f); err != nil {
			return nil, err
		}
	}
	if err := c.variables(environment); err != nil {
		return nil, err
	}
	return c.roles()
}

// configuration is what the roles need of a Terraform folder.
type configuration struct {
	blocks map[string]*hclsyntax.Block // by "type.label.label"
	locals map[string]hclsyntax.Expression
	vars   map[string]cty.Value
	busy   []string
}

func (c *configuration) read(tree fs.FS, name string) error {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return err
	}
	f, diags := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
	if diags.HasErrors() {
		return diags
	}
	for _, b := range f.Body.(*hclsyntax.Body).Blocks {
		if b.Type == "locals" {
			for k, a := range b.Body.Attributes {
				c.locals[k] = a.Expr
			}
			continue
		}
		c.blocks[strings.Join(append([]string{b.Type}, b.Labels...), ".")] = b
	}
	return nil
}

// variables takes the defaults, those inside object types included.
func (c *configuration) variables(environment string) error {
	c.vars = map[string]cty.Value{"environment": cty.StringVal(environment)}
	for key, b := range c.blocks {
		name, ok := strings.CutPrefix(key, "variable.")
		attr := b.Body.Attributes["default"]
		if !ok || attr == nil || name == "environment" {
			continue
		}
		v, diags := attr.Expr.Value(nil)
		if diags.HasErrors() {
			return diags
		}
		if t := b.Body.Attributes["type"]; t != nil {
			ty, defaults, diags := typeexpr.TypeConstraintWithDefaults(t.Expr)
			if diags.HasErrors() {
				return diags
			}
			if defaults != nil && !v.IsNull() {
				v = defaults.Apply(v)
			}
			_ = ty
		}
		c.vars[name] = v
	}
	return nil
}

// value evaluates an expression with what it refers to.
func (c *configuration) value(e hcl.Expression, extra map[string]cty.Value) (cty.Value, error) {
	locals, scope := map[string]cty.Value{}, map[string]cty.Value{"var": cty.ObjectVal(c.vars)}
	for _, t := range e.Variables() {
		if t.RootName() != "local" || len(t) < 2 {
			continue
		}
		name := t[1].(hcl.TraverseAttr).Name
		v, err := c.local(name)
		if err != nil {
			return cty.NilVal, err
		}
		locals[name] = v
	}
	scope["local"] = cty.ObjectVal(locals)
	// What only an account knows, under the names that AWS gives it.
	scope["aws_iam_openid_connect_provider"] = cty.ObjectVal(map[string]cty.Value{"github": cty.ObjectVal(map[string]cty.Value{
		"arn": cty.StringVal("arn:aws:iam::" + Account + ":oidc-provider/" + Issuer)})})
	for k, v := range extra {
		scope[k] = v
	}
	v, diags := e.Value(&hcl.EvalContext{Variables: scope})
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	return v, nil
}

func (c *configuration) local(name string) (cty.Value, error) {
	e, ok := c.locals[name]
	if !ok {
		return cty.NilVal, fmt.Errorf("terraform/security has no local %s", name)
	}
	for _, b := range c.busy {
		if b == name {
			return cty.NilVal, fmt.Errorf("terraform/security: local %s refers to itself", name)
		}
	}
	c.busy = append(c.busy, name)
	defer func() { c.busy = c.busy[:len(c.busy)-1] }()
	return c.value(e, nil)
}

// roles evaluates each aws_iam_role whose trust names GitHub.
func (c *configuration) roles() (map[string]*iam.Policy, error) {
	out := map[string]*iam.Policy{}
	for key, b := range c.blocks {
		if !strings.HasPrefix(key, "resource.aws_iam_role.") || b.Body.Attributes["for_each"] == nil {
			continue
		}
		trust := b.Body.Attributes["assume_role_policy"]
		document := documentOf(trust.Expr)
		block, ok := c.blocks["data.aws_iam_policy_document."+document]
		if !ok {
			continue
		}
		each, err := c.value(b.Body.Attributes["for_each"].Expr, nil)
		if err != nil {
			return nil, err
		}
		for it := each.ElementIterator(); it.Next(); {
			k, v := it.Element()
			scope := map[string]cty.Value{"each": cty.ObjectVal(map[string]cty.Value{"key": k, "value": v})}
			name, err := c.value(b.Body.Attributes["name"].Expr, scope)
			if err != nil {
				return nil, err
			}
			text, err := c.document(block, scope)
			if err != nil {
				return nil, err
			}
			if !strings.Contains(string(text), Issuer) {
				continue
			}
			p, err := iam.Parse(iam.TrustPolicy, "trust policy of "+name.AsString(), text)
			if err != nil {
				return nil, err
			}
			out[name.AsString()] = p
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("terraform/security gives GitHub no role")
	}
	return out, nil
}

// documentOf is the policy document that an expression takes its JSON from.
func documentOf(e hcl.Expression) string {
	for _, t := range e.Variables() {
		if t.RootName() == "data" && len(t) > 2 {
			if a, ok := t[2].(hcl.TraverseAttr); ok {
				return a.Name
			}
		}
	}
	return ""
}

// document writes an aws_iam_policy_document as the provider does. What it does not
// know is an error: nothing of a policy is left out.
func (c *configuration) document(b *hclsyntax.Block, scope map[string]cty.Value) ([]byte, error) {
	var statements []map[string]any
	for _, s := range b.Body.Blocks {
		if s.Type != "statement" {
			return nil, unknown(s)
		}
		st := map[string]any{"Effect": "Allow"}
		for name, a := range s.Body.Attributes {
			key, ok := map[string]string{"sid": "Sid", "effect": "Effect", "actions": "Action", "resources": "Resource"}[name]
			if !ok {
				return nil, fmt.Errorf("%s: attribute %s of a statement is not read here", a.Range(), name)
			}
			v, err := c.plain(a.Expr, scope)
			if err != nil {
				return nil, err
			}
			st[key] = v
		}
		principals, conditions := map[string]any{}, map[string]map[string]any{}
		for _, x := range s.Body.Blocks {
			if err := c.part(x, scope, principals, conditions); err != nil {
				return nil, err
			}
		}
		if len(principals) > 0 {
			st["Principal"] = principals
		}
		if len(conditions) > 0 {
			st["Condition"] = conditions
		}
		statements = append(statements, st)
	}
	return json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
}

// part reads the principals or one condition of a statement.
func (c *configuration) part(b *hclsyntax.Block, scope map[string]cty.Value, principals map[string]any, conditions map[string]map[string]any) error {
	values := map[string]any{}
	for name, a := range b.Body.Attributes {
		v, err := c.plain(a.Expr, scope)
		if err != nil {
			return err
		}
		values[name] = v
	}
	switch b.Type {
	case "principals":
		principals[values["type"].(string)] = values["identifiers"]
	case "condition":
		test, variable := values["test"].(string), values["variable"].(string)
		if conditions[test] == nil {
			conditions[test] = map[string]any{}
		}
		if _, twice := conditions[test][variable]; twice {
			return fmt.Errorf("%s: a second condition %s on %s is not read here", b.Range(), test, variable)
		}
		conditions[test][variable] = values["values"]
	default:
		return unknown(b)
	}
	return nil
}

func unknown(b *hclsyntax.Block) error {
	return fmt.Errorf("%s: block %s of a policy document is not read here", b.Range(), b.Type)
}

// plain is a text or a list of texts.
func (c *configuration) plain(e hcl.Expression, scope map[string]cty.Value) (any, error) {
	v, err := c.value(e, scope)
	if err != nil {
		return nil, err
	}
	if v.Type() == cty.String {
		return v.AsString(), nil
	}
	var out []string
	for it := v.ElementIterator(); it.Next(); {
		_, x := it.Element()
		out = append(out, x.AsString())
	}
	return out, nil
}
