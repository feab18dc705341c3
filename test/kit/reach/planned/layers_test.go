package planned_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/fintrack/platform/test/kit/reach/planned"
	"github.com/stretchr/testify/require"
)

// The sources of testdata/layers/data.json: what its configuration leaves out.
const (
	calling = `module "secrets" {
  source = "../../modules/secrets"
  rotation = {
    layer_arns         = [aws_lambda_layer_version.driver.arn]
    package            = var.package
    subnet_ids         = data.terraform_remote_state.networking.outputs.private_subnet_ids
    security_group_ids = [aws_security_group.rotation.id]
  }
}
`
	called = `locals {
  in_vpc = length(var.rotation.subnet_ids) > 0
  guards = var.rotation.security_group_ids
  placed = { subnets = var.rotation.subnet_ids, guards = local.guards }
}
resource "aws_lambda_function" "rotation" {
  dynamic "vpc_config" {
    for_each = local.in_vpc ? [local.placed] : []
    content {
      subnet_ids         = vpc_config.value.subnets
      security_group_ids = vpc_config.value.guards
    }
  }
}
`
)

// edit is a replacement in one of the texts of two layers.
type edit struct{ in, from, to string }

// two are the plans of two layers, the upper one made when the lower one was there,
// whose own plan knows no id.
func two(t *testing.T, edits ...edit) []planned.Layer {
	t.Helper()
	texts := map[string]string{"calling": calling, "called": called, "other": "", "rds": "locals {}\n", "network": "locals {}\n"}
	for _, name := range []string{"networking", "data"} {
		b, err := os.ReadFile("testdata/layers/" + name + ".json")
		require.NoError(t, err)
		texts[name] = string(b)
	}
	for _, e := range edits {
		require.True(t, strings.Contains(texts[e.in], e.from), "no %s in %s", e.from, e.in)
		texts[e.in] = strings.Replace(texts[e.in], e.from, e.to, 1)
	}
	files := fstest.MapFS{
		"terraform/networking/main.tf": {Data: []byte(texts["network"])}, "terraform/data/main.tf": {Data: []byte(texts["calling"])}, "modules/rds/main.tf": {Data: []byte(texts["rds"])},
		"modules/secrets/main.tf": {Data: []byte(texts["called"])}, "modules/secrets/main_override.tf": {Data: []byte(texts["other"])},
	}
	return []planned.Layer{
		{Name: "networking", Plan: []byte(texts["networking"]), Sources: files, Dir: "terraform/networking"},
		{Name: "data", Plan: []byte(texts["data"]), Sources: files, Dir: "terraform/data"},
	}
}

func TestLayersAreReadAsOneEstate(t *testing.T) {
	e, err := planned.On(reach.Estate{}, two(t)...)
	require.NoError(t, err)
	m, err := reach.New(e)
	require.NoError(t, err)
	function, database := of(m, reach.Function), of(m, reach.Database)
	answers := m.Ask(function, database, reach.TCP, reach.AllPorts)
	require.Len(t, answers, 4, "two of each")
	for _, q := range answers {
		require.Equal(t, reach.Ports(5432, 5432), q.Ports(), m.Trace(q).String())
	}
	require.Empty(t, slices.DeleteFunc(m.Ask(database, function, reach.TCP, reach.AllPorts), func(q reach.Pair) bool { return !q.Reachable() }))
	require.Equal(t, []string{
		`database db in networking/aws_subnet.isolated["a"] data/module.rds[0].aws_security_group.this`,
		`database db in networking/aws_subnet.isolated["b"] data/module.rds[0].aws_security_group.this`,
		`function rotation in networking/aws_subnet.private["a"] data/aws_security_group.rotation`,
		`function rotation in networking/aws_subnet.private["b"] data/aws_security_group.rotation`,
	}, placed(e))
}

func TestAnIdIsToldByTheKeyOfItsOutput(t *testing.T) {
	e, err := planned.On(reach.Estate{}, two(t, edit{"data", `         "subnet-0000001a",
         "subnet-0000001b"
        ]
       }`, `         "subnet-0000001b"
        ]
       }`})...)
	require.NoError(t, err)
	require.Contains(t, placed(e), `database db in networking/aws_subnet.isolated["b"] data/module.rds[0].aws_security_group.this`)
	require.NotContains(t, placed(e), `database db in networking/aws_subnet.isolated["a"] data/module.rds[0].aws_security_group.this`)
}

