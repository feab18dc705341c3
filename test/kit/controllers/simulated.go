package controllers

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/gitops"
)

// Nodes are simulated machines: one for each NodePool of a tree and each zone that it
// names, with the labels and taints that the pool gives its nodes. They are large
// enough for all pods of the platform.
func Nodes(t gitops.Tree) []gitops.Object {
	var out []gitops.Object
	for _, pool := range t.Of("karpenter.sh", "NodePool") {
		labels := map[string]any{"karpenter.sh/nodepool": pool.Name(), "kubernetes.io/os": "linux"}
		given, _ := pool.At("spec", "template", "metadata", "labels").(map[string]any)
		for k, v := range given {
			labels[k] = v
		}
		var zones []any
		required, _ := pool.At("spec", "template", "spec", "requirements").([]any)
		for _, r := range required {
			r, _ := r.(map[string]any)
			values, _ := r["values"].([]any)
			key := fmt.Sprint(r["key"])
			if key == "topology.kubernetes.io/zone" {
				zones = values
			} else if len(values) > 0 {
				labels[key] = values[0]
			}
		}
		for _, zone := range zones {
			name := fmt.Sprintf("%s-%s", pool.Name(), zone)
			own := map[string]any{"topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": name}
			for k, v := range labels {
				own[k] = v
			}
			room := map[string]any{"cpu": "64", "memory": "256Gi", "pods": "110", "nvidia.com/gpu": "8"}
			out = append(out, gitops.Object{Fields: map[string]any{
				"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": name, "labels": own},
				"spec":   map[string]any{"taints": pool.At("spec", "template", "spec", "taints")},
				"status": map[string]any{"capacity": room, "allocatable": room},
			}})
		}
	}
	return out
}

// Ready is a kind whose objects KWOK says to be ready, in the place of the controller
// that is not there.
type Ready struct {
	// APIVersion and Kind are the objects'.
	APIVersion, Kind string
	// Status is a template of KWOK (its documentation, "Stage"), and Unless the path of
	// the field that is there when it was written.
	Status, Unless string
}

// conditions are the status of a kind whose objects have the condition Ready.
const conditions = `conditions:
- {type: Ready, status: "True", reason: Simulated, message: "said by KWOK, no controller looked", lastTransitionTime: {{ Now | Quote }}}
`

// WithCondition is a kind whose objects are ready by their condition Ready.
func WithCondition(apiVersion, kind string) Ready {
	return Ready{APIVersion: apiVersion, Kind: kind, Status: conditions, Unless: ".status.conditions"}
}

// Stages writes the configuration of KWOK for such kinds into a file. The nodes and pods
// are as KWOK has them by itself.
func Stages(file string, kinds ...Ready) error {
	var b strings.Builder
	for _, k := range kinds {
		fmt.Fprintf(&b, `---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: %s}
spec:
  resourceRef: {apiGroup: %s, kind: %s}
  selector:
    matchExpressions:
      - {key: '.metadata.deletionTimestamp', operator: DoesNotExist}
      - {key: '%s', operator: DoesNotExist}
  next:
    statusTemplate: |
      %s
`, strings.ToLower(k.Kind)+"-ready", k.APIVersion, k.Kind, k.Unless, strings.Join(slices.Collect(strings.Lines(k.Status)), "      "))
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}
