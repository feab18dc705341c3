package controllers_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fintrack/platform/test/kit/controllers"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/stretchr/testify/require"
)

func parse(t *testing.T, text string) []gitops.Object {
	t.Helper()
	out, err := gitops.Parse("test.yaml", []byte(text))
	require.NoError(t, err)
	return out
}

func TestEveryZoneOfAPoolHasANodeAsThePoolMakesThem(t *testing.T) {
	tree := gitops.Tree{Objects: parse(t, `
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: gpu}
spec:
  template:
    metadata: {labels: {workload-type: gpu}}
    spec:
      taints: [{key: nvidia.com/gpu, effect: NoSchedule}]
      requirements:
        - {key: karpenter.sh/capacity-type, operator: In, values: [spot, on-demand]}
        - {key: topology.kubernetes.io/zone, operator: In, values: [a, b]}
`)}
	nodes := controllers.Nodes(tree)
	require.Len(t, nodes, 2)
	require.Equal(t, map[string]any{
		"karpenter.sh/nodepool": "gpu", "workload-type": "gpu", "karpenter.sh/capacity-type": "spot", "kubernetes.io/os": "linux",
		"topology.kubernetes.io/zone": "b", "kubernetes.io/hostname": "gpu-b",
	}, nodes[1].At("metadata", "labels"))
	require.Equal(t, tree.Objects[0].At("spec", "template", "spec", "taints"), nodes[1].At("spec", "taints"))
}

func TestStagesAreWhatKwokReads(t *testing.T) {
	file := filepath.Join(t.TempDir(), "stages.yaml")
	require.NoError(t, controllers.Stages(file, controllers.WithCondition("example.com/v1", "Thing"), controllers.Ready{APIVersion: "v1", Kind: "Other", Unless: ".status.done", Status: "done: true\n"}))
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	stages := parse(t, string(b))
	require.Len(t, stages, 2)
	require.Equal(t, map[string]any{"apiGroup": "example.com/v1", "kind": "Thing"}, stages[0].At("spec", "resourceRef"))
	require.Contains(t, stages[0].Text("spec", "next", "statusTemplate"), "type: Ready")
	require.Equal(t, "done: true\n", stages[1].Text("spec", "next", "statusTemplate"))
}

func TestOnlyKindsThatAreUsedAreMade(t *testing.T) {
	crds := parse(t, `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {group: example.com, names: {kind: Thing}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: others.example.com}
spec: {group: example.com, names: {kind: Other}}
`)
	thing := parse(t, "{apiVersion: example.com/v1, kind: Thing, metadata: {name: a}, status: {conditions: [{type: Ready, status: 'False'}]}}")
	require.Equal(t, crds[:1], controllers.Used(crds, thing))
	require.Len(t, controllers.Used(crds, thing, "example.com/Other"), 2)
	require.Equal(t, "False", controllers.Condition(thing[0], "Ready"))
	require.Empty(t, controllers.Condition(thing[0], "Synced"))
}
