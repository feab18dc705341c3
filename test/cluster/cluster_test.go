package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/controllers"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/gitops/platform"
	"github.com/fintrack/platform/test/kit/sandbox/cluster"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/stretchr/testify/require"
)

// established is how long a new kind may take to be served, on a loaded machine.
const established = 180 * time.Second

// environment is a cluster with the kinds and namespaces of the platform.
type environment struct {
	t       *testing.T
	cluster *cluster.Cluster
	objects *controllers.Objects
	tree    gitops.Tree
	modules platform.Modules
	checks  *check.Set
}

// prepared starts a cluster and gives it the CRDs and what every other object needs:
// namespaces, service accounts, roles.
func prepared(t *testing.T) environment {
	t.Helper()
	m, err := platform.FindModules(t.Context(), root)
	require.NoError(t, err)
	p, err := platform.Render(root, "prod", m.Charts)
	require.NoError(t, err)
	c := cluster.New(t.Context(), t, suite.Current().Run)
	e := environment{t: t, cluster: c, objects: controllers.In(c), tree: p.Tree, modules: m, checks: suite.Checks(t, "cluster")}
	e.kinds()
	for _, kind := range []string{"/Namespace", "/ServiceAccount", "rbac.authorization.k8s.io/ClusterRole", "rbac.authorization.k8s.io/ClusterRoleBinding", "rbac.authorization.k8s.io/Role", "rbac.authorization.k8s.io/RoleBinding", "/LimitRange", "/ResourceQuota"} {
		e.apply(of(e.tree.Objects, kind)...)
	}
	return e
}

// kinds makes the custom kinds of which there are objects, and waits until they are
// served.
func (e environment) kinds() {
	e.t.Helper()
	crds := append(slices.Clone(e.modules.CRDs), of(e.tree.Objects, "apiextensions.k8s.io/CustomResourceDefinition")...)
	require.NoError(e.t, e.objects.Serve(e.t.Context(), established, controllers.Used(crds, e.tree.Objects, "argoproj.io/AppProject")...))
}

func (e environment) apply(objects ...gitops.Object) {
	e.t.Helper()
	require.NoError(e.t, e.objects.Make(e.t.Context(), established, objects...))
}

// TestTheApiServerTakesThePlatform: validation, pod security, quota and rights, by the
// API server itself.
func TestTheApiServerTakesThePlatform(t *testing.T) {
	e := prepared(t)
	e.accepted()
	e.podSecurity()
	e.rights()
}

// accepted tries every object that is rendered.
func (e environment) accepted() {
	var r refusals
	seen := 0
	for _, o := range e.tree.Objects {
		switch {
		case o.Group() == "constraints.gatekeeper.sh":
			continue // Gatekeeper makes these kinds
		case o.Kind() == "Application" || o.Kind() == "CustomResourceDefinition":
			continue // made above, or by the root
		}
		seen++
		err := e.try(o)
		if err != nil && !strings.Contains(err.Error(), "AlreadyExists") {
			r.add(o.ID()+", declared at "+o.Origin.String(), err)
		}
	}
	for _, a := range e.tree.Applications {
		seen++
		a.Object.Namespace = "argocd"
		if err := e.try(a.Object); err != nil {
			r.add(a.Object.ID(), err)
		}
	}
	r.record(e.checks, promise("objects-accepted", "The API server takes every object that is rendered", "gitops", "CC8.1"), seen, "objects")
}

// try asks again only when the server gave no answer.
func (e environment) try(o gitops.Object) (err error) {
	_ = controllers.Until(e.t.Context(), established, "", func(ctx context.Context) (bool, string) {
		err = e.objects.Try(ctx, o)
		var answered *cluster.StatusError
		return err == nil || errors.As(err, &answered), ""
	})
	return err
}

// pod is what a workload of the namespace makes, as an object.
func pod(t *testing.T, w gitops.Workload) gitops.Object {
	t.Helper()
	b, err := json.Marshal(w.Template)
	require.NoError(t, err)
	fields := map[string]any{}
	require.NoError(t, json.Unmarshal(b, &fields))
	fields["apiVersion"], fields["kind"] = "v1", "Pod"
	metadata, _ := fields["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		fields["metadata"] = metadata
	}
	metadata["name"] = w.Object.Name() + "-try"
	return gitops.Object{Fields: fields, Namespace: w.Object.Namespace}
}

// podSecurity tries the pods of every workload in its namespace, as its ReplicaSet
// would make them, and pods that the level must refuse.
func (e environment) podSecurity() {
	workloads, err := e.tree.Workloads()
	require.NoError(e.t, err)
	e.quotasCounted()
	var admitted, refused refusals
	tried, broken := 0, 0
	for _, w := range workloads {
		p := pod(e.t, w)
		tried++
		if err := e.try(p); err != nil {
			admitted.add(w.Object.ID(), err)
		}
		if w.Object.Namespace != "fintrack" {
			continue
		}
		for name, change := range breakages {
			broken++
			x := pod(e.t, w)
			change(x.Fields["spec"].(map[string]any))
			if err := e.try(x); err == nil || !strings.Contains(err.Error(), `violates PodSecurity "restricted:latest"`) {
				refused.add(w.Object.ID()+" with "+name, fmt.Errorf("want a refusal by the level restricted, got %v", err))
			}
		}
	}
	admitted.record(e.checks, promise("pods-admitted", "Every workload's pods are admitted: pod security, limits, quota", "gitops", "CC6.8", "A1.1"), tried, "pods")
	refused.record(e.checks, promise("pod-security", "Pods that the level restricted forbids are refused in fintrack", "gitops/addons/namespaces", "CC6.8"), broken, "pods")
}

// breakages are changes of a good pod that the level restricted forbids.
var breakages = map[string]func(spec map[string]any){
	"the node's network": func(s map[string]any) { s["hostNetwork"] = true },
	"a folder of the node": func(s map[string]any) {
		s["volumes"] = []any{map[string]any{"name": "tmp", "hostPath": map[string]any{"path": "/"}}}
	},
	"root":                 func(s map[string]any) { container(s)["runAsNonRoot"] = false },
	"privilege escalation": func(s map[string]any) { container(s)["allowPrivilegeEscalation"] = true },
	"an added capability": func(s map[string]any) {
		container(s)["capabilities"] = map[string]any{"add": []any{"NET_RAW"}, "drop": []any{"ALL"}}
	},
	"no seccomp profile": func(s map[string]any) { delete(s["securityContext"].(map[string]any), "seccompProfile") },
}

func container(spec map[string]any) map[string]any {
	return spec["containers"].([]any)[0].(map[string]any)["securityContext"].(map[string]any)
}

// quotasCounted waits until the controller has counted the quotas: pods are refused
// before.
func (e environment) quotasCounted() {
	for _, q := range of(e.tree.Objects, "/ResourceQuota") {
		require.NoError(e.t, controllers.Until(e.t.Context(), established, q.ID()+" is counted", func(ctx context.Context) (bool, string) {
			now, err := e.objects.Get(ctx, q)
			if err != nil {
				return false, err.Error()
			}
			return now.At("status", "hard") != nil, "the status has no hard"
		}))
	}
}
