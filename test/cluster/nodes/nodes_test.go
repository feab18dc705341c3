// Package nodes_test lets Karpenter make nodes for the services, by the NodePools of
// the platform: real controllers and a real scheduler; only the machines and the
// containers are simulated.
package nodes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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
	"github.com/fintrack/platform/test/kit/gitops/modules"
	"github.com/fintrack/platform/test/kit/gitops/platform"
	"github.com/fintrack/platform/test/kit/gitops/prices"
	"github.com/fintrack/platform/test/kit/sandbox/cluster"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/stretchr/testify/require"
)

const root = "../../.."

// within is how long one step may take, on a loaded machine.
const within = 240 * time.Second

// spot is a price of spot machines that makes Karpenter prefer them, as a part of the
// price on demand.
const spot = 0.4

func TestMain(m *testing.M) { os.Exit(suite.Main(m, "nodes", "emulated")) }

type proof struct {
	t       *testing.T
	cluster *cluster.Cluster
	objects *controllers.Objects
	tree    gitops.Tree
	checks  *check.Set
}

func TestKarpenterMakesNodes(t *testing.T) {
	run := suite.Current().Run
	programs := map[string]string{}
	for _, name := range []string{"kwok", "karpenter"} {
		var err error
		programs[name], err = controllers.Program(t.Context(), run, name)
		require.NoError(t, err)
	}
	m, err := platform.FindModules(t.Context(), root)
	require.NoError(t, err)
	rendered, err := platform.Render(root, "prod", m.Charts)
	require.NoError(t, err)
	c := cluster.New(t.Context(), t, run)
	p := proof{t: t, cluster: c, objects: controllers.In(c), tree: rendered.Tree, checks: suite.Checks(t, "nodes")}

	p.kinds(m)
	p.start(programs, m)
	p.pools()
	p.services()
	if !p.ready() {
		return // nothing stands that the others could look at
	}
	p.placed()
	p.interrupted()
	p.full()
	p.consolidated()
}

// kinds makes the kinds of Karpenter and of its simulated node class.
func (p proof) kinds(m platform.Modules) {
	pins, err := modules.Read("modules.yaml")
	require.NoError(p.t, err)
	dirs, err := modules.Find(p.t.Context(), pins)
	require.NoError(p.t, err)
	simulated, err := modules.CRDs(pins, dirs)
	require.NoError(p.t, err)
	for _, o := range slices.Concat(m.CRDs, simulated) {
		if group := o.Text("spec", "group"); group == "karpenter.sh" || group == "karpenter.kwok.sh" {
			p.make(o)
		}
	}
	// Karpenter looks once, when it starts, for the kinds that it indexes.
	for _, path := range []string{claimsPath, "/apis/karpenter.sh/v1/nodepools", "/apis/karpenter.kwok.sh/v1alpha1/kwoknodeclasses"} {
		require.NoError(p.t, controllers.Until(p.t.Context(), within, path+" is served", func(ctx context.Context) (bool, string) {
			err := p.cluster.Do(ctx, http.MethodGet, path, nil, nil)
			return err == nil, fmt.Sprint(err)
		}))
	}
}

func (p proof) make(objects ...gitops.Object) {
	p.t.Helper()
	require.NoError(p.t, p.objects.Make(p.t.Context(), within, objects...))
}

// start runs Karpenter with the machines and prices of its own table, and what makes
// its nodes and the pods on them say that they are ready.
func (p proof) start(programs map[string]string, m platform.Modules) {
	source, err := os.ReadFile(filepath.Join(m.Dirs[prices.Module], prices.File))
	require.NoError(p.t, err)
	onDemand, err := prices.Read(source, "us-east-1")
	require.NoError(p.t, err)
	offers, err := p.tree.Offers(onDemand, spot)
	require.NoError(p.t, err)
	machines, err := controllers.Machines(offers)
	require.NoError(p.t, err)
	file := filepath.Join(p.t.TempDir(), "machines.json")
	require.NoError(p.t, os.WriteFile(file, machines, 0o644))
	ports, err := controllers.Ports(2)
	require.NoError(p.t, err)
	p.run("kwok", programs["kwok"], nil, "--kubeconfig="+p.cluster.Kubeconfig, "--manage-all-nodes=true", "--node-lease-duration-seconds=40")
	p.run("karpenter", programs["karpenter"], []string{
		"KUBECONFIG=" + p.cluster.Kubeconfig, "DISABLE_LEADER_ELECTION=true", "SYSTEM_NAMESPACE=karpenter", "INSTANCE_TYPES_FILE_PATH=" + file,
		fmt.Sprintf("METRICS_PORT=%d", ports[0]), fmt.Sprintf("HEALTH_PROBE_PORT=%d", ports[1]),
	})
}

