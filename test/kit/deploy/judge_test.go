package deploy

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/stretchr/testify/require"
)

// silent takes the failures of a set that is itself under test.
type silent struct{ failures []string }

func (*silent) Helper() {}
func (s *silent) Errorf(format string, args ...any) {
	s.failures = append(s.failures, fmt.Sprintf(format, args...))
}

var refusals = Refusals{
	Module: "m",
	Base:   "size = 3\n",
	Cases: []Refusal{
		{Name: "No size", Set: map[string]string{"size": "0"}, Message: "at least 1"},
		{Name: "A huge size!", Set: map[string]string{"size": "99"}, Message: "at most 9"},
	},
}

func TestJudge(t *testing.T) {
	low := diagnostic{call: 0, placed: true, rule: "variables.tf:5", text: "Invalid value: size must be at\n least 1."}
	high := diagnostic{call: 1, placed: true, rule: "variables.tf:9", text: "Invalid value: size must be at most 9."}
	rules := []string{"variables.tf:5", "variables.tf:9"}
	for name, c := range map[string]struct {
		found  []diagnostic
		rules  []string
		failed []string
	}{
		"all refused":              {[]diagnostic{low, high}, rules, nil},
		"a case accepted":          {[]diagnostic{low}, rules[:1], []string{"m.refuses.a-huge-size"}},
		"a rule without a case":    {[]diagnostic{low, high}, append(rules, "variables.tf:20"), []string{"m.refuses.by-every-rule"}},
		"another message":          {[]diagnostic{low, {call: 1, placed: true, rule: "variables.tf:9", text: "no"}}, rules, []string{"m.refuses.a-huge-size"}},
		"the base refused":         {[]diagnostic{low, high, {call: base, placed: true, text: "no"}}, rules, []string{"m.refuses.nothing-valid"}},
		"an error without a place": {[]diagnostic{low, high, {text: "provider is gone"}}, rules, []string{"m.refuses.nothing-valid"}},
		"a place beyond the cases": {[]diagnostic{low, high, {call: 7, placed: true, text: "no"}}, rules, []string{"m.refuses.nothing-valid"}},
		"nothing said at all":      {nil, rules, []string{"m.refuses.no-size", "m.refuses.a-huge-size", "m.refuses.by-every-rule"}},
	} {
		t.Run(name, func(t *testing.T) {
			set := check.NewSet(new(silent), check.Labels{Environment: "emulated", Run: "r", Suite: "m"}, io.Discard)
			refusals.judge(set, c.found, c.rules)
			var failed []string
			for _, r := range set.Results() {
				if r.Verdict == check.Fail {
					failed = append(failed, r.ID)
				}
			}
			require.Equal(t, c.failed, failed)
			require.Len(t, set.Results(), len(refusals.Cases)+2)
		})
	}
}

func TestACaseWithoutAMessageFails(t *testing.T) {
	set := check.NewSet(new(silent), check.Labels{Environment: "emulated", Run: "r", Suite: "m"}, io.Discard)
	Refusals{Module: "m", Cases: []Refusal{{Name: "x"}}}.judge(set, []diagnostic{{call: 0, placed: true, text: "refused"}}, nil)
	require.Equal(t, check.Fail, set.Results()[0].Verdict)
}

func TestEachCaseIsACallOfItsOwn(t *testing.T) {
	text, lines, err := refusals.configuration("eu-west-1", []int{base, 0, 1})
	require.NoError(t, err)
	split := strings.Split(string(text), "\n")
	require.Contains(t, string(text), `region = "eu-west-1"`)
	for i, name := range []string{"base", "case_0", "case_1"} {
		require.Equal(t, fmt.Sprintf("module %q {", name), split[lines[i]-1])
		require.Equal(t, "  size = "+[]string{"3", "0", "99"}[i], split[lines[i]+1])
	}
	_, _, err = Refusals{Base: "size ="}.configuration("eu-west-1", nil)
	require.ErrorContains(t, err, "base:")
}

