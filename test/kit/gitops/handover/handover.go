// Package handover evaluates what Terraform hands to Argo CD: the local
// argocd_values of terraform/platform, over outputs of the other layers that are given
// as data. So a name that Terraform changes is changed in what is rendered, without
// an apply.
package handover

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// Given is what the layer platform reads from elsewhere.
type Given struct {
	// Variables are those of terraform/environments/<environment>/platform.tfvars and
	// the defaults of the layer.
	Environment, Domain, Name, Region, AccountID string
	LokiRetentionDays                            int
	// Outputs of the layers networking, security, data and compute, by layer and name.
	Outputs map[string]map[string]any
}

// Handover is what came out.
type Handover struct {
	// Values are the values of gitops/bootstrap.
	Values map[string]any
	// Accounts are the service accounts that have a role, as "namespace/name", and
	// the role's ARN.
	Accounts map[string]string
	// Services are the keys of local.services.
	Services []string
}

var functions = map[string]function.Function{"merge": stdlib.MergeFunc, "keys": stdlib.KeysFunc, "values": stdlib.ValuesFunc, "format": stdlib.FormatFunc}

// Evaluate reads the layer's files in dir (terraform/platform).
func Evaluate(dir string, g Given) (Handover, error) {
	l, err := read(dir, g)
	if err != nil {
		return Handover{}, err
	}
	for _, name := range []string{"long_name", "api_host", "irsa_role_arns", "argocd_values"} {
		if err := l.settle(name); err != nil {
			return Handover{}, err
		}
	}
	h := Handover{Services: l.services, Accounts: map[string]string{}}
	if err := fromCty(l.local["argocd_values"], &h.Values); err != nil {
		return Handover{}, err
	}
	return h, fromCty(l.local["irsa_role_arns"], &h.Accounts)
}

// layer is the configuration of terraform/platform, and what its expressions can name.
type layer struct {
	locals    map[string]hcl.Expression
	services  []string
	local     map[string]cty.Value // the locals that are settled
	variables map[string]cty.Value
}

func (l layer) context() *hcl.EvalContext {
	l.variables["local"] = cty.ObjectVal(l.local)
	return &hcl.EvalContext{Functions: functions, Variables: l.variables}
}

// settle evaluates a local over those that are settled.
func (l layer) settle(name string) error {
	v, diags := l.locals[name].Value(l.context())
	if diags.HasErrors() {
		return fmt.Errorf("evaluate local.%s of terraform/platform: %w", name, diags)
	}
	l.local[name] = v
	return nil
}

// read reads the layer's files and makes what its expressions can name.
func read(dir string, g Given) (layer, error) {
	locals, err := localsOf(dir)
	if err != nil {
		return layer{}, err
	}
	for _, name := range []string{"services", "addons", "irsa_role_arns", "argocd_values", "api_host", "long_name", "key"} {
		if locals[name] == nil {
			return layer{}, fmt.Errorf("%s: there is no local %s, from which Argo CD's values are made", dir, name)
		}
	}
	services, err := keysOf(locals["services"])
	if err != nil {
		return layer{}, fmt.Errorf("%s: local.services: %w", dir, err)
	}
	addons, err := accountsOf(locals["addons"])
	if err != nil {
		return layer{}, fmt.Errorf("%s: local.addons: %w", dir, err)
	}
	remote := map[string]cty.Value{}
	for name, outputs := range g.Outputs {
		v, err := toCty(outputs)
		if err != nil {
			return layer{}, fmt.Errorf("outputs of the layer %s: %w", name, err)
		}
		remote[name] = cty.ObjectVal(map[string]cty.Value{"outputs": v})
	}
	role := func(name string) cty.Value {
		return cty.ObjectVal(map[string]cty.Value{"role_arn": cty.StringVal(fmt.Sprintf("arn:aws:iam::%s:role/%s-%s", g.AccountID, g.Name, name))})
	}
	serviceRoles, addonRoles := map[string]cty.Value{}, map[string]cty.Value{}
	for _, s := range services {
		serviceRoles[s] = role(s)
	}
	addonLocals := map[string]cty.Value{}
	for key, a := range addons {
		addonRoles[key] = role(key)
		addonLocals[key] = cty.ObjectVal(map[string]cty.Value{"namespace": cty.StringVal(a.namespace), "service_account": cty.StringVal(a.account)})
	}
	arn := func(service, resource string) cty.Value {
		return cty.StringVal(fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, g.Region, g.AccountID, resource))
	}
	local := map[string]cty.Value{
		"account": cty.StringVal(g.AccountID), "partition": cty.StringVal("aws"),
		"services": keyed(services), "addons": cty.ObjectVal(addonLocals),
	}
	return layer{locals: locals, services: services, local: local, variables: map[string]cty.Value{
		"var": cty.ObjectVal(map[string]cty.Value{
			"environment": cty.StringVal(g.Environment), "domain": cty.StringVal(g.Domain), "name": cty.StringVal(g.Name), "region": cty.StringVal(g.Region),
			"loki_retention_days": cty.NumberIntVal(int64(g.LokiRetentionDays)),
		}),
		"data": cty.ObjectVal(map[string]cty.Value{"terraform_remote_state": cty.ObjectVal(remote)}),
		"module": cty.ObjectVal(map[string]cty.Value{
			"service_role": cty.ObjectVal(serviceRoles), "addon_role": cty.ObjectVal(addonRoles),
			"waf_regional": cty.ObjectVal(map[string]cty.Value{"web_acl_arn": arn("wafv2", "regional/webacl/"+g.Name+"-api/5d4b9c1e-0000-4000-8000-000000000001")}),
			"loki":         cty.ObjectVal(map[string]cty.Value{"bucket": cty.StringVal(g.Name + "-loki-" + g.Environment)}),
		}),
		"aws_acm_certificate_validation": cty.ObjectVal(map[string]cty.Value{"this": cty.ObjectVal(map[string]cty.Value{
			"api": cty.ObjectVal(map[string]cty.Value{"certificate_arn": arn("acm", "certificate/5d4b9c1e-0000-4000-8000-000000000002")}),
			"app": cty.ObjectVal(map[string]cty.Value{"certificate_arn": arn("acm", "certificate/5d4b9c1e-0000-4000-8000-000000000003")}),
		})}),
		"aws_route53_zone": cty.ObjectVal(map[string]cty.Value{"this": cty.ObjectVal(map[string]cty.Value{"zone_id": cty.StringVal("Z0123456789ABCDEFGHIJ")})}),
	}}, nil
}

