package evidence_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deployed"
	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/stretchr/testify/require"
)

// applied are the tables of the suite demo with the given instances of each.
func applied(t *testing.T, addresses ...string) []evidence.Resource {
	t.Helper()
	rs := slices.Clone(tables)
	var found []deployed.Resource
	for _, a := range addresses {
		found = append(found, deployed.Resource{Address: a, Declared: "terraform/demo:aws_dynamodb_table.this"})
	}
	require.NoError(t, evidence.Apply(rs, deployed.Suite{Run: "r1", Name: "demo"}, deployed.Facts{Resources: found}))
	return rs
}

// about is a result whose subject is given.
func about(id, subject string) check.Result {
	return with(result(id, began), func(r *check.Result) { r.Subject = subject })
}

func TestEveryInstanceOfAPopulationMustBeNamed(t *testing.T) {
	t.Parallel()
	both := []string{`aws_dynamodb_table.this["a"]`, `aws_dynamodb_table.this["b"]`}
	inside := []string{`module.x["a"].aws_dynamodb_table.this`, `module.x["b"].aws_dynamodb_table.this`}
	cases := map[string]struct {
		instances []string
		subjects  []string
		missing   []string
	}{
		"each by its name":                              {both, both, nil},
		"one is left out":                               {both, both[:1], both[1:]},
		"all by the name of their block":                {both, []string{"aws_dynamodb_table.this"}, nil},
		"all in one subject":                            {both, []string{strings.Join(both, ", ")}, nil},
		"both by the name of their module's block":      {inside, []string{"module.x"}, nil},
		"one by the name of its module":                 {inside, []string{`module.x["a"]`}, inside[1:]},
		"a longer name of a module":                     {inside, []string{`module.x["a"]`, "module.xy"}, inside[1:]},
		"one is named, the other by its part of a name": {inside, []string{inside[0], `module.x["b"].aws_dynamodb_table.this_one`}, inside[1:]},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var rs []check.Result
			for i, s := range c.subjects {
				rs = append(rs, about("demo."+string(rune('a'+i)), s))
			}
			// So that the declared block itself is checked, as it is by any of them.
			rs = append(rs, with(result("demo.block", began), func(r *check.Result) { r.Suite, r.Subject = "demo-other", "aws_dynamodb_table.this" }))
			var want []string
			for _, m := range c.missing {
				want = append(want, "controls.yaml:8: resource without a check: CC6.1: "+m+" of demo (tables): no executed check of CC6.1 names it")
			}
			require.Equal(t, want, gaps(t, controls(), rs, applied(t, c.instances...), nil))
		})
	}
}

func TestAnInstanceThatWasNotProvenIsNotChecked(t *testing.T) {
	t.Parallel()
	rs := []check.Result{about("demo.a", `aws_dynamodb_table.this["a"]`), with(about("demo.b", `aws_dynamodb_table.this["b"]`), func(r *check.Result) { r.Verdict = check.NotProven })}
	found := gaps(t, controls(), rs, applied(t, `aws_dynamodb_table.this["a"]`, `aws_dynamodb_table.this["b"]`), nil)
	require.Len(t, found, 1)
	require.Contains(t, found[0], `aws_dynamodb_table.this["b"] of demo`)
}

func TestTheProofOfAModuleStandsForItsInstances(t *testing.T) {
	t.Parallel()
	in, err := evidence.ReadIntent("c.yaml", []byte(controls()))
	require.NoError(t, err)
	rs := []evidence.Resource{{Folder: "modules/demo", Type: "aws_dynamodb_table", Name: "this"}}
	require.NoError(t, evidence.Apply(rs, deployed.Suite{Run: "r1", Name: "data"}, deployed.Facts{Resources: []deployed.Resource{{Address: "module.t.aws_dynamodb_table.this", Declared: "modules/demo:aws_dynamodb_table.this"}}}))
	proof := about("demo.one", "module.demo.aws_dynamodb_table.this")
	got := in.Criteria[0].Cover([]check.Result{proof}, rs)
	require.Equal(t, "tables: 1 declared, 1 applied (0 named by a check, 1 by the proof of their module), 0 unchecked", got[0].Summary())
	direct := with(about("demo.two", "module.t"), func(r *check.Result) { r.Suite = "data" })
	got = in.Criteria[0].Cover([]check.Result{proof, direct}, rs)
	require.Equal(t, "tables: 1 declared, 1 applied (1 named by a check, 0 by the proof of their module), 0 unchecked", got[0].Summary())
	got = in.Criteria[0].Cover(nil, rs)
	require.Equal(t, "tables: 1 declared, 1 applied (0 named by a check, 0 by the proof of their module), 1 unchecked", got[0].Summary())
}

