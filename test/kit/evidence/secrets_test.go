package evidence_test

import (
	"context"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/stretchr/testify/require"
)

func TestSecretsNeverEnterABundle(t *testing.T) {
	t.Parallel()
	signer, _ := keys()
	// Made up and put together here, so that no file holds it whole.
	token := "ghp_" + strings.Join([]string{"kQ9zT4", "mX2vB7", "nL5wR8", "cJ3yF6", "hD1sG0", "pA4eU9"}, "")
	cases := map[string]struct {
		change func(*evidence.Inputs)
		want   string
	}{
		"a token in what was observed": {func(in *evidence.Inputs) { in.Results[0].Observed = "token " + token }, "checks.jsonl:1: github-pat"},
		"a token in an artefact": {func(in *evidence.Inputs) {
			in.Artefacts = map[string]evidence.Artefact{"incident": {Name: "i.txt", Data: []byte("said\n" + token + "\n")}}
		}, "artefacts/incident.txt:2: github-pat"},
		"a sensitive output in what was observed":      {func(in *evidence.Inputs) { in.Results[1].Observed = "is correct-horse here" }, "checks.jsonl:2: a sensitive output (number 1 of those given)"},
		"a sensitive output as HTML or JSON writes it": {func(in *evidence.Inputs) { in.Results[0].Observed = `a"b\c d` }, "a sensitive output (number 2 of those given), as JSON"},
		"a sensitive output as base64":                 {func(in *evidence.Inputs) { in.Results[0].Observed = "Y29ycmVjdC1ob3JzZQ==" }, "number 1 of those given), as base64"},
		"a short one that stands alone":                {func(in *evidence.Inputs) { in.Results[0].Observed = "pin s3c" }, "number 3 of those given)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := inputs()
			in.Results = []check.Result{result("demo.one", began), result("demo.two", began)}
			in.Sensitive = []string{"correct-horse", `a"b\c d`, "s3c"}
			c.change(&in)
			files, _, err := evidence.Build(context.Background(), in, signer)
			require.ErrorIs(t, err, evidence.ErrSecret)
			require.ErrorContains(t, err, c.want)
			require.Nil(t, files)
			for _, v := range append(in.Sensitive, token) {
				if len(v) > 4 {
					require.NotContains(t, err.Error(), v)
				}
			}
		})
	}
}

func TestAShortSensitiveValueInsideAWordIsNone(t *testing.T) {
	t.Parallel()
	in := inputs()
	in.Sensitive = []string{"rue", ""}
	build(t, in)
}

func TestSensitiveOutputsAreReadFromTerraform(t *testing.T) {
	t.Parallel()
	got, err := evidence.SensitiveOutputs("o.json", []byte(`{
		"open": {"sensitive": false, "value": "shown"},
		"one": {"sensitive": true, "value": "hidden"},
		"many": {"sensitive": true, "value": {"a": ["deep", 12345], "b": null, "c": "hidden"}}}`))
	require.NoError(t, err)
	require.Equal(t, []string{"12345", "deep", "hidden"}, got)
	_, err = evidence.SensitiveOutputs("o.json", []byte("plain"))
	require.ErrorContains(t, err, "o.json: want what terraform output -json prints")
}
