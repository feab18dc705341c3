// Package prices reads what EC2 machines cost from the table that Karpenter is built
// with: on-demand prices of Linux machines, in US dollars an hour, as AWS's price list
// had them on the day that the table names.
package prices

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Module and File are where the table is; its project calls what it holds the initial
// prices, which Karpenter starts with before it has asked AWS.
const (
	Module = "github.com/aws/karpenter-provider-aws"
	File   = "pkg/providers/pricing/zz_generated.pricing_aws.go"
)

const variable = "InitialOnDemandPricesAWS"

// Read returns the prices of a region by the machine's name. An unknown region is an
// error that lists those of the table; so is a price that is no positive number.
func Read(source []byte, region string) (map[string]float64, error) {
	file, err := parser.ParseFile(token.NewFileSet(), File, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("read the prices: %w", err)
	}
	regions := map[string]*ast.CompositeLit{}
	for key, value := range entries(table(file)) {
		if machines, ok := value.(*ast.CompositeLit); ok {
			regions[key] = machines
		}
	}
	machines, ok := regions[region]
	if !ok {
		return nil, fmt.Errorf("%s has no prices of the region %q: it has %s", File, region, strings.Join(slices.Sorted(maps.Keys(regions)), ", "))
	}
	out := map[string]float64{}
	for name, value := range entries(machines) {
		literal, ok := value.(*ast.BasicLit)
		if !ok {
			return nil, fmt.Errorf("%s: the price of %s in %s is no number", File, name, region)
		}
		price, err := strconv.ParseFloat(literal.Value, 64)
		if err != nil || price <= 0 {
			return nil, fmt.Errorf("%s: the price of %s in %s is %s: want a positive number", File, name, region, literal.Value)
		}
		out[name] = price
	}
	return out, nil
}

// table is the value of the variable, nil when the file does not have it.
func table(file *ast.File) *ast.CompositeLit {
	var out *ast.CompositeLit
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && len(spec.Names) == 1 && spec.Names[0].Name == variable && len(spec.Values) == 1 {
			out, _ = spec.Values[0].(*ast.CompositeLit)
		}
		return out == nil
	})
	return out
}

// entries are the keys of a map that are strings, with their values.
func entries(m *ast.CompositeLit) map[string]ast.Expr {
	out := map[string]ast.Expr{}
	if m == nil {
		return out
	}
	for _, e := range m.Elts {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if key, ok := pair.Key.(*ast.BasicLit); ok && key.Kind == token.STRING {
			if name, err := strconv.Unquote(key.Value); err == nil {
				out[name] = pair.Value
			}
		}
	}
	return out
}
