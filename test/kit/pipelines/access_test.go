package pipelines_test

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/fintrack/platform/test/kit/pipelines"
	"github.com/stretchr/testify/require"
)

func TestTheAccessOfThePipelineIsRead(t *testing.T) {
	t.Parallel()
	got, err := pipelines.AccessOf(os.DirFS("../../.."), "ci")
	require.NoError(t, err)
	require.NotEmpty(t, got.Groups)
	require.NotEmpty(t, got.Policies)

	entry := func(text string) fstest.MapFS {
		return fstest.MapFS{"terraform/compute/eks.tf": {Data: []byte("module \"eks\" {\n  access_entries = merge({ for n, a in var.arns : n => { principal_arn = a } },\n  { ci = { " + text + " } })\n}\n")}}
	}
	got, err = pipelines.AccessOf(entry(`principal_arn = var.a, kubernetes_groups = ["a", "b"], policies = { View = ["x"], Edit = [] }`), "ci")
	require.NoError(t, err)
	require.Equal(t, pipelines.ClusterAccess{Groups: []string{"a", "b"}, Policies: map[string][]string{"View": {"x"}, "Edit": nil}}, got)

	for name, c := range map[string]struct{ text, entry, says string }{
		"an entry that is not there":      {`principal_arn = var.a`, "cd", `writes out 0 access entries "cd"`},
		"an entry that is there twice":    {`x = 1 } }, { ci = { x = 1`, "ci", "writes out 2 access entries"},
		"an attribute that is not known":  {`principal_arn = var.a, type = "EC2"`, "ci", `"type" of an access entry is not read here`},
		"a group that is not written out": {`kubernetes_groups = [var.group]`, "ci", "eks.tf:3"},
		"a group that is no text":         {`kubernetes_groups = [1]`, "ci", "want a text"},
		"policies that are computed":      {`policies = var.policies`, "ci", "eks.tf:3"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pipelines.AccessOf(entry(c.text), c.entry)
			require.ErrorContains(t, err, c.says)
		})
	}
}