// localsOf are the expressions of all locals blocks of a folder.
func localsOf(dir string) (map[string]hcl.Expression, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("%s: no .tf file (%v)", dir, err)
	}
	parser, out := hclparse.NewParser(), map[string]hcl.Expression{}
	for _, file := range files {
		f, diags := parser.ParseHCLFile(file)
		if diags.HasErrors() {
			return nil, diags
		}
		for _, block := range f.Body.(*hclsyntax.Body).Blocks {
			if block.Type != "locals" {
				continue
			}
			for name, attribute := range block.Body.Attributes {
				out[name] = attribute.Expr
			}
		}
	}
	return out, nil
}

// keysOf are the keys of an object expression, sorted.
func keysOf(e hcl.Expression) ([]string, error) {
	pairs, diags := hcl.ExprMap(e)
	if diags.HasErrors() {
		return nil, diags
	}
	var out []string
	for _, p := range pairs {
		key, err := word(p.Key)
		if err != nil {
			return nil, err
		}
		out = append(out, key)
	}
	slices.Sort(out)
	return out, nil
}

type account struct{ namespace, account string }

// accountsOf reads namespace and service_account of each member.
func accountsOf(e hcl.Expression) (map[string]account, error) {
	pairs, diags := hcl.ExprMap(e)
	if diags.HasErrors() {
		return nil, diags
	}
	out := map[string]account{}
	for _, p := range pairs {
		key, err := word(p.Key)
		if err != nil {
			return nil, err
		}
		fields, diags := hcl.ExprMap(p.Value)
		if diags.HasErrors() {
			return nil, diags
		}
		var a account
		for _, f := range fields {
			name, err := word(f.Key)
			if err != nil {
				return nil, err
			}
			switch name {
			case "namespace":
				a.namespace, err = word(f.Value)
			case "service_account":
				a.account, err = word(f.Value)
			}
			if err != nil {
				return nil, fmt.Errorf("%s.%s: %w", key, name, err)
			}
		}
		if a.namespace == "" || a.account == "" {
			return nil, fmt.Errorf("%s has no namespace or no service_account", key)
		}
		out[key] = a
	}
	return out, nil
}

func word(e hcl.Expression) (string, error) {
	v, diags := e.Value(nil)
	if diags.HasErrors() {
		return "", diags
	}
	if v.Type() != cty.String {
		return "", fmt.Errorf("want a string that needs no other value")
	}
	return v.AsString(), nil
}

func keyed(names []string) cty.Value {
	out := map[string]cty.Value{}
	for _, n := range names {
		out[n] = cty.EmptyObjectVal
	}
	return cty.ObjectVal(out)
}

func toCty(v any) (cty.Value, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return cty.NilVal, err
	}
	t, err := ctyjson.ImpliedType(b)
	if err != nil {
		return cty.NilVal, err
	}
	return ctyjson.Unmarshal(b, t)
}

func fromCty(v cty.Value, into any) error {
	b, err := ctyjson.Marshal(v, v.Type())
	if err != nil {
		return err
	}
	return json.Unmarshal(b, into)
}

// Secrets are the secrets of the layer data, by short name, with the properties that
// their first value has. Those that people write by hand have none.
func Secrets(dir string) (map[string][]string, error) {
	file := filepath.Join(dir, "secrets.tf")
	f, diags := hclparse.NewParser().ParseHCLFile(file)
	if diags.HasErrors() {
		return nil, diags
	}
	out := map[string][]string{}
	for _, block := range f.Body.(*hclsyntax.Body).Blocks {
		if block.Type != "module" || strings.Join(block.Labels, ".") != "secrets" {
			continue
		}
		names, err := keysOf(block.Body.Attributes["secrets"].Expr)
		if err != nil {
			return nil, fmt.Errorf("%s: secrets: %w", file, err)
		}
		for _, n := range names {
			out[n] = nil
		}
		values, diags := hcl.ExprMap(block.Body.Attributes["initial_values"].Expr)
		if diags.HasErrors() {
			return nil, diags
		}
		for _, p := range values {
			name, err := word(p.Key)
			if err != nil {
				return nil, err
			}
			call, ok := p.Value.(*hclsyntax.FunctionCallExpr)
			if !ok || call.Name != "jsonencode" || len(call.Args) != 1 {
				return nil, fmt.Errorf("%s: initial_values.%s: want jsonencode({...})", file, name)
			}
			if out[name], err = keysOf(call.Args[0]); err != nil {
				return nil, fmt.Errorf("%s: initial_values.%s: %w", file, name, err)
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: there is no module secrets", file)
	}
	return out, nil
}
