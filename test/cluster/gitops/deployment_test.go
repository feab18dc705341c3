package gitops_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/gitops/argocd"
	"github.com/fintrack/platform/test/kit/pipelines"
	"github.com/stretchr/testify/require"
)

// pipeline is the user that the pipeline's role is at the API server.
const pipeline = "github-actions-ci"

// Patience of the step here: at what has ended, and at what still goes on.
var (
	briefly = pipelines.Patience{Tries: 3, Pause: time.Second}
	atLast  = pipelines.Patience{Tries: int(within / (2 * time.Second)), Pause: 2 * time.Second}
)

// waiter runs the step of the backend's pipeline that waits for Argo CD, as the pipeline
// does: by the groups that terraform/compute gives to its role.
type waiter struct {
	*proof
	workflows []pipelines.Workflow
	access    pipelines.ClusterAccess
	api       pipelines.Cluster
}

// deployments lets the step wait for what Argo CD makes of commits: bad ones first, and
// one that mends them.
func (p *proof) deployments() {
	p.t.Helper()
	w := &waiter{proof: p}
	var err error
	w.workflows, err = pipelines.Read(os.DirFS(root))
	require.NoError(p.t, err)
	w.access, err = pipelines.AccessOf(os.DirFS(root), "ci")
	require.NoError(p.t, err)
	w.view()
	w.rights()
	w.withoutRights()
	w.api = w.as(w.access.Groups...)
	w.absent()
	w.unrenderable()
	w.degraded()
	w.mended()
}

// as is the API for the pipeline in some groups.
func (w *waiter) as(groups ...string) pipelines.Cluster {
	w.t.Helper()
	person, err := w.cluster.Person(pipeline, groups...)
	require.NoError(w.t, err)
	authority := filepath.Join(w.t.TempDir(), "ca.crt")
	require.NoError(w.t, os.WriteFile(authority, w.cluster.CA, 0o600))
	return pipelines.Cluster{Server: w.cluster.Endpoint, CA: authority, Certificate: person.Certificate, Key: person.Key}
}

