// Package gitops_test lets Argo CD apply the platform from a Git repository made of this
// one's folders: its own programs, a real API server and scheduler, and Gatekeeper's
// program for the policies' kinds. Only nodes, containers and the add-ons' controllers
// are simulated.
package gitops_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/controllers"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/gitops/argocd"
	"github.com/fintrack/platform/test/kit/gitops/platform"
	"github.com/fintrack/platform/test/kit/sandbox/cluster"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/stretchr/testify/require"
)

const root = "../../.."

// within is how long one step may take, on a loaded machine.
const within = 300 * time.Second

func TestMain(m *testing.M) { os.Exit(suite.Main(m, "argocd", "emulated")) }

type proof struct {
	t          *testing.T
	cluster    *cluster.Cluster
	objects    *controllers.Objects
	tree       gitops.Tree
	checks     *check.Set
	repository *argocd.Repository
	revision   string
	server     *argocd.Server
	settings   argocd.Settings
	release    *release // what Argo CD is left to find, beside what it is told of
}

func TestArgoCDDeliversThePlatform(t *testing.T) {
	run := suite.Current().Run
	programs, err := argocd.FindPrograms(t.Context(), run)
	require.NoError(t, err)
	beside := map[string]string{}
	for _, name := range []string{"kwok", "gatekeeper"} {
		beside[name], err = controllers.Program(t.Context(), run, name)
		require.NoError(t, err)
	}
	folder := filepath.Join(t.TempDir(), "platform")
	repository, revision, err := argocd.NewRepository(t.Context(), folder, root, "gitops", "policies/gatekeeper", "policies/network")
	require.NoError(t, err)
	rendered, charts, err := platform.RenderLocal(root, "prod", repository.URL, argocd.Branch)
	require.NoError(t, err)
	m, err := platform.FindModules(t.Context(), root)
	require.NoError(t, err)
	c := cluster.New(t.Context(), t, run)
	p := &proof{t: t, cluster: c, objects: controllers.In(c), tree: rendered.Tree, checks: suite.Checks(t, "argocd"), repository: repository, revision: revision}

	p.kinds(m)
	p.beside(beside)
	p.argocd(programs)
	p.leftOut(charts)
	if !p.synced() {
		return // nothing stands that the others could look at
	}
	p.healed()
	p.merged()
	p.pruned()
	p.unrendered()
	p.refused()
	p.released()
	p.deployments()
}

// kinds makes the kinds that there are objects of, and Gatekeeper's own: in the place of
// the charts that bring them.
func (p *proof) kinds(m platform.Modules) {
	crds := controllers.Used(m.CRDs, p.tree.Objects, "argoproj.io/AppProject")
	for _, o := range m.CRDs {
		if strings.HasSuffix(o.Name(), "gatekeeper.sh") && !slices.ContainsFunc(crds, func(x gitops.Object) bool { return x.Name() == o.Name() }) {
			crds = append(crds, o)
		}
	}
	require.NoError(p.t, p.objects.Serve(p.t.Context(), within, crds...))
	for _, o := range p.tree.Of("", "Namespace") {
		if o.Name() == argocd.Namespace || o.Name() == "gatekeeper-system" {
			p.make(o) // theirs are made before they run
		}
	}
}

func (p *proof) make(objects ...gitops.Object) {
	p.t.Helper()
	require.NoError(p.t, p.objects.Make(p.t.Context(), within, objects...))
}

