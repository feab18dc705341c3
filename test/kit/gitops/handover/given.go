package handover

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Environments are those of terraform/environments.
func Environments(root string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(root, "terraform", "environments"))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// For makes what the layer platform reads in an environment: the variables of its
// tfvars and the layer's defaults, and outputs of the other layers in the account.
func For(root, environment, accountID string) (Given, error) {
	g := Given{Environment: environment, AccountID: accountID}
	defaults, err := variables(filepath.Join(root, "terraform", "platform", "variables.tf"))
	if err != nil {
		return g, err
	}
	set, err := assignments(filepath.Join(root, "terraform", "environments", environment, "platform.tfvars"))
	if err != nil {
		return g, err
	}
	for k, v := range set {
		defaults[k] = v
	}
	word := func(name string) (string, error) {
		v, ok := defaults[name]
		if !ok || v.IsNull() || v.Type() != cty.String {
			return "", fmt.Errorf("terraform/environments/%s/platform.tfvars: %s is not given and has no default", environment, name)
		}
		return v.AsString(), nil
	}
	for name, into := range map[string]*string{"domain": &g.Domain, "name": &g.Name, "region": &g.Region} {
		if *into, err = word(name); err != nil {
			return g, err
		}
	}
	days, _ := defaults["loki_retention_days"].AsBigFloat().Int64()
	g.LokiRetentionDays = int(days)
	g.Outputs = outputs(g)
	repositories, err := services(root)
	if err != nil {
		return g, err
	}
	urls := map[string]any{}
	for _, s := range repositories {
		urls[s] = fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com/%s", g.AccountID, g.Region, s)
	}
	g.Outputs["compute"]["ecr_repository_urls"] = urls
	return g, nil
}

// outputs have the shapes of those of terraform/networking, data and compute; ids and
// addresses are what AWS would choose.
func outputs(g Given) map[string]map[string]any {
	return map[string]map[string]any{
		"networking": {"public_subnet_ids": []any{"subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002", "subnet-0a1b2c3d4e5f60003"}},
		"data": {
			"transactions_queue_name": g.Name + "-transactions",
			"transactions_queue_url":  fmt.Sprintf("https://sqs.%s.amazonaws.com/%s/%s-transactions", g.Region, g.AccountID, g.Name),
		},
		"compute": {
			"cluster_name":     g.Name,
			"cluster_endpoint": fmt.Sprintf("https://0123456789ABCDEF0123456789ABCDEF.gr7.%s.eks.amazonaws.com", g.Region),
			"ebs_csi_role_arn": fmt.Sprintf("arn:aws:iam::%s:role/%s-ebs-csi", g.AccountID, g.Name),
			"karpenter": map[string]any{
				"controller_role_arn": fmt.Sprintf("arn:aws:iam::%s:role/%s-karpenter", g.AccountID, g.Name),
				"queue_name":          g.Name + "-karpenter", "node_role_name": g.Name + "-karpenter-node", "instance_profile_name": g.Name + "-karpenter-node",
			},
		},
	}
}

// services are the repositories that terraform/compute makes.
func services(root string) ([]string, error) {
	locals, err := localsOf(filepath.Join(root, "terraform", "compute"))
	if err != nil {
		return nil, err
	}
	list, diags := hcl.ExprList(locals["services"])
	if diags.HasErrors() {
		return nil, fmt.Errorf("terraform/compute: local.services: %w", diags)
	}
	var out []string
	for _, e := range list {
		s, err := word(e)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// variables are the defaults of a file's variables.
func variables(file string) (map[string]cty.Value, error) {
	f, diags := hclparse.NewParser().ParseHCLFile(file)
	if diags.HasErrors() {
		return nil, diags
	}
	out := map[string]cty.Value{}
	for _, block := range f.Body.(*hclsyntax.Body).Blocks {
		d, ok := block.Body.Attributes["default"]
		if block.Type != "variable" || !ok {
			continue
		}
		v, diags := d.Expr.Value(nil)
		if diags.HasErrors() {
			return nil, diags
		}
		out[block.Labels[0]] = v
	}
	return out, nil
}

// assignments are those of a tfvars file.
func assignments(file string) (map[string]cty.Value, error) {
	f, diags := hclparse.NewParser().ParseHCLFile(file)
	if diags.HasErrors() {
		return nil, diags
	}
	out := map[string]cty.Value{}
	attributes, diags := f.Body.JustAttributes()
	if diags.HasErrors() {
		return nil, diags
	}
	for name, a := range attributes {
		v, diags := a.Expr.Value(nil)
		if diags.HasErrors() {
			return nil, diags
		}
		out[name] = v
	}
	return out, nil
}
