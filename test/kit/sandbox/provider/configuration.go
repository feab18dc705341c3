package provider

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
)

// Block is one provider block that configures hashicorp/aws.
type Block struct {
	// Name is the local name, nearly always aws; Alias is "" for the default one.
	Name, Alias string
}

// Configuration is what the files of one module say about providers.
type Configuration struct {
	// Blocks are its provider blocks for hashicorp/aws, in the order of the files.
	Blocks []Block
	// ConfigurationAliases are the configurations for hashicorp/aws that a module
	// asks of its caller, as "aws.dr".
	ConfigurationAliases []string
	// Others are the sources of further providers it uses, sorted.
	Others []string
	// Modules are the sources of the modules it calls, "" where it is no literal.
	Modules []string
	// Broken is the first thing that could not be read; Terraform's own
	// diagnostics say more.
	Broken error
}

var (
	moduleSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "terraform"}, {Type: "provider", LabelNames: []string{"name"}}, {Type: "module", LabelNames: []string{"name"}},
		{Type: "resource", LabelNames: []string{"type", "name"}}, {Type: "data", LabelNames: []string{"type", "name"}},
	}}
	terraformSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "required_providers"}}}
	aliasSchema     = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "alias"}}}
	sourceSchema    = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "source"}}}
)

// Read reads the module in dir, override files left out: they change what is
// there, and the sandbox writes one.
func Read(dir string) (Configuration, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Configuration{}, fmt.Errorf("read the configuration: %w", err)
	}
	r := reader{sources: map[string]string{}}
	parser := hclparse.NewParser()
	for _, e := range entries {
		base, native := strings.CutSuffix(e.Name(), ".tf")
		if !native {
			var json bool
			if base, json = strings.CutSuffix(e.Name(), ".tf.json"); !json {
				continue
			}
		}
		if e.IsDir() || base == "override" || strings.HasSuffix(base, "_override") {
			continue
		}
		parse := parser.ParseHCLFile
		if !native {
			parse = parser.ParseJSONFile
		}
		f, diags := parse(filepath.Join(dir, e.Name()))
		r.note(diags)
		if f != nil && f.Body != nil {
			r.file(f.Body)
		}
	}
	return r.configuration(), nil
}

// reader gathers the blocks of a module's files.
type reader struct {
	sources   map[string]string // local name of a provider → its source
	aliases   []string
	providers []Block  // of every provider
	implied   []string // local names that resources imply
	modules   []string
	broken    error
}

// note keeps the first error.
func (r *reader) note(diags hcl.Diagnostics) {
	if r.broken == nil && diags.HasErrors() {
		r.broken = errors.Join(diags.Errs()...)
	}
}

func (r *reader) file(body hcl.Body) {
	content, _, diags := body.PartialContent(moduleSchema)
	r.note(diags)
	for _, b := range content.Blocks {
		switch b.Type {
		case "terraform":
			r.requirements(b.Body)
		case "provider":
			r.providers = append(r.providers, Block{Name: b.Labels[0], Alias: r.literal(b.Body, aliasSchema)})
		case "module":
			r.modules = append(r.modules, r.literal(b.Body, sourceSchema))
		default:
			name, _, _ := strings.Cut(b.Labels[0], "_")
			r.implied = append(r.implied, name)
		}
	}
}

// literal returns the string that the one attribute of the schema says, or "".
func (r *reader) literal(body hcl.Body, schema *hcl.BodySchema) string {
	content, _, diags := body.PartialContent(schema)
	r.note(diags)
	for _, a := range content.Attributes {
		v, diags := a.Expr.Value(nil)
		if diags.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
			r.note(diags)
			return ""
		}
		return v.AsString()
	}
	return ""
}

// requirements reads the required_providers of a terraform block.
func (r *reader) requirements(body hcl.Body) {
	content, _, diags := body.PartialContent(terraformSchema)
	r.note(diags)
	for _, b := range content.Blocks {
		attributes, diags := b.Body.JustAttributes()
		r.note(diags)
		for name, a := range attributes {
			r.sources[name] = "hashicorp/" + name
			pairs, diags := hcl.ExprMap(a.Expr)
			if diags.HasErrors() {
				continue // the older form: aws = "~> 5.0"
			}
			for _, p := range pairs {
				switch hcl.ExprAsKeyword(p.Key) {
				case "source":
					if v, diags := p.Value.Value(nil); !diags.HasErrors() && v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
						r.sources[name] = strings.TrimPrefix(strings.ToLower(v.AsString()), registry+"/")
					}
				case "configuration_aliases":
					r.configurationAliases(p.Value)
				}
			}
		}
	}
}

func (r *reader) configurationAliases(e hcl.Expression) {
	list, diags := hcl.ExprList(e)
	r.note(diags)
	for _, item := range list {
		t, diags := hcl.AbsTraversalForExpr(item)
		r.note(diags)
		parts := []string{}
		for _, step := range t {
			switch s := step.(type) {
			case hcl.TraverseRoot:
				parts = append(parts, s.Name)
			case hcl.TraverseAttr:
				parts = append(parts, s.Name)
			}
		}
		r.aliases = append(r.aliases, strings.Join(parts, "."))
	}
}

// source is where the provider of a local name comes from.
func (r *reader) source(name string) string {
	if s, ok := r.sources[name]; ok {
		return s
	}
	return "hashicorp/" + name
}

const (
	awsSource = "hashicorp/aws"
	builtIn   = "hashicorp/terraform" // terraform_data and terraform_remote_state
)

// configuration tells the AWS provider from the others.
func (r *reader) configuration() Configuration {
	c := Configuration{Modules: r.modules, Broken: r.broken}
	used := slices.Clone(r.implied)
	for name := range r.sources {
		used = append(used, name)
	}
	for _, b := range r.providers {
		used = append(used, b.Name)
		if r.source(b.Name) == awsSource {
			c.Blocks = append(c.Blocks, b)
		}
	}
	for _, a := range r.aliases {
		if name, _, _ := strings.Cut(a, "."); r.source(name) == awsSource {
			c.ConfigurationAliases = append(c.ConfigurationAliases, a)
		}
	}
	for _, name := range used {
		if s := r.source(name); s != awsSource && s != builtIn && !strings.HasPrefix(s, "terraform.io/builtin/") {
			c.Others = append(c.Others, s)
		}
	}
	slices.Sort(c.Others)
	c.Others = slices.Compact(c.Others)
	return c
}
