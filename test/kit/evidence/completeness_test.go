package evidence_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/stretchr/testify/require"
)

func gaps(t *testing.T, text string, rs []check.Result, resources []evidence.Resource, before []check.Result) []string {
	t.Helper()
	in, err := evidence.ReadIntent("c.yaml", []byte(text))
	require.NoError(t, err)
	var out []string
	for _, g := range evidence.Complete(in, rs, resources, before) {
		out = append(out, g.String())
	}
	return out
}

func with(r check.Result, change func(*check.Result)) check.Result {
	r.Controls = slices.Clone(r.Controls)
	change(&r)
	return r
}

func TestCompleteResultsHaveNoGap(t *testing.T) {
	t.Parallel()
	require.Empty(t, gaps(t, controls(), inputs().Results, tables, inputs().Results))
}

func TestGaps(t *testing.T) {
	t.Parallel()
	one, two := result("demo.one", began), result("demo.two", began)
	without := func(r check.Result, control string) check.Result {
		return with(r, func(r *check.Result) {
			r.Controls = slices.DeleteFunc(r.Controls, func(c string) bool { return c == control })
		})
	}
	unproven := with(one, func(r *check.Result) { r.Verdict = check.NotProven })
	cases := map[string]struct {
		text      string
		results   []check.Result
		resources []evidence.Resource
		before    []check.Result
		want      string
	}{
		"a criterion that no check bears on":                 {results: []check.Result{without(one, "A1.3")}, want: "criterion without an executed check: A1.3"},
		"a criterion whose only check was not proven here":   {results: []check.Result{unproven}, want: "criterion without an executed check: CC6.1"},
		"a check that names a control out of scope":          {results: []check.Result{with(one, func(r *check.Result) { r.Controls = append(r.Controls, "CC9.9") })}, want: "unknown control: CC9.9: named by the check demo.one"},
		"a pattern that selected no check":                   {text: strings.Replace(controls(), "[demo.*]", "[demo.*, demo.three]", 1), results: []check.Result{one}, want: "controls.yaml:5: mapped check did not run: CC6.1: no result that names CC6.1 has an id like demo.three"},
		"a listed check that does not name the criterion":    {text: strings.Replace(controls(), "[demo.*]", "[demo.two]", 1), results: []check.Result{one, without(two, "CC6.1")}, want: "mapped check did not run: CC6.1: no result that names CC6.1 has an id like demo.two"},
		"a check that names a criterion without being in it": {text: strings.Replace(controls(), "[demo.*]", "[demo.two]", 1), results: []check.Result{one, two}, want: "check that the controls do not list: CC6.1: demo.one names CC6.1"},
		"a check of the run before that did not run":         {results: []check.Result{one}, before: []check.Result{one, two}, want: "mapped check did not run: demo.two of suite demo on emulated ran before (2026-11-20)"},
		"a retired check that ran":                           {text: controls() + "retired:\n  - checks: demo.o*\n    why: It is gone.\n", results: []check.Result{one}, want: "demo.one is said to be retired and ran"},
		"a check that stands twice":                          {results: []check.Result{one, one}, want: "check made twice: demo.one of suite demo on emulated"},
		"a resource that no check is about":                  {results: []check.Result{one}, resources: append(slices.Clone(tables), evidence.Resource{Folder: "terraform/demo", Type: "aws_dynamodb_table", Name: "other"}), want: "resource without a check: CC6.1: terraform/demo:aws_dynamodb_table.other (tables)"},
		"a resource of the same name in another folder":      {results: []check.Result{one}, resources: []evidence.Resource{{Folder: "terraform/data", Type: "aws_dynamodb_table", Name: "this"}}, want: "terraform/data:aws_dynamodb_table.this"},
		"a resource whose check was not proven":              {results: []check.Result{unproven, with(two, func(r *check.Result) { r.Subject = "elsewhere" })}, want: "terraform/demo:aws_dynamodb_table.this"},
		"an exception that is not needed":                    {text: strings.Replace(controls(), "[aws_dynamodb_table]\n", "[aws_dynamodb_table]\n        except: {\"terraform/demo:aws_dynamodb_table.this\": It is new.}\n", 1), results: []check.Result{one}, want: "is excepted and need not be"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, resources := c.text, c.resources
			if text == "" {
				text = controls()
			}
			if resources == nil {
				resources = tables
			}
			found := gaps(t, text, c.results, resources, c.before)
			require.True(t, slices.ContainsFunc(found, func(g string) bool { return strings.Contains(g, c.want) }), "want %q in %q", c.want, found)
		})
	}
}