func TestDiagnosticsFindTheirCase(t *testing.T) {
	error := func(line int, address, detail string) string {
		at := ""
		if line > 0 {
			at = fmt.Sprintf(`"range":{"filename":"main.tf","start":{"line":%d,"column":1,"byte":1},"end":{"line":%d,"column":2,"byte":2}},`, line, line)
		}
		return fmt.Sprintf(`{"type":"diagnostic","diagnostic":{"severity":"error","summary":"Invalid value",%s"address":%q,"detail":%q}}`, at, address, detail)
	}
	lines, cases := []int{4, 8, 12}, []int{base, 0, 1}
	for name, c := range map[string]struct {
		line string
		want diagnostic
	}{
		"on the first line of a call": {error(8, "", "x"), diagnostic{call: 0, placed: true, text: "Invalid value: x"}},
		"inside a call":               {error(14, "", "x"), diagnostic{call: 1, placed: true, text: "Invalid value: x"}},
		"inside the base":             {error(6, "", "x"), diagnostic{call: base, placed: true, text: "Invalid value: x"}},
		"before every call":           {error(2, "", "x"), diagnostic{text: "Invalid value: x"}},
		"by its address":              {error(0, "module.case_1.aws_x.this", "x"), diagnostic{call: 1, placed: true, text: "Invalid value: x"}},
		"by the base's address":       {error(0, "module.base.aws_x.this", "x"), diagnostic{call: base, placed: true, text: "Invalid value: x"}},
		"nowhere":                     {error(0, "", "x"), diagnostic{text: "Invalid value: x"}},
		"with its rule": {error(9, "", "no. This was checked by the validation rule at ../modules/m/variables.tf:12,3-13."),
			diagnostic{call: 0, placed: true, rule: "variables.tf:12", text: "Invalid value: no. This was checked by the validation rule at ../modules/m/variables.tf:12,3-13."}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readDiagnostics(c.line+"\n", lines, cases)
			require.NoError(t, err)
			require.Equal(t, []diagnostic{c.want}, got)
		})
	}
	got, err := readDiagnostics(`{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"s","detail":"d"}}`+"\n"+`{"type":"change_summary"}`+"\n", lines, cases)
	require.NoError(t, err)
	require.Empty(t, got)
	_, err = readDiagnostics(`{"type":"version"}`+"\n", lines, cases)
	require.ErrorContains(t, err, "nothing that can be read")
	_, err = readDiagnostics("panic: x\n", lines, cases)
	require.ErrorContains(t, err, "panic: x")
}

func TestValidationRulesAreFoundInEveryFile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.tf"), []byte("variable \"x\" {\n  validation {\n    condition = true\n    error_message = \"m\"\n  }\n}\noutput \"o\" {\n  value = 1\n}\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.tf"), []byte("variable \"y\" {\n  type = string\n\n  validation {\n    condition = true\n    error_message = \"m\"\n  }\n  validation {\n    condition = true\n    error_message = \"m\"\n  }\n}\n"), 0o644))
	rules, err := validationRules(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"a.tf:2", "b.tf:4", "b.tf:8"}, rules)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "c.tf"), []byte("variable {"), 0o644))
	_, err = validationRules(dir)
	require.Error(t, err)
}

func TestExplainKeepsTerraformsOwnWords(t *testing.T) {
	require.NoError(t, explain("plan", nil))
	require.EqualError(t, explain("plan", fmt.Errorf("error while running command: exit status 1; \nError: no such file")), "terraform plan: Error: no such file")
	require.EqualError(t, explain("apply", fmt.Errorf("FatalError{Underlying: error while running command: exit status 1; \nError: a {b}\n}")), "terraform apply: Error: a {b}")
	require.EqualError(t, explain("apply", fmt.Errorf("error while running command: exit status 1; Error: a {b}")), "terraform apply: Error: a {b}")
	require.EqualError(t, explain("init", fmt.Errorf("not found")), "terraform init: not found")
}

func TestStagesAreChosenByName(t *testing.T) {
	for _, c := range []struct {
		in   string
		want []string
		err  string
	}{
		{"", nil, ""},
		{"verify", []string{"verify"}, ""},
		{"apply, verify", []string{"apply", "verify", "init", "plan"}, ""},
		{"aply", nil, `unknown stage "aply"; valid are init, validate, plan, apply`},
	} {
		t.Setenv("STAGES", c.in)
		got, err := wanted()
		if c.err != "" {
			require.ErrorContains(t, err, c.err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
}
