package podsecurity_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/admission/podsecurity"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/stretchr/testify/require"
)

const pods = `
apiVersion: v1
kind: Namespace
metadata: {name: strict, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: root, namespace: strict}
spec: {template: {spec: {containers: [{name: c, image: x}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: good, namespace: strict}
spec:
  template:
    spec:
      securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
      containers: [{name: c, image: x, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: node, namespace: elsewhere}
spec: {template: {spec: {hostNetwork: true, containers: [{name: c, image: x}]}}}
`

func TestPodsAreJudgedByTheLevelOfTheirNamespace(t *testing.T) {
	objects, err := gitops.Parse("x.yaml", []byte(pods))
	require.NoError(t, err)
	for i := range objects {
		objects[i].Namespace = objects[i].Text("metadata", "namespace")
	}
	found, err := podsecurity.Judge(gitops.Tree{Objects: objects}, "privileged")
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Contains(t, found[0].String(), "apps/Deployment strict/root: the level restricted refuses its pods")
	require.Contains(t, found[0].String(), "runAsNonRoot")

	found, err = podsecurity.Judge(gitops.Tree{Objects: objects}, "baseline")
	require.NoError(t, err)
	require.Len(t, found, 2)
	_, err = podsecurity.Judge(gitops.Tree{Objects: objects}, "strict")
	require.ErrorContains(t, err, "namespace elsewhere")
}
