package policy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fintrack/platform/test/kit/policy"
	"github.com/stretchr/testify/require"
)

const dir = "../../../policies/terraform"

func load(t *testing.T) *policy.Rules {
	t.Helper()
	r, err := policy.Load(t.Context(), os.DirFS(dir))
	require.NoError(t, err)
	return r
}

func fixture(t *testing.T, topic, kind string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "testdata", topic, kind+".json"))
	require.NoError(t, err)
	return b
}

// TestEveryRuleHasAPlanThatBreaksIt: in the failing plan of a topic a resource is
// named for the rule that it breaks, and what follows in the name says how.
func TestEveryRuleHasAPlanThatBreaksIt(t *testing.T) {
	r := load(t)
	require.NotEmpty(t, r.IDs())
	broken := map[string]bool{}
	for _, topic := range r.Topics() {
		t.Run(topic, func(t *testing.T) {
			v, err := r.Judge(t.Context(), fixture(t, topic, "fail"))
			require.NoError(t, err)
			named := map[string]bool{}
			for _, x := range v.Violations {
				if !strings.HasPrefix(x.Rule, topic+".") {
					continue
				}
				broken[x.Rule] = true
				rule := strings.TrimPrefix(x.Rule, topic+".")
				name := x.Address[strings.LastIndex(x.Address, ".")+1:]
				require.True(t, strings.HasPrefix(name, rule), "%s broke %s", x.Address, x.Rule)
				require.NotEmpty(t, x.Message)
				require.NotEmpty(t, x.Fix)
				require.NotEmpty(t, x.Source)
				named[x.Address] = true
			}
			for _, address := range addresses(t, fixture(t, topic, "fail")) {
				helper := strings.HasSuffix(address[:len(address)-len(filepath.Ext(address))], "_configuration") || strings.Contains(address, ".this")
				require.True(t, helper || named[address], "%s breaks no rule", address)
			}
		})
	}
	for _, id := range r.IDs() {
		require.True(t, broken[id], "no failing plan breaks %s", id)
	}
}

func addresses(t *testing.T, plan []byte) []string {
	t.Helper()
	var p struct {
		Changes []struct{ Address string } `json:"resource_changes"`
	}
	require.NoError(t, json.Unmarshal(plan, &p))
	var out []string
	for _, c := range p.Changes {
		out = append(out, c.Address)
	}
	return out
}

func TestAGoodPlanBreaksNoRuleOfItsTopic(t *testing.T) {
	r := load(t)
	for _, topic := range r.Topics() {
		t.Run(topic, func(t *testing.T) {
			v, err := r.Judge(t.Context(), fixture(t, topic, "pass"))
			require.NoError(t, err)
			own := slices.DeleteFunc(v.Violations, func(x policy.Violation) bool { return !strings.HasPrefix(x.Rule, topic+".") })
			require.Empty(t, own)
		})
	}
}

func TestWhatIsDestroyedIsNotJudged(t *testing.T) {
	v, err := load(t).Judge(t.Context(), []byte(`{"variables":{},"configuration":{"root_module":{}},"resource_changes":[
		{"address":"aws_sqs_queue.old","mode":"managed","type":"aws_sqs_queue","name":"old","change":{"actions":["delete"],"before":{},"after":null,"after_unknown":{}}},
		{"address":"data.aws_sqs_queue.other","mode":"data","type":"aws_sqs_queue","name":"other","change":{"actions":["read"],"before":null,"after":{},"after_unknown":{}}}]}`))
	require.NoError(t, err)
	require.Empty(t, v.Violations)
}

func TestDocumentsOfTheApplyAreNamed(t *testing.T) {
	v, err := load(t).Judge(t.Context(), []byte(`{"variables":{},"configuration":{"root_module":{}},"resource_changes":[
		{"address":"aws_iam_policy.late","mode":"managed","type":"aws_iam_policy","name":"late","change":{"actions":["create"],"before":null,"after":{"name":"x"},"after_unknown":{"policy":true}}}]}`))
	require.NoError(t, err)
	require.Equal(t, []string{"aws_iam_policy.late"}, v.NotJudged)
}

func TestWhatIsNoPlanIsRefused(t *testing.T) {
	r := load(t)
	for text, says := range map[string]string{"": "unexpected end", "{}": "no resource_changes", "[]": "cannot unmarshal"} {
		_, err := r.Judge(t.Context(), []byte(text))
		require.ErrorContains(t, err, says)
	}
}

func TestBrokenRulesAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ file, text, says string }{
		"no rules":                  {"README.md", "", "no .rego file"},
		"a syntax error":            {"x.rego", "package terraform.x\ndeny contains {", "parse plan policy"},
		"a package of another name": {"x.rego", "package terraform.y\n", "its package must be terraform.x"},
		"an unknown function":       {"x.rego", "package terraform.x\ndeny contains nothing(1)\n", "compile plan policies"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := policy.Load(t.Context(), fstest.MapFS{c.file: {Data: []byte(c.text)}})
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestExceptions(t *testing.T) {
	today := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	const good = "exceptions:\n- {rule: tags.missing, module: s3, address: a.b, reason: r, expires: \"2026-11-23\"}\n- {rule: tags.missing, module: s3/complete, address: a.c, reason: r, expires: \"2027-01-01\"}\n"
	x, err := policy.ReadExceptions([]byte(good), []string{"tags.missing"}, today)
	require.NoError(t, err)
	found := []policy.Violation{{Rule: "tags.missing", Address: "a.b"}, {Rule: "tags.missing", Address: "a.c"}, {Rule: "tags.missing", Address: "a.d"}, {Rule: "tags.other", Address: "a.b"}}
	require.Equal(t, []policy.Violation{{Rule: "tags.missing", Address: "a.c"}, {Rule: "tags.missing", Address: "a.d"}, {Rule: "tags.other", Address: "a.b"}}, x.Apply("s3", "replication", found))
	require.Equal(t, found, x.Apply("rds", "complete", found))
	require.Len(t, x.Unused(), 1)
	require.Equal(t, "a.c", x.Unused()[0].Address)
	x.Apply("s3", "complete", found)
	require.Empty(t, x.Unused())
	for name, c := range map[string]struct{ text, says string }{
		"expired yesterday": {"exceptions:\n- {rule: tags.missing, module: s3, address: a.b, reason: r, expires: \"2026-11-22\"}", "expired on 2026-11-22"},
		"no such rule":      {"exceptions:\n- {rule: tags.mising, module: s3, address: a.b, reason: r, expires: \"2027-01-01\"}", "no such rule"},
		"no reason":         {"exceptions:\n- {rule: tags.missing, module: s3, address: a.b, expires: \"2027-01-01\"}", "must all be given"},
		"no day":            {"exceptions:\n- {rule: tags.missing, module: s3, address: a.b, reason: r, expires: soon}", "expires must be a day"},
		"an unknown field":  {"exceptions:\n- {rules: tags.missing}", "unknown field"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := policy.ReadExceptions([]byte(c.text), []string{"tags.missing"}, today)
			require.ErrorContains(t, err, c.says)
		})
	}
}