// beside makes the nodes, and starts what says that they, the pods on them and the
// add-ons' objects are ready; and Gatekeeper, which makes kinds of the templates.
func (p *proof) beside(programs map[string]string) {
	stages := filepath.Join(p.t.TempDir(), "stages.yaml")
	require.NoError(p.t, controllers.Stages(stages,
		controllers.WithCondition("external-secrets.io/v1", "ClusterSecretStore"),
		controllers.WithCondition("external-secrets.io/v1", "ExternalSecret"),
		controllers.WithCondition("cert-manager.io/v1", "ClusterIssuer"),
		controllers.WithCondition("karpenter.sh/v1", "NodePool"),
		controllers.WithCondition("karpenter.k8s.aws/v1", "EC2NodeClass"),
		controllers.Ready{APIVersion: "networking.k8s.io/v1", Kind: "Ingress", Unless: ".status.loadBalancer.ingress", Status: "loadBalancer: {ingress: [{hostname: simulated.example.invalid}]}\n"},
	))
	run := suite.Current().Run
	controllers.Beside(p.t, run, "kwok", programs["kwok"], nil, "--kubeconfig="+p.cluster.Kubeconfig, "--config="+stages, "--manage-all-nodes=true", "--node-lease-duration-seconds=40")
	ports, err := controllers.Ports(1)
	require.NoError(p.t, err)
	certificates := filepath.Join(p.t.TempDir(), "certificates")
	_, err = controllers.Certificate(certificates) // it wants one, though it serves no webhook here
	require.NoError(p.t, err)
	controllers.Beside(p.t, run, "gatekeeper", programs["gatekeeper"], []string{"POD_NAMESPACE=gatekeeper-system"},
		"--kubeconfig="+p.cluster.Kubeconfig, "--debug-use-fake-pod", "--disable-cert-rotation", "--cert-dir="+certificates, fmt.Sprintf("--health-addr=127.0.0.1:%d", ports[0]), "--prometheus-port=0",
		"--operation=status", "--operation=audit", "--operation=generate", "--audit-interval=600", "--api-cache-dir="+p.t.TempDir())
	p.make(controllers.Nodes(p.tree)...)
}

// argocd starts Argo CD and gives it what gitops/bootstrap makes.
func (p *proof) argocd(programs argocd.Programs) {
	values, err := platform.Values(root, "gitops/bootstrap/argocd.yaml")
	require.NoError(p.t, err)
	p.settings, err = argocd.ReadSettings(values)
	require.NoError(p.t, err)
	p.server, err = argocd.Start(p.t.Context(), suite.Current().Run, p.cluster, programs, p.settings)
	require.NoError(p.t, err)
	p.t.Cleanup(func() {
		if why := p.server.Ended(); why != "" {
			p.t.Error(why)
		}
		require.NoError(p.t, p.server.Stop())
	})
	p.make(p.tree.Projects...)
	p.make(p.tree.Applications[0].Object)
}

func (p *proof) check(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "argocd." + id, Title: title, Subject: subject, Controls: controls, Next: "the run's folder has the logs of Argo CD"}
}

// leftOut says what is not applied here.
func (p *proof) leftOut(charts []gitops.Source) {
	names := make([]string, 0, len(charts))
	for _, s := range charts {
		names = append(names, s.Chart+" "+s.TargetRevision)
	}
	p.checks.NotProven(p.check("charts", "The charts of third parties are synced and become healthy", "gitops/apps/templates/addons", "CC8.1"),
		"the chart registry", fmt.Sprintf("their kinds and our own objects stand for %d charts: %s", len(names), strings.Join(names, ", ")))
	p.checks.NotProven(p.check("started", "Containers start, answer their probes and end in time at a release", "gitops/charts/fintrack-service-chart", "CC8.1", "A1.2"),
		"nodes that run containers, and the image registry", "nodes are simulated: a pod says that it is ready at once")
}

// statuses are what Argo CD says of every Application, by name.
func (p *proof) statuses(ctx context.Context) (map[string]argocd.Status, error) {
	var list struct{ Items []argocd.Application }
	err := p.cluster.Do(ctx, http.MethodGet, "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications", nil, &list)
	out := map[string]argocd.Status{}
	for _, a := range list.Items {
		out[a.Metadata.Name] = a.Read()
	}
	return out, err
}

// until asks until ok finds nothing more to wait for.
func (p *proof) until(what string, ok func(map[string]argocd.Status) (waitsFor []string)) error {
	return controllers.Until(p.t.Context(), within, what, func(ctx context.Context) (bool, string) {
		if why := p.server.Ended(); why != "" {
			p.t.Fatal(why)
		}
		all, err := p.statuses(ctx)
		if err != nil {
			return false, err.Error()
		}
		p.release.look(p, all)
		why := ok(all)
		return len(why) == 0, strings.Join(why, "\n            ")
	})
}