func TestACheckOfAPartIsAboutTheWhole(t *testing.T) {
	t.Parallel()
	tree := fstest.MapFS{"terraform/demo/main.tf": {Data: []byte(`
resource "aws_dynamodb_table" "this" {}
resource "aws_dynamodb_table" "other" {}
resource "aws_dynamodb_table_policy" "own" { resource_arn = aws_dynamodb_table.this.arn }
resource "aws_dynamodb_table_policy" "both" { for_each = { a = aws_dynamodb_table.this.arn, b = aws_dynamodb_table.other.arn } }
resource "aws_security_group" "a" {}
resource "aws_vpc_security_group_ingress_rule" "a" {
  security_group_id            = aws_security_group.a.id
  referenced_security_group_id = aws_security_group.b.id
}
`)}}
	rs, err := evidence.Resources(tree)
	require.NoError(t, err)
	parts := map[string]string{}
	for _, r := range rs {
		parts[r.Type+"."+r.Name] = r.PartOf
	}
	require.Equal(t, "aws_dynamodb_table.this", parts["aws_dynamodb_table_policy.own"])
	require.Empty(t, parts["aws_dynamodb_table_policy.both"], "of two it is a part of none")
	require.Equal(t, "aws_security_group.a", parts["aws_vpc_security_group_ingress_rule.a"])
	found := gaps(t, controls(), []check.Result{about("demo.one", "aws_dynamodb_table_policy.own")}, rs, nil)
	require.Len(t, found, 1, "%q", found)
	require.Contains(t, found[0], "terraform/demo:aws_dynamodb_table.other")
}

func TestWhatNobodyDeclaresIsRefused(t *testing.T) {
	t.Parallel()
	rs := slices.Clone(tables)
	declared := func(by string) deployed.Facts {
		return deployed.Facts{Resources: []deployed.Resource{{Address: "aws_x.y", Declared: by}}}
	}
	demo := deployed.Suite{Run: "r1", Name: "demo"}
	require.NoError(t, evidence.Apply(rs, demo, declared("modules/demo/examples/complete:aws_x.y")))
	require.ErrorContains(t, evidence.Apply(rs, demo, declared("modules/demo:aws_x.y")), "demo applied aws_x.y, which no module and no layer declares")
}

// TestOneEnvironmentIsNotCheckedByAnother: the values of dev and prod make two instances
// of one address, and a check of a run is about what that run's values made.
func TestOneEnvironmentIsNotCheckedByAnother(t *testing.T) {
	t.Parallel()
	const address = `aws_dynamodb_table.this["a"]`
	rs := slices.Clone(tables)
	apply := func(run, values string) {
		require.NoError(t, evidence.Apply(rs, deployed.Suite{Run: run, Name: "demo"}, deployed.Facts{Values: values, Resources: []deployed.Resource{{Address: address, Declared: "terraform/demo:aws_dynamodb_table.this"}}}))
	}
	apply("r1", "prod")
	apply("r2", "dev")
	apply("r3", "prod")
	require.Len(t, rs[0].Instances, 2, "two runs with one environment's values apply one instance")
	of := func(run string) check.Result {
		return with(about("demo.a-"+run, address), func(r *check.Result) { r.Run = run })
	}
	require.Empty(t, gaps(t, controls(), []check.Result{of("r2"), of("r3")}, rs, nil))
	require.Equal(t, []string{"controls.yaml:8: resource without a check: CC6.1: " + address + " of demo (dev) (tables): no executed check of CC6.1 names it"},
		gaps(t, controls(), []check.Result{of("r1"), of("r3")}, rs, nil))
}

// TestACheckOfAnotherSuiteNamesAnInstanceByItsFolder: as the suite of identities names
// the roles of the layers.
func TestACheckOfAnotherSuiteNamesAnInstanceByItsFolder(t *testing.T) {
	t.Parallel()
	const address = `module.t["a"].aws_dynamodb_table.this`
	cases := map[string]struct {
		subject, run string
		named        bool
	}{
		"by folder and address":              {"arn:aws:x, terraform/demo:" + address, "r1", true},
		"by its module in the folder":        {`terraform/demo:module.t["a"]`, "r1", true},
		"by its address alone":               {address, "r1", false},
		"by another folder":                  {"terraform/data:" + address, "r1", false},
		"by folder and another address":      {`terraform/demo:module.t["b"].aws_dynamodb_table.this`, "r1", false},
		"by a run that did not apply it":     {"terraform/demo:" + address, "r2", false},
		"by a folder that only begins alike": {"terraform/demo-x:" + address, "r1", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := gaps(t, controls(), []check.Result{with(about("demo.who", c.subject), func(r *check.Result) { r.Suite, r.Run = "identity", c.run })}, applied(t, address), nil)
			if c.named {
				require.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			require.Contains(t, found[0], "resource without a check")
		})
	}
}

func TestPartsJoinWhatTheyApplied(t *testing.T) {
	t.Parallel()
	one := part(t, "1/2", func(in *evidence.Inputs) { in.Resources = applied(t, `aws_dynamodb_table.this["a"]`) }, "demo.one")
	two := part(t, "2/2", func(in *evidence.Inputs) { in.Resources = applied(t, `aws_dynamodb_table.this["b"]`) }, "demo.two")
	in, err := evidence.Merge([]*evidence.Bundle{one, two})
	require.NoError(t, err)
	require.Len(t, in.Resources[0].Instances, 2)
	other := part(t, "2/2", func(in *evidence.Inputs) { in.Resources = nil }, "demo.two")
	_, err = evidence.Merge([]*evidence.Bundle{one, other})
	require.ErrorContains(t, err, "have different resources.json")
	signer, _ := keys()
	_, found, err := evidence.Build(context.Background(), in, signer)
	require.NoError(t, err)
	require.Len(t, found, 1, "the samples name the table a alone")
	require.Contains(t, found[0].What, `aws_dynamodb_table.this["b"]`)
}
