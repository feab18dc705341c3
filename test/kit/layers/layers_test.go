package layers_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fintrack/platform/test/kit/layers"
	"github.com/stretchr/testify/require"
)

// backend is what every layer begins with.
func backend(name string) string {
	return fmt.Sprintf("terraform {\n  backend \"s3\" {\n    key = \"%s/terraform.tfstate\"\n    use_lockfile = true\n  }\n}\n", name)
}

// reads is a data source of another layer's state.
func reads(name string) string {
	return fmt.Sprintf("data \"terraform_remote_state\" %q {\n  backend = \"s3\"\n  config = {\n    bucket = var.state_bucket\n    key = \"%s/terraform.tfstate\"\n  }\n}\n", name, name)
}

// tree makes a folder of layers: alternating names and contents of files.
func tree(files ...string) fstest.MapFS {
	fs := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fs[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return fs
}

func load(t *testing.T, fs fstest.MapFS) *layers.Platform {
	t.Helper()
	p, err := layers.Load(fs)
	require.NoError(t, err)
	return p
}

const net = `
variable "cidr" {}
output "vpc_id" { value = module.vpc.id }
output "subnets" { value = [for s in module.vpc.subnets : s.id] }
output "keys" { value = { for k, v in module.kms.keys : k => v.arn } }
output "name" { value = "${var.cidr}-x" }
`

func TestLayersComeAfterWhatTheyNeed(t *testing.T) {
	p := load(t, tree(
		"a/main.tf", backend("a")+reads("c"), "b/main.tf", backend("b")+reads("a"), "c/main.tf", backend("c"), "d/main.tf", backend("d"),
		"environments/dev/a.tfvars", "", "modules-of-nobody/readme.md", "",
	))
	order, err := p.Order()
	require.NoError(t, err)
	require.Equal(t, []string{"c", "a", "b", "d"}, order)
	order, err = p.Order("b")
	require.NoError(t, err)
	require.Equal(t, []string{"c", "a", "b"}, order)
	require.Equal(t, []string{"a"}, p.Needs("b"))
	_, err = p.Order("x")
	require.EqualError(t, err, `no layer "x": there are a, b, c, d`)
}

func TestLayersThatNeedEachOtherAreRefused(t *testing.T) {
	p := load(t, tree("a/main.tf", backend("a")+reads("b"), "b/main.tf", backend("b")+reads("c"), "c/main.tf", backend("c")+reads("a")))
	_, err := p.Order()
	require.EqualError(t, err, "layers need each other in a circle: a → b → c → a")
	p = load(t, tree("a/main.tf", backend("a")+reads("nowhere")))
	_, err = p.Order()
	require.EqualError(t, err, `layer a reads the state of "nowhere": there is no such layer`)
}

func TestContract(t *testing.T) {
	use := func(expression string) string {
		return backend("app") + reads("net") + "locals {\n  x = " + expression + "\n}\n"
	}
	const outputs = "data.terraform_remote_state.net.outputs"
	for name, c := range map[string]struct{ app, want string }{
		"an output that is there":                {use(outputs + ".vpc_id"), ""},
		"a list by number":                       {use(outputs + ".subnets[0]"), ""},
		"a map by key":                           {use(outputs + `.keys["rds"]`), ""},
		"a map by a computed key":                {use(outputs + ".keys[var.use]"), ""},
		"a text in a text":                       {use(`"a ${` + outputs + `.name}"`), ""},
		"an output that is not there":            {use(outputs + ".vpc"), `app/main.tf:15: layer app reads the output "vpc" of net, which has no such output`},
		"a list by key":                          {use(outputs + `.subnets["a"]`), `uses the output "subnets" of net by key, and it is a list (net/main.tf:`},
		"a map by number":                        {use(outputs + ".keys[0]"), `uses the output "keys" of net by number, and it is an object`},
		"a list in a text":                       {use(`"a ${` + outputs + `.subnets}"`), `as text, and it is a list`},
		"a text by attribute":                    {use(outputs + ".name.first"), `by key, and it is a text`},
		"all outputs at once":                    {use(outputs), "takes all outputs of net at once"},
		"a state that nothing uses":              {backend("app") + reads("net"), "reads the state of net (data.terraform_remote_state.net) and uses nothing of it"},
		"a state that is not locked":             {strings.Replace(use(outputs+".name"), "use_lockfile = true", "", 1), "layer app does not lock its state"},
		"a state under another layer's key":      {strings.Replace(use(outputs+".name"), "app/terraform", "net/terraform", 1), `keeps its state under the key "net/terraform.tfstate", not "app/terraform.tfstate"`},
		"an output read inside a block":          {backend("app") + reads("net") + "module \"x\" {\n  source = \"./x\"\n  id = " + outputs + ".gone\n}\n", `reads the output "gone"`},
		"the layers it says it needs":            {use(outputs+".name") + "locals {\n  needs = [\"net\"]\n}\n", ""},
		"others than it says it needs":           {use(outputs+".name") + "locals {\n  needs = [\"app\"]\n}\n", "layer app says in local.needs that it needs app, and reads the states of net"},
		"an output read in a function":           {use("toset(" + outputs + ".gone)"), `reads the output "gone"`},
		"an output read in a for":                {use("[for s in " + outputs + ".gone : s]"), `reads the output "gone"`},
		"an output read in the name of another":  {use(outputs + `.keys[` + outputs + `.gone]`), `reads the output "gone"`},
		"an output by index instead of its name": {use(`data.terraform_remote_state.net.outputs["gone"]`), `reads the output "gone"`},
	} {
		t.Run(name, func(t *testing.T) {
			found := load(t, tree("net/main.tf", backend("net")+net, "app/main.tf", c.app)).Contract()
			var lines []string
			for _, f := range found {
				lines = append(lines, f.String())
			}
			if c.want == "" {
				require.Empty(t, lines)
				return
			}
			require.Len(t, lines, 1)
			require.Contains(t, lines[0], c.want)
		})
	}
}

func TestEnvironmentsGiveOnlyWhatALayerTakes(t *testing.T) {
	files := tree("net/main.tf", backend("net")+net,
		"environments/dev/net.tfvars", "cidr = \"10.0.0.0/16\"\n",
		"environments/prod/net.tfvars", "cidr = \"10.0.0.0/16\"\ncdir = 1\n",
		"environments/odd/nets.tfvars", "", "environments/broken/net.tfvars", "cidr = \n")
	p := load(t, files)
	v, err := p.Environment(files, "dev")
	require.NoError(t, err)
	require.Equal(t, "10.0.0.0/16", v["net"].Values["cidr"].AsString())
	_, err = p.Environment(files, "prod")
	require.EqualError(t, err, `environments/prod/net.tfvars:2: layer net has no variable "cdir"; it has cidr`)
	_, err = p.Environment(files, "test")
	require.EqualError(t, err, `no environment "test": there are broken, dev, odd, prod`)
	_, err = p.Environment(files, "odd")
	require.ErrorContains(t, err, "environments/odd/nets.tfvars: of no layer; there are net")
	_, err = p.Environment(files, "broken")
	require.ErrorContains(t, err, "environments/broken/net.tfvars:1")
}

func TestAFileThatCannotBeReadIsNamed(t *testing.T) {
	_, err := layers.Load(tree("a/main.tf", "output {"))
	require.ErrorContains(t, err, "a/main.tf:1")
	_, err = layers.Load(tree("a/main.tf", "data \"terraform_remote_state\" \"b\" {\n  config = { key = var.key }\n}\n"))
	require.ErrorContains(t, err, "a/main.tf:1: data.terraform_remote_state.b: its key must be a plain string")
}

func TestProdIsHeldAgainstStaging(t *testing.T) {
	const variables = `
variable "name" { default = "x" }
variable "nodes" {
  type    = object({ least = optional(number, 3), kinds = optional(list(string), ["a"]), spot = optional(bool, false) })
  default = {}
}
variable "open" {
  type    = list(string)
  default = []
}
`
	for name, c := range map[string]struct{ staging, prod, rules, want string }{
		"defaults alone":                  {"", "", "", ""},
		"more in prod":                    {"nodes = { least = 2 }", "", "", ""},
		"less in prod":                    {"", "nodes = { least = 2 }", "", `environments/prod/net.tfvars:1: net.nodes.least is "2" in prod and "3" in staging; the rule is at-least`},
		"another kind":                    {"", `nodes = { kinds = ["b"] }`, "", "net.nodes.kinds is"},
		"a protection that staging has":   {"nodes = { spot = true }", "", "", `net.nodes.spot is "false" in prod and "true" in staging; the rule is same`},
		"what may differ":                 {`name = "a"`, `name = "b"`, "", ""},
		"open to more in prod":            {`open = ["10.0.0.0/8"]`, `open = ["10.0.0.0/8", "0.0.0.0/0"]`, "", "the rule is at-most"},
		"open to fewer in prod":           {`open = ["10.0.0.0/8", "10.1.0.0/16"]`, `open = ["10.0.0.0/8"]`, "", ""},
		"a setting that has no rule":      {"", "", "name: differs", "net.nodes.kinds has no rule"},
		"a rule that is of no setting":    {"", "", "net.nothing: same", "the rule of net.nothing is of no setting"},
		"a value that is of another type": {"", `nodes = { least = "many" }`, "", "a number is required"},
	} {
		t.Run(name, func(t *testing.T) {
			files := tree("net/main.tf", backend("net")+variables, "environments/staging/net.tfvars", c.staging+"\n", "environments/prod/net.tfvars", c.prod+"\n")
			p := load(t, files)
			staging, err := p.Environment(files, "staging")
			require.NoError(t, err)
			prod, err := p.Environment(files, "prod")
			require.NoError(t, err)
			rules := map[string]string{"*.name": "differs", "net.nodes.least": "at-least", "net.nodes.kinds": "same", "net.nodes.spot": "same", "net.open": "at-most"}
			if k, v, ok := strings.Cut(c.rules, ": "); ok {
				rules[k] = v
				if k == "name" {
					delete(rules, "*.name")
					delete(rules, "net.nodes.kinds")
					rules["*.name"] = v
					delete(rules, "name")
				}
			}
			var text strings.Builder
			for k, v := range rules {
				fmt.Fprintf(&text, "%q: %s\n", k, v)
			}
			parsed, err := layers.ParseConsistency([]byte(text.String()))
			require.NoError(t, err)
			found, err := p.Compare(staging, prod, parsed)
			if err != nil {
				require.ErrorContains(t, err, c.want)
				require.NotEmpty(t, c.want)
				return
			}
			if c.want == "" {
				require.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			require.Contains(t, found[0].String(), c.want)
		})
	}
	_, err := layers.ParseConsistency([]byte("a.b: maybe"))
	require.ErrorContains(t, err, `a.b: unknown rule "maybe"`)
}