func (p proof) run(name, program string, environment []string, args ...string) {
	controllers.Beside(p.t, suite.Current().Run, name, program, environment, args...)
}

// pools makes the platform's NodePools, over the class of simulated nodes. What takes
// minutes there before a node goes takes seconds here.
func (p proof) pools() {
	class, err := gitops.Parse("class", []byte("apiVersion: karpenter.kwok.sh/v1alpha1\nkind: KWOKNodeClass\nmetadata: {name: simulated}\nspec: {}\n"))
	require.NoError(p.t, err)
	p.make(class...)
	for _, o := range p.tree.Of("karpenter.sh", "NodePool") {
		o.Fields["spec"].(map[string]any)["disruption"].(map[string]any)["consolidateAfter"] = "5s"
		spec := o.Fields["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
		spec["nodeClassRef"] = map[string]any{"group": "karpenter.kwok.sh", "kind": "KWOKNodeClass", "name": "simulated"}
		p.make(o)
	}
}

// services makes what the namespace fintrack needs and its workloads.
func (p proof) services() {
	p.make(p.tree.Of("", "Namespace")...)
	for _, kind := range [][2]string{{"", "ServiceAccount"}, {"", "LimitRange"}, {"", "ResourceQuota"}, {"policy", "PodDisruptionBudget"}, {"apps", "Deployment"}, {"autoscaling", "HorizontalPodAutoscaler"}} {
		for _, o := range p.tree.Of(kind[0], kind[1]) {
			if o.Namespace == "fintrack" {
				p.make(o)
			}
		}
	}
}

// list asks for all objects of a kind.
func list[T any](p proof, path string) []T {
	p.t.Helper()
	var out struct{ Items []T }
	require.NoError(p.t, p.cluster.Do(p.t.Context(), http.MethodGet, path, nil, &out))
	return out.Items
}

type metadata struct {
	Name   string
	Labels map[string]string
}

type pod struct {
	Metadata metadata
	Spec     struct {
		NodeName   string
		Containers []struct {
			Resources struct{ Requests map[string]string }
		}
	}
	Status struct {
		Phase      string
		Conditions []struct{ Type, Status, Message string }
	}
}

type node struct {
	Metadata metadata
	Status   struct{ Allocatable map[string]string }
}

const (
	podsPath  = "/api/v1/namespaces/fintrack/pods"
	nodesPath = "/api/v1/nodes"
)

// service is the label by which a pod says which service it is of.
func (p pod) service() string { return p.Metadata.Labels["app.kubernetes.io/name"] }

func (p pod) ready() bool {
	for _, c := range p.Status.Conditions {
		if c.Type == "Ready" {
			return c.Status == "True"
		}
	}
	return false
}

// nodes are those of the cluster by name.
func (p proof) nodes() map[string]node {
	out := map[string]node{}
	for _, n := range list[node](p, nodesPath) {
		out[n.Metadata.Name] = n
	}
	return out
}

// counts are the ready pods of each service, and why another is not.
func (p proof) counts() (ready map[string]int, why string) {
	ready = map[string]int{}
	for _, x := range list[pod](p, podsPath) {
		if x.ready() {
			ready[x.service()]++
			continue
		}
		b, err := json.Marshal(x.Status)
		why = fmt.Sprintf("%s: %s %v", x.Metadata.Name, b, err)
	}
	return ready, why
}

// least is what the autoscalers keep at the least.
func (p proof) least() map[string]int {
	out := map[string]int{}
	for _, o := range p.tree.Of("autoscaling", "HorizontalPodAutoscaler") {
		if o.Namespace == "fintrack" {
			out[o.Text("spec", "scaleTargetRef", "name")] = number(o.At("spec", "minReplicas"))
		}
	}
	return out
}

func number(v any) int {
	switch n := v.(type) {
	case int64:
		return int(n)
	case float64:
		return int(n)
	case int:
		return n
	}
	return 0
}

func (p proof) check(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "nodes." + id, Title: title, Subject: subject, Controls: controls, Next: "the run's folder has the logs of karpenter and kwok"}
}