// view gives the pipeline what its access policies of EKS do. Kubernetes' own role view
// stands for AmazonEKSViewPolicy ("Review access policy permissions", EKS user guide):
// neither knows kinds that are not Kubernetes' own.
func (w *waiter) view() {
	for policy, namespaces := range w.access.Policies {
		require.Equal(w.t, "AmazonEKSViewPolicy", policy, "what stands for it here?")
		require.NotEmpty(w.t, namespaces, "it would hold in all of them")
		for _, namespace := range namespaces {
			w.make(gitops.Object{Namespace: namespace, Fields: map[string]any{
				"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": map[string]any{"name": "eks-view", "namespace": namespace},
				"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
				"subjects": []any{map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": pipeline}},
			}})
		}
	}
}

func (w *waiter) promise(id, title string, controls ...string) check.Check {
	return w.check("deployment-"+id, title, pipelines.Dir+"/"+pipelines.WaitStep, controls...)
}

// wait runs the step for a tag of the service.
func (w *waiter) wait(tag string, patience pipelines.Patience) pipelines.Outcome {
	w.t.Helper()
	o, err := pipelines.WaitForArgoCD(w.t.Context(), w.workflows, w.api, service, tag, patience)
	require.NoError(w.t, err)
	return o
}

// shown is the end of what the step did, for the record of a check.
func shown(o pipelines.Outcome) string {
	lines := strings.Split(strings.TrimSpace(o.Shown()), "\n")
	return fmt.Sprintf("exit code %d: %s", o.Exit, strings.Join(lines[max(0, len(lines)-6):], "\n            "))
}

// says reports that the step failed and printed all of the words.
func says(o pipelines.Outcome, words ...string) bool {
	return o.Exit != 0 && !slices.ContainsFunc(words, func(x string) bool { return !strings.Contains(o.Printed, x) })
}

// rights: what the bindings that Argo CD has applied give to the pipeline's groups.
func (w *waiter) rights() {
	var granted []string
	for _, kind := range []string{"rolebindings", "clusterrolebindings"} {
		var bindings struct {
			Items []struct {
				Metadata struct{ Namespace string }
				Subjects []struct{ Kind, Name string }
				RoleRef  struct{ Kind, Name string }
			}
		}
		require.NoError(w.t, w.cluster.Do(w.t.Context(), http.MethodGet, "/apis/rbac.authorization.k8s.io/v1/"+kind, nil, &bindings))
		for _, b := range bindings.Items {
			for _, s := range b.Subjects {
				if s.Kind == "Group" && slices.Contains(w.access.Groups, s.Name) {
					granted = append(granted, w.rules(b.Metadata.Namespace, b.RoleRef.Kind, b.RoleRef.Name)...)
				}
			}
		}
	}
	w.checks.Equal(w.promise("rights", "The pipeline's group may read Applications where Argo CD is, and nothing else", "CC6.1", "CC6.3"),
		[]string{"argocd: get argoproj.io/applications"}, granted)
}

// rules are those of a role, in words.
func (w *waiter) rules(namespace, kind, name string) (out []string) {
	path := "/apis/rbac.authorization.k8s.io/v1/clusterroles/" + name
	if kind == "Role" {
		path = "/apis/rbac.authorization.k8s.io/v1/namespaces/" + namespace + "/roles/" + name
	}
	var role struct {
		Rules []struct{ Verbs, APIGroups, Resources, ResourceNames []string }
	}
	require.NoError(w.t, w.cluster.Do(w.t.Context(), http.MethodGet, path, nil, &role))
	for _, r := range role.Rules {
		text := fmt.Sprintf("%s: %s %s/%s", namespace, strings.Join(r.Verbs, ","), strings.Join(r.APIGroups, ","), strings.Join(r.Resources, ","))
		out = append(out, strings.TrimSpace(text+" "+strings.Join(r.ResourceNames, ",")))
	}
	return out
}

// withoutRights: EKS's view policy alone does not let the pipeline see Applications.
func (w *waiter) withoutRights() {
	w.api = w.as()
	o := w.wait("main-999999", briefly)
	w.checks.That(w.promise("without-rights", "A pipeline that may not read Applications fails, and is told so", "CC6.3", "CC8.1"),
		says(o, "applications.argoproj.io", "is forbidden"), "a failed step with the API server's reason", shown(o))
}

// absent: nothing of that tag was ever committed.
func (w *waiter) absent() {
	o := w.wait("main-999990", briefly)
	w.checks.That(w.promise("absent", "The wait for an image that never arrives ends, and fails however healthy the version before is", "CC8.1", "A1.2"),
		says(o, "is not healthy after 3 tries") && strings.Count(o.Printed, "Synced Healthy old") == 3,
		"a failed step after 3 looks at a healthy old version", shown(o))
}

// tag is the line of the service's tag in the values of prod.
func tag(n int) string { return fmt.Sprintf("tag: main-%d", n) }

// unrenderable commits a release whose values the chart refuses.
func (w *waiter) unrenderable() {
	c := w.promise("unrenderable", "The wait for a commit that cannot be rendered fails and says why", "CC8.1", "A1.2")
	_, now, _ := strings.Cut(fmt.Sprint(container(w.one("apps", "Deployment", service))["image"]), ":")
	require.NoError(w.t, w.repository.Replace(folder+"values-prod.yaml", "tag: "+now, tag(999991)))
	require.NoError(w.t, w.repository.Replace(folder+"values.yaml", "maxReplicas: 8", "maxReplicas: many"))
	w.commit("platform", "Release with broken values")
	err := w.until("the values are refused", func(all map[string]argocd.Status) []string {
		if s := all[service].String(); !strings.Contains(s, "ComparisonError") {
			return []string{s}
		}
		return nil
	})
	if err != nil {
		w.checks.Err(c, "an Application that cannot be compared", err)
		return
	}
	o := w.wait("main-999991", briefly)
	w.checks.That(c, says(o, "is not healthy after 3 tries", "Argo CD: ComparisonError", "maxReplicas"), "a failed step that names the value", shown(o))
}

// Where the pods of a bad release are to run, and in how many seconds Kubernetes gives
// its rollout up.
const (
	nowhere          = "scheduling: {nodeSelector: {workload-type: nowhere}}\n\n  podDisruptionBudget:"
	deployment       = "gitops/charts/fintrack-service-chart/templates/deployment.yaml"
	declaredDeadline = "progressDeadlineSeconds: 600"
	deadlineHere     = "progressDeadlineSeconds: 15"
)

// degraded commits a release whose pods no node takes: the scheduler leaves them, the
// Deployment's controller gives the rollout up, and Argo CD calls it degraded. Only the
// time after which it is given up is another.
func (w *waiter) degraded() {
	c := w.promise("degraded", "The wait for a release that is degraded fails at once and says why, and the pods of before stay", "CC8.1", "A1.2")
	require.NoError(w.t, w.repository.Replace(folder+"values.yaml", "maxReplicas: many", "maxReplicas: 8"))
	require.NoError(w.t, w.repository.Replace(folder+"values.yaml", "podDisruptionBudget:", nowhere))
	require.NoError(w.t, w.repository.Replace(folder+"values-prod.yaml", tag(999991), tag(999992)))
	require.NoError(w.t, w.repository.Replace(deployment, declaredDeadline, deadlineHere))
	w.commit("platform", "Release what runs nowhere")
	o := w.wait("main-999992", atLast)
	all, err := w.statuses(w.t.Context())
	if err != nil {
		w.checks.Err(c, "what Argo CD says", err)
		return
	}
	ready, want := w.pods("")[service], w.least()[service]
	w.checks.That(c, says(o, "Degraded current", service+" main-999992 is degraded", "nodes are available") && all[service].Health == "Degraded" && ready == want,
		fmt.Sprintf("a failed step that tells what the scheduler says; %d ready pods; %s in the place of %s", want, deadlineHere, declaredDeadline),
		fmt.Sprintf("%d ready pods; Argo CD says %s; %s", ready, all[service].Health, shown(o)))
}

// mended commits the release that mends the one before.
func (w *waiter) mended() {
	const next = 999993
	c := w.promise("seen", "The wait ends well when the release is rolled out, and neither before nor for the degraded one before it", "CC8.1", "A1.2")
	before := w.wait(fmt.Sprintf("main-%d", next), pipelines.Patience{Tries: 1})
	require.NoError(w.t, w.repository.Replace(folder+"values.yaml", nowhere, "podDisruptionBudget:"))
	require.NoError(w.t, w.repository.Replace(folder+"values-prod.yaml", tag(999992), tag(next)))
	require.NoError(w.t, w.repository.Replace(deployment, deadlineHere, declaredDeadline))
	image := strings.Split(fmt.Sprint(container(w.one("apps", "Deployment", service))["image"]), ":")[0]
	w.commit("platform", "Release what mends it")
	merged := time.Now()
	o := w.wait(fmt.Sprintf("main-%d", next), atLast)
	took := time.Since(merged).Round(100 * time.Millisecond)
	of, ready, want := w.pods(fmt.Sprintf("%s:main-%d", image, next))[service], w.pods("")[service], w.least()[service]
	w.checks.That(c, says(before, "Degraded old", "is not healthy after 1 tries") && o.Exit == 0 && of == want && ready == want,
		fmt.Sprintf("first a failed step that sees the degraded old version; after the commit a good one, and %d ready pods, all of the new image", want),
		fmt.Sprintf("%s; %s after %s, %d of %d ready pods of the new image", shown(before), shown(o), took, of, ready))
}