// bad says which Applications are not good, or not at a revision when one is given, but
// for some and the one whose release Argo CD is left to find.
func (p *proof) bad(all map[string]argocd.Status, revision string, but ...string) []string {
	if p.release != nil {
		but = append(but, p.release.service)
	}
	return argocd.Bad(all, revision, but...)
}

// refresh asks Argo CD to look at every Application now, as GitHub's webhook does, but for
// the one whose release it is left to find.
func (p *proof) refresh() {
	p.t.Helper()
	for _, a := range p.tree.Applications {
		o := a.Object
		if p.release != nil && o.Name() == p.release.service {
			continue
		}
		o.Namespace = argocd.Namespace
		require.NoError(p.t, p.objects.Change(p.t.Context(), within, o, func(fields map[string]any) {
			metadata := fields["metadata"].(map[string]any)
			annotations, _ := metadata["annotations"].(map[string]any)
			if annotations == nil {
				annotations = map[string]any{}
				metadata["annotations"] = annotations
			}
			annotations["argocd.argoproj.io/refresh"] = "normal"
		}))
	}
}

// commit commits what was changed and asks Argo CD to look.
func (p *proof) commit(author, message string) string {
	p.t.Helper()
	revision, err := p.repository.Commit(p.t.Context(), author, message)
	require.NoError(p.t, err)
	p.refresh()
	return revision
}

// synced waits from the root Application on until everything is there and works.
func (p *proof) synced() bool {
	c := p.check("synced", "From the root Application on, every Application of a service and an add-on is Synced and Healthy", "gitops/bootstrap", "CC8.1")
	started := time.Now()
	err := p.until("everything is Synced and Healthy", func(all map[string]argocd.Status) []string {
		var missing []string
		for _, a := range p.tree.Applications {
			if _, there := all[a.Object.Name()]; !there {
				missing = append(missing, a.Object.Name()+" is not there")
			}
		}
		return append(missing, p.bad(all, p.revision)...)
	})
	if err != nil {
		p.checks.Err(c, "all Synced and Healthy", err)
		return false
	}
	ready, want := p.pods(""), p.least()
	good := len(want) == 6
	for name, n := range want {
		good = good && ready[name] == n
	}
	p.checks.That(c, good, fmt.Sprintf("ready pods: %v", want), fmt.Sprintf("%d Applications, ready pods: %v, %.0f s after the root was made", len(p.tree.Applications), ready, time.Since(started).Seconds()))
	return good
}

// least is what the autoscalers keep at the least.
func (p *proof) least() map[string]int {
	out := map[string]int{}
	for _, o := range p.tree.Of("autoscaling", "HorizontalPodAutoscaler") {
		var n int
		fmt.Sscan(fmt.Sprint(o.At("spec", "minReplicas")), &n)
		out[o.Text("spec", "scaleTargetRef", "name")] = n
	}
	return out
}

// pods are the ready pods of each service, all or those of an image.
func (p *proof) pods(image string) map[string]int {
	p.t.Helper()
	var pods struct {
		Items []struct {
			Metadata struct {
				Labels            map[string]string
				DeletionTimestamp *string
			}
			Spec   struct{ Containers []struct{ Image string } }
			Status struct {
				Conditions []struct{ Type, Status string }
			}
		}
	}
	require.NoError(p.t, p.cluster.Do(p.t.Context(), http.MethodGet, "/api/v1/namespaces/fintrack/pods", nil, &pods))
	out := map[string]int{}
	for _, x := range pods.Items {
		if x.Metadata.DeletionTimestamp != nil || image != "" && x.Spec.Containers[0].Image != image {
			continue
		}
		for _, s := range x.Status.Conditions {
			if s.Type == "Ready" && s.Status == "True" {
				out[x.Metadata.Labels["app.kubernetes.io/name"]]++
			}
		}
	}
	return out
}