func TestTwoRunsOfASuiteAreTwoAnswers(t *testing.T) {
	t.Parallel()
	one, two := result("demo.one", began), with(result("demo.one", began.Add(time.Hour)), func(r *check.Result) { r.Run = "r2" })
	require.Empty(t, gaps(t, controls(), []check.Result{one, two}, tables, []check.Result{one, two}))
	found := gaps(t, controls(), []check.Result{one}, tables, []check.Result{one, two})
	require.Len(t, found, 1, "one of two answers is gone: %q", found)
}

func TestACheckIsFoundAgainInAnotherRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, now string
		same        bool
	}{
		"of another account":                  {"arn:aws:iam::111111111111:role/x", "arn:aws:iam::222222222222:role/x", true},
		"of another throwaway environment":    {"role/ft-278754-image-updater", "role/ft-c948db-image-updater", true},
		"of a VPC with another id":            {"twin of vpc-145c35739213229b8", "twin of vpc-fae3747d7eddb8b31", true},
		"of a database with another id":       {"dbuser:db-P2NTEN2UNPC9AVV56BF8AEWZ5R/app", "dbuser:db-ABCDEN2UNPC9AVV56BF8AEWZ5R/app", true},
		"of another role":                     {"role/ft-278754-image-updater", "role/ft-c948db-karpenter", false},
		"of another environment's values":     {"role/ft-278754-audit-dev-replication", "role/ft-c948db-audit-prod-replication", false},
		"of another kind with such an id":     {"vpc-145c35739213229b8", "sg-145c35739213229b8", false},
		"of a name that only looks like one":  {"role/ft-abc", "role/ft-abd", false},
		"of another user of such a database":  {"db-P2NTEN2UNPC9AVV56BF8AEWZ5R/app", "db-P2NTEN2UNPC9AVV56BF8AEWZ5R/postgres", false},
		"of a resource whose name has digits": {`aws_subnet.this["1234567"]`, `aws_subnet.this["7654321"]`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			extra := func(subject string) []check.Result {
				return append(inputs().Results, with(result("demo.x", began), func(r *check.Result) { r.Subject = subject }))
			}
			found := gaps(t, controls(), extra(c.now), tables, extra(c.before))
			if c.same {
				require.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			require.Contains(t, found[0], "demo.x of suite demo on emulated ran before")
		})
	}
}

func TestARetiredCheckMayBeGone(t *testing.T) {
	t.Parallel()
	text := controls() + "retired:\n  - checks: old.*\n    why: The resource is gone.\n"
	before := append(inputs().Results, with(result("old.thing", began), func(r *check.Result) { r.Suite = "old" }))
	require.Empty(t, gaps(t, text, inputs().Results, tables, before))
}

func TestASubjectNamesAWholeAddress(t *testing.T) {
	t.Parallel()
	r := evidence.Resource{Folder: "modules/rds", Type: "aws_db_instance", Name: "this"}
	cases := map[string]struct {
		suite, subject string
		want           bool
	}{
		"the resource alone":            {"rds", "aws_db_instance.this", true},
		"inside its module":             {"rds", "module.rds.aws_db_instance.this", true},
		"one of several":                {"rds", `module.rds.aws_db_instance.this["a"]`, true},
		"one among others":              {"rds", "aws_db_instance.replica, aws_db_instance.this", true},
		"of the module's other example": {"rds-small", "aws_db_instance.this", true},
		"of another suite":              {"rdsx", "aws_db_instance.this", false},
		"a longer name":                 {"rds", "aws_db_instance.this_one", false},
		"a longer type":                 {"rds", "my_aws_db_instance.this", false},
		"the module only":               {"rds", "module.rds", false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, r.IsSubjectOf(check.Result{Suite: c.suite, Check: check.Check{Subject: c.subject}}))
		})
	}
}
