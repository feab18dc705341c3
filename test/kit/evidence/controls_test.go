package evidence_test

import (
	"os"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/stretchr/testify/require"
)

func TestTheControlsOfThePlatformAreReadable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../policies/intent/controls.yaml")
	require.NoError(t, err)
	in, err := evidence.ReadIntent("policies/intent/controls.yaml", text)
	require.NoError(t, err)
	require.Len(t, in.Criteria, len(check.Controls))
}

func TestReadIntent(t *testing.T) {
	t.Parallel()
	replace := func(old, new string) string { return strings.Replace(controls(), old, new, 1) }
	cases := map[string]struct{ text, want string }{
		"a field that does not exist is named with its line": {replace("title: About CC6.1", "titel: About CC6.1"), `c.yaml:3: a criterion has no field "titel"; it has cannot-show, checks, id, means, populations, title`},
		"a criterion out of scope":                           {replace("id: CC6.1", "id: CC9.9"), `c.yaml:2: unknown criterion "CC9.9"; in scope are CC6.1`},
		"a criterion that is not there":                      {replace("id: CC6.1", "id: CC6.2"), "criterion CC6.1 is in scope and is not here"},
		"a criterion given twice":                            {replace("id: CC6.1", "id: CC6.2"), "criterion CC6.2 is given twice, first in line 2"},
		"a pattern that is none":                             {replace("checks: [demo.*]", "checks: [demo]"), `c.yaml:5: "demo" is no pattern of check ids`},
		"a pattern with a class of characters":               {replace("checks: [demo.*]", `checks: ["demo.[a-z]"]`), "is no pattern of check ids"},
		"a pattern listed twice":                             {replace("checks: [demo.*]", "checks: [demo.*, demo.*]"), "lists demo.* twice"},
		"nothing that the checks cannot show":                {replace("    cannot-show: [What people do.]\n", ""), `criterion "CC6.1" lacks cannot-show`},
		"an empty list of checks":                            {replace("checks: [demo.*]", "checks: []"), "c.yaml:5: checks must be a list with at least one entry"},
		"a mapping where a text belongs":                     {replace("means: What it asks.", "means: {a: b}"), "c.yaml:4: means must be a text"},
		"a field given twice":                                {replace("    means:", "    title: Twice\n    means:"), "c.yaml:4: a criterion gives title twice"},
		"a population without resources":                     {replace("        resources: [aws_dynamodb_table]\n", ""), "a population needs what and resources"},
		"a retired check without a reason":                   {controls() + "retired:\n  - checks: old.*\n", "a retired check needs checks and why"},
		"text that is no YAML":                               {"criteria: [", "c.yaml: yaml:"},
		"an empty file":                                      {"", "criterion C1.2 is in scope and is not here"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := evidence.ReadIntent("c.yaml", []byte(c.text))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func FuzzReadIntent(f *testing.F) {
	f.Add(controls())
	f.Add("criteria:\n  - id: [CC6.1]\n    checks: {a: b}\n")
	f.Fuzz(func(t *testing.T, text string) {
		in, err := evidence.ReadIntent("c.yaml", []byte(text))
		if err == nil && len(in.Criteria) != len(check.Controls) {
			t.Errorf("accepted %d criteria", len(in.Criteria))
		}
	})
}