func of(m *reach.Model, kind reach.OwnerKind) reach.Party {
	return m.Select(string(kind), func(f reach.Interface, _ reach.Subnet) bool { return f.Kind == kind })
}

func placed(e reach.Estate) []string {
	var out []string
	for _, f := range e.Interfaces {
		out = append(out, f.ID+" "+strings.Join(f.Groups, " "))
	}
	slices.Sort(out)
	return out
}

func TestALayerMayBeReadBesideWhatIsThere(t *testing.T) {
	e, err := planned.On(reach.Estate{}, two(t)[0])
	require.NoError(t, err)
	// As an API describes the same network.
	ids := strings.NewReplacer(`aws_vpc.this`, "vpc-00000001", `aws_subnet.private["a"]`, "subnet-0000000a", `aws_subnet.private["b"]`, "subnet-0000000b",
		`aws_subnet.isolated["a"]`, "subnet-0000001a", `aws_subnet.isolated["b"]`, "subnet-0000001b", "networking/", "")
	for i := range e.VPCs {
		e.VPCs[i].ID = ids.Replace(e.VPCs[i].ID)
	}
	for i := range e.Subnets {
		e.Subnets[i].ID, e.Subnets[i].VPC = ids.Replace(e.Subnets[i].ID), ids.Replace(e.Subnets[i].VPC)
	}
	for i := range e.RouteTables {
		e.RouteTables[i].VPC = ids.Replace(e.RouteTables[i].VPC)
	}
	for i := range e.ACLs {
		e.ACLs[i].VPC = ids.Replace(e.ACLs[i].VPC)
	}
	e, err = planned.On(e, two(t)[1])
	require.NoError(t, err)
	m, err := reach.New(e)
	require.NoError(t, err)
	answers := m.Ask(of(m, reach.Function), of(m, reach.Database), reach.TCP, reach.AllPorts)
	require.Len(t, answers, 4)
	require.Equal(t, reach.Ports(5432, 5432), answers[0].Ports())
}

func TestWhatLayersDoNotSayIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		edits []edit
		drop  func([]planned.Layer) []planned.Layer
		want  string
	}{
		{"a dynamic block without the sources", nil, func(l []planned.Layer) []planned.Layer { l[1].Sources = nil; return l }, "data/module.secrets.aws_lambda_function.rotation[0]: its block vpc_config is not in the plan's configuration"},
		{"a dynamic block that an override writes again", []edit{{"other", "", "resource \"aws_lambda_function\" \"rotation\" {}\n"}}, nil, "its block vpc_config is not in the plan's configuration"},
		{"a block of which only an apply tells whether it is there", []edit{{"data", `"vpc_config": [
      {
       "security_group_ids": true
      }
     ]`, `"vpc_config": true`}}, nil, "whether it has a vpc_config is not known before an apply"},
		{"a network whose plan is not given", nil, func(l []planned.Layer) []planned.Layer { return l[1:] }, "its subnet_ids is subnet-0000001a, which is none of the plan's aws_subnet"},
		{"one id by which two outputs mean two things", []edit{
			{"data", `        "vpc_id": "vpc-00000001",
        "private`, `        "first": "subnet-0000001b",
        "vpc_id": "vpc-00000001",
        "private`},
			{"networking", `   "outputs": {`, `   "outputs": {
    "first": {"expression": {"references": ["aws_subnet.isolated[\"a\"].id", "aws_subnet.isolated[\"a\"]", "aws_subnet.isolated"]}},`},
		}, nil, "subnet-0000001b: the plans say that it is networking/aws_subnet.isolated["},
		{"one of many ids of which nobody says which it is", []edit{{"data", `           "subnet-0000000a",
           "subnet-0000000b"`, `           "subnet-0000000b"`}}, nil, "its subnet_ids is subnet-0000000b, which is none of the plan's aws_subnet"},
		{"a network that has grown since its state was read", []edit{{"data", `        "private_subnet_ids": [
         "subnet-0000000a",`, `        "private_subnet_ids": [`}}, nil, "its subnet_ids is subnet-0000000a, which is none of the plan's aws_subnet"},
		{"a network that has shrunk since its state was read", []edit{{"data", `           "subnet-0000000a",
`, `           "subnet-0000000a",
           "subnet-0000000c",
`}, {"data", `         "subnet-0000000a",
         "sub`, `         "subnet-0000000a",
         "subnet-0000000c",
         "sub`}}, nil, "its subnet_ids is subnet-0000000a, which is none of the plan's aws_subnet"},
		{"a network of another state", []edit{{"networking", `"cidr_block": "10.0.0.0/16"`, `"cidr_block": "10.0.0.0/16", "id": "vpc-00000002"`}}, nil, "another layer read of the output vpc_id that it is one of vpc-00000001"},
		{"a group by its id beside one of the plan", []edit{{"calling", "[aws_security_group.rotation.id]", `[aws_security_group.rotation.id, "sg-12345678"]`}}, nil, `is made of "sg-12345678" too`},
		{"a group by its id beside one of the plan in an attribute", []edit{{"rds", "locals {}", "resource \"aws_db_instance\" \"this\" {\n  vpc_security_group_ids = concat([aws_security_group.this.id], [\"sg-12345678\"])\n}"}}, nil, `its vpc_security_group_ids is made of "sg-12345678" too`},
		{"a client by its id beside one of the plan", []edit{{"calling", "module", "module \"rds\" {\n  clients = { rotation = aws_security_group.rotation.id, other = \"sg-12345678\" }\n}\nmodule"}}, nil, `its referenced_security_group_id is made of "sg-12345678" too`},
		{"inline rules of which only an apply tells", []edit{{"rds", "locals {}", "resource \"aws_security_group\" \"this\" {\n  dynamic \"ingress\" {\n    for_each = var.x\n    content {}\n  }\n}"}}, nil, "its ingress is not known before an apply"},
		{"routes of which only an apply tells", []edit{
			{"networking", `"format_version": "1.2",`, `"format_version": "1.2", "resource_changes": [{"address": "aws_route_table.x", "change": {"after_unknown": {"route": true}}}],`},
			{"networking", `"resources": [`, `"resources": [{"address": "aws_route_table.x", "mode": "managed", "type": "aws_route_table", "name": "x", "values": {}},`},
			{"networking", `    {
     "mode": "managed",
     "type": "aws_vpc",`, `    {"mode": "managed", "type": "aws_route_table", "name": "x", "expressions": {"vpc_id": {"references": ["aws_vpc.this.id"]}}}, {
     "mode": "managed",
     "type": "aws_vpc",`},
			{"network", "locals {}", "resource \"aws_route_table\" \"x\" {\n  dynamic \"route\" {\n    for_each = var.x\n    content {}\n  }\n}"},
		}, nil, "networking/aws_route_table.x: the model has no rule for its block route"},
		{"a group from nowhere", []edit{{"calling", "[aws_security_group.rotation.id]", "[data.aws_security_group.x.id]"}}, nil, "is made of data.aws_security_group.x.id too"},
		{"a layer twice", nil, func(l []planned.Layer) []planned.Layer { return append(l, l[1]) }, "the plan of data is given twice"},
		{"sources that are none", []edit{{"called", "resource", "resource {"}}, nil, "modules/secrets/main.tf:6"},
		{"a list that may be another one", []edit{{"called", "vpc_config.value.guards", "concat(vpc_config.value.guards, local.others)"}}, nil, "is made of local.others too"},
	} {
		t.Run(c.name, func(t *testing.T) {
			layers := two(t, c.edits...)
			if c.drop != nil {
				layers = c.drop(layers)
			}
			_, err := planned.On(reach.Estate{}, layers...)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func FuzzSources(f *testing.F) {
	f.Add(called)
	f.Add(calling)
	f.Add("resource \"aws_lambda_function\" \"rotation\" {\n  dynamic \"vpc_config\" {\n    iterator = x.y\n    content {\n      security_group_ids = { (a.b) = c[0], \"d\" = x ? [y] : z[*].w }\n    }\n  }\n}\n")
	f.Fuzz(func(t *testing.T, text string) {
		layers := two(t, edit{"called", called, text})
		_, _ = planned.On(reach.Estate{}, layers...)
	})
}

func TestLocalValuesInACircleEnd(t *testing.T) {
	round := edit{"called", "guards = var.rotation.security_group_ids", "guards = [local.a, local.b, local.c]\n  a = [local.guards, local.b, local.c]\n  b = [local.guards, local.a, local.c]\n  c = [local.guards, local.a, local.b]"}
	_, err := planned.On(reach.Estate{}, two(t, round)...)
	require.ErrorContains(t, err, "which aws_security_group its security_group_ids are")
}
