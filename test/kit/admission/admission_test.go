package admission_test

import (
	"testing"
	"testing/fstest"

	"github.com/fintrack/platform/test/kit/admission"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/stretchr/testify/require"
)

const template = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: needsowner}
spec:
  crd: {spec: {names: {kind: NeedsOwner}}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      code:
        - engine: Rego
          source:
            version: v1
            rego: |
              package needsowner

              violation contains {"msg": "no owner"} if not input.review.object.metadata.labels.owner
`

const constraint = `apiVersion: constraints.gatekeeper.sh/v1beta1
kind: NeedsOwner
metadata: {name: owner}
spec: {match: {kinds: [{apiGroups: [''], kinds: [Pod]}]}}
`

const expansion = `apiVersion: expansion.gatekeeper.sh/v1beta1
kind: ExpansionTemplate
metadata: {name: workloads}
spec:
  applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment]}]
  templateSource: spec.template
  generatedGVK: {group: '', version: v1, kind: Pod}
`

func parse(t *testing.T, texts ...string) (out []gitops.Object) {
	t.Helper()
	for _, text := range texts {
		o, err := gitops.Parse("x.yaml", []byte(text))
		require.NoError(t, err)
		for i := range o {
			o[i].Namespace = o[i].Text("metadata", "namespace")
		}
		out = append(out, o...)
	}
	return out
}

func TestAPodAndWhatMakesPodsAreJudged(t *testing.T) {
	namespace := "apiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n"
	good := "apiVersion: v1\nkind: Pod\nmetadata: {name: good, namespace: n, labels: {owner: a}}\nspec: {containers: []}\n"
	bad := "apiVersion: v1\nkind: Pod\nmetadata: {name: bad, namespace: n}\nspec: {containers: []}\n"
	maker := "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: maker, namespace: n}\nspec: {template: {metadata: {labels: {a: b}}, spec: {containers: []}}}\n"
	found, constraints, err := admission.Judge(parse(t, template, constraint, expansion, namespace, good, bad, maker))
	require.NoError(t, err)
	require.Equal(t, 1, constraints)
	words := gitops.Words(found)
	require.Len(t, found, 2, words)
	require.Contains(t, words, "Pod n/bad: [owner] no owner")
	require.Contains(t, words, "apps/Deployment n/maker: [owner]")

	_, constraints, err = admission.Judge(parse(t, good))
	require.NoError(t, err)
	require.Zero(t, constraints)
}

func suiteOf(expects string) fstest.MapFS {
	return fstest.MapFS{
		"owner/template.yaml":              {Data: []byte(template)},
		"owner/constraint.yaml":            {Data: []byte(constraint)},
		"owner/samples/refused-none.yaml":  {Data: []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n")},
		"owner/samples/allowed-owned.yaml": {Data: []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {owner: b}}\n")},
		"owner/suite.yaml": {Data: []byte("apiVersion: test.gatekeeper.sh/v1alpha1\nkind: Suite\nmetadata: {name: owner}\ntests:\n  - name: owner\n    template: template.yaml\n    constraint: constraint.yaml\n    cases:\n" +
			"      - {name: refuses, object: samples/refused-none.yaml, assertions: [{violations: " + expects + "}]}\n" +
			"      - {name: allows, object: samples/allowed-owned.yaml, assertions: [{violations: no}]}\n")},
	}
}

func TestSuitesRun(t *testing.T) {
	results, err := admission.RunSuites(t.Context(), suiteOf("yes"))
	require.NoError(t, err)
	require.Len(t, results, 2)
	for _, r := range results {
		require.NoError(t, r.Err)
	}
	results, err = admission.RunSuites(t.Context(), suiteOf("no"))
	require.NoError(t, err)
	require.Error(t, results[0].Err, "the policy refuses what the case says it allows")
	_, err = admission.RunSuites(t.Context(), fstest.MapFS{})
	require.ErrorContains(t, err, "no suite.yaml")
}

func TestAPolicyWithoutItsPartsIsFound(t *testing.T) {
	found, err := admission.Shape(suiteOf("yes"))
	require.NoError(t, err)
	require.Empty(t, found)

	lacking := suiteOf("yes")
	delete(lacking, "owner/constraint.yaml")
	delete(lacking, "owner/samples/allowed-owned.yaml")
	lacking["owner/samples/refused-unused.yaml"] = &fstest.MapFile{Data: []byte("a: b\n")}
	found, err = admission.Shape(lacking)
	require.NoError(t, err)
	words := gitops.Words(found)
	require.Contains(t, words, "owner/constraint.yaml: policy owner: the file is missing")
	require.Contains(t, words, "there is no sample allowed-*.yaml")
	require.Contains(t, words, "refused-unused.yaml: policy owner: no case of suite.yaml uses it")
}

func TestSamplesAreRead(t *testing.T) {
	samples, err := admission.Samples(suiteOf("yes"))
	require.NoError(t, err)
	require.Len(t, samples, 2)
	require.False(t, samples[0].Refused)
	require.True(t, samples[1].Refused)
	require.Equal(t, "owner", samples[1].Policy)
}
