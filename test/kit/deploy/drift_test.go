package deploy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/require"
)

// planned is a plan with one change of aws_x.this.
func planned(t *testing.T, actions, before, after, unknown string) *tfjson.Plan {
	t.Helper()
	text := `{"format_version":"1.2","terraform_version":"1.11.0","resource_changes":[{"address":"aws_x.this","mode":"managed","type":"aws_x","name":"this",
		"change":{"actions":` + actions + `,"before":` + before + `,"after":` + after + `,"after_unknown":` + unknown + `}}]}`
	plan := new(tfjson.Plan)
	require.NoError(t, json.Unmarshal([]byte(text), plan))
	return plan
}

func TestDriftNamesEachAttribute(t *testing.T) {
	for name, c := range map[string]struct {
		actions, before, after, unknown string
		want                            []string
	}{
		"a value":                         {`["update"]`, `{"size":1,"kept":"x"}`, `{"size":2,"kept":"x"}`, `{}`, []string{`aws_x.this (update) size: 1 → 2`}},
		"a value that goes":               {`["update"]`, `{"size":1}`, `{}`, `{}`, []string{`aws_x.this (update) size: 1 → null`}},
		"a value that comes":              {`["update"]`, `{}`, `{"size":1}`, `{}`, []string{`aws_x.this (update) size: null → 1`}},
		"a nested value":                  {`["update"]`, `{"rule":[{"days":1},{"days":2}]}`, `{"rule":[{"days":1},{"days":3}]}`, `{}`, []string{`aws_x.this (update) rule[1].days: 2 → 3`}},
		"a longer list":                   {`["update"]`, `{"zones":["a"]}`, `{"zones":["a","b"]}`, `{}`, []string{`aws_x.this (update) zones: ["a"] → ["a","b"]`}},
		"an unknown value":                {`["update"]`, `{"arn":"x"}`, `{}`, `{"arn":true}`, []string{`aws_x.this (update) arn: "x" → (known after apply)`}},
		"an unknown inside":               {`["update"]`, `{"rule":[{"id":"x"}]}`, `{"rule":[{}]}`, `{"rule":[{"id":true}]}`, []string{`aws_x.this (update) rule[0].id: "x" → (known after apply)`}},
		"several":                         {`["update"]`, `{"a":1,"b":true}`, `{"a":2,"b":false}`, `{}`, []string{`aws_x.this (update) a: 1 → 2`, `aws_x.this (update) b: true → false`}},
		"a replacement":                   {`["delete","create"]`, `{"name":"x"}`, `{"name":"y"}`, `{}`, []string{`aws_x.this (delete/create) name: "x" → "y"`}},
		"a creation":                      {`["create"]`, `null`, `{"name":"y"}`, `{}`, []string{`aws_x.this (create)`}},
		"a deletion":                      {`["delete"]`, `{"name":"y"}`, `null`, `{}`, []string{`aws_x.this (delete)`}},
		"an update of what does not show": {`["update"]`, `{"a":1}`, `{"a":1}`, `{}`, []string{`aws_x.this (update)`}},
		"nothing":                         {`["no-op"]`, `{"a":1}`, `{"a":1}`, `{}`, nil},
		"a read":                          {`["read"]`, `null`, `{"a":1}`, `{}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, deploy.Drift(planned(t, c.actions, c.before, c.after, c.unknown)))
		})
	}
}

func TestDriftCutsALongValue(t *testing.T) {
	got := deploy.Drift(planned(t, `["update"]`, `{"policy":"a"}`, `{"policy":"`+strings.Repeat("b", 1000)+`"}`, `{}`))
	require.Len(t, got, 1)
	require.Less(t, len(got[0]), 300)
	require.Contains(t, got[0], "…")
}

func TestDriftNamesOutputs(t *testing.T) {
	plan := new(tfjson.Plan)
	require.NoError(t, json.Unmarshal([]byte(`{"format_version":"1.2","output_changes":{
		"b":{"actions":["update"],"before":1,"after":2},"a":{"actions":["create"],"after":2},"c":{"actions":["no-op"]}}}`), plan))
	require.Equal(t, []string{"output.a (create)", "output.b (update)"}, deploy.Drift(plan))
}