// reach waits until the services have these numbers of ready pods, and says why not.
func (p proof) reach(what string, want map[string]int) error {
	return controllers.Until(p.t.Context(), within, what, func(context.Context) (bool, string) {
		have, why := p.counts()
		return maps.Equal(have, want), fmt.Sprintf("ready are %v, want %v; %s", have, want, why)
	})
}

func (p proof) ready() bool {
	c := p.check("ready", "Karpenter makes nodes on which every service gets its least number of ready pods", "gitops/addons/karpenter", "A1.1", "A1.2")
	want := p.least()
	started := time.Now()
	if err := p.reach("all services are ready", want); err != nil {
		p.checks.Err(c, fmt.Sprint(want), err)
		return false
	}
	p.checks.That(c, len(want) == 6, "six services ready", fmt.Sprintf("%v on %d nodes, %.0f s after they were made", want, len(p.nodes()), time.Since(started).Seconds()))
	return len(want) == 6
}

// placed holds each pod against what its Deployment and the NodePools ask for.
func (p proof) placed() {
	c := p.check("placed", "Each pod is on a node that its service asks for, of a machine and zone that the NodePool names, and no service is in one zone alone", "gitops/services", "A1.1", "A1.2")
	wrong := p.misplaced()
	observed := fmt.Sprintf("%d pods as declared", len(list[pod](p, podsPath)))
	if len(wrong) > 0 {
		observed = strings.Join(wrong, "\n            ")
	}
	p.checks.That(c, len(wrong) == 0, "every pod as declared", observed)
}

func (p proof) misplaced() (wrong []string) {
	nodes := p.nodes()
	allowed := map[string]map[string][]string{}
	for _, o := range p.tree.Of("karpenter.sh", "NodePool") {
		allowed[o.Name()] = requirements(o)
	}
	zones := map[string]map[string]int{}
	for _, x := range list[pod](p, podsPath) {
		n, there := nodes[x.Spec.NodeName]
		if !there {
			wrong = append(wrong, fmt.Sprintf("%s is on no node", x.Metadata.Name))
			continue
		}
		name := x.service()
		if zones[name] == nil {
			zones[name] = map[string]int{}
		}
		zones[name][n.Metadata.Labels["topology.kubernetes.io/zone"]]++
		pool := n.Metadata.Labels["karpenter.sh/nodepool"]
		if (pool == "gpu-spot") != (name == "ml-anomaly-detector") {
			wrong = append(wrong, fmt.Sprintf("%s is on a node of %q", x.Metadata.Name, pool))
		}
		for key, values := range allowed[pool] {
			if !slices.Contains(values, n.Metadata.Labels[key]) {
				wrong = append(wrong, fmt.Sprintf("the node %s of %s has %s=%s, which the NodePool does not name", n.Metadata.Name, pool, key, n.Metadata.Labels[key]))
			}
		}
	}
	return append(wrong, p.unmet(nodes, zones)...)
}

func requirements(o gitops.Object) map[string][]string {
	out := map[string][]string{}
	all, _ := o.At("spec", "template", "spec", "requirements").([]any)
	for _, r := range all {
		r := r.(map[string]any)
		for _, v := range r["values"].([]any) {
			out[fmt.Sprint(r["key"])] = append(out[fmt.Sprint(r["key"])], fmt.Sprint(v))
		}
	}
	return out
}

// unmet are the selectors of the Deployments that are not kept, and services that must
// be in several zones and are not.
func (p proof) unmet(nodes map[string]node, zones map[string]map[string]int) (wrong []string) {
	workloads, err := p.tree.Workloads()
	require.NoError(p.t, err)
	for _, w := range workloads {
		if w.Object.Namespace != "fintrack" {
			continue
		}
		name := w.Object.Name()
		for _, x := range list[pod](p, podsPath) {
			for key, value := range w.Template.Spec.NodeSelector {
				if got := nodes[x.Spec.NodeName].Metadata.Labels[key]; x.service() == name && got != value {
					wrong = append(wrong, fmt.Sprintf("%s is on a node with %s=%s, asks for %s", x.Metadata.Name, key, got, value))
				}
			}
		}
		for _, s := range w.Template.Spec.TopologySpreadConstraints {
			if s.WhenUnsatisfiable != "DoNotSchedule" {
				continue
			}
			if in := len(zones[name]); s.MinDomains == nil || in < int(*s.MinDomains) {
				wrong = append(wrong, fmt.Sprintf("%s has pods in %d zones: %v", name, in, zones[name]))
			}
		}
	}
	return wrong
}
