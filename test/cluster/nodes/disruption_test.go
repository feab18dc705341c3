package nodes_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fintrack/platform/test/kit/controllers"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/resource"
)

// budgets are how many ready pods of a service a drain must leave.
func (p proof) budgets() map[string]int {
	out := map[string]int{}
	for _, o := range p.tree.Of("policy", "PodDisruptionBudget") {
		if o.Namespace == "fintrack" {
			out[o.Name()] = number(o.At("spec", "minAvailable"))
		}
	}
	return out
}

// fewest looks at the ready pods until stop is called, which returns the smallest
// number that each service had and how often it looked.
func (p proof) fewest() (stop func() (map[string]int, int)) {
	ctx, cancel := context.WithCancel(p.t.Context())
	var wg sync.WaitGroup
	var seen map[string]int
	looks := 0
	wg.Go(func() {
		for ctx.Err() == nil {
			var pods struct{ Items []pod }
			if p.cluster.Do(ctx, http.MethodGet, podsPath, nil, &pods) == nil {
				now := map[string]int{}
				for name := range p.budgets() {
					now[name] = 0
				}
				for _, x := range pods.Items {
					if x.ready() {
						now[x.service()]++
					}
				}
				if looks++; looks == 1 {
					seen = now
				}
				for name, n := range now {
					seen[name] = min(seen[name], n)
				}
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	return func() (map[string]int, int) {
		cancel()
		wg.Wait()
		return seen, looks
	}
}

// below are the services that had fewer ready pods than their budget leaves.
func (p proof) below(fewest map[string]int) (wrong []string) {
	budgets := p.budgets()
	for _, name := range slices.Sorted(maps.Keys(budgets)) {
		if fewest[name] < budgets[name] {
			wrong = append(wrong, fmt.Sprintf("%s had %d ready pods, its budget leaves %d", name, fewest[name], budgets[name]))
		}
	}
	return wrong
}

type claim struct {
	Metadata metadata
	Status   struct {
		NodeName string
		Capacity map[string]string
	}
}

const claimsPath = "/apis/karpenter.sh/v1/nodeclaims"

// interrupted takes the spot node with the most workers away, as Karpenter does when
// AWS says that it will be taken back: it deletes the node's claim.
func (p proof) interrupted() {
	c := p.check("interrupted", "A spot node that is taken back is replaced, and its pods move within their budgets", "gitops/services/transaction-worker", "A1.1", "A1.2")
	workers := map[string]int{}
	for _, x := range list[pod](p, podsPath) {
		if x.service() == "transaction-worker" {
			workers[x.Spec.NodeName]++
		}
	}
	victim := ""
	for _, name := range slices.Sorted(maps.Keys(workers)) {
		if victim == "" || workers[name] > workers[victim] {
			victim = name
		}
	}
	stop := p.fewest()
	for _, x := range list[claim](p, claimsPath) {
		if x.Status.NodeName == victim {
			require.NoError(p.t, p.cluster.Do(p.t.Context(), http.MethodDelete, claimsPath+"/"+x.Metadata.Name, nil, nil))
		}
	}
	err := controllers.Until(p.t.Context(), within, "the node "+victim+" is gone", func(context.Context) (bool, string) {
		_, there := p.nodes()[victim]
		return !there, "it is there"
	})
	if err == nil {
		err = p.reach("all services are ready again", p.least())
	}
	fewest, looks := stop()
	if err != nil {
		p.checks.Err(c, "a replacement", err)
		return
	}
	wrong := p.below(fewest)
	observed := fmt.Sprintf("%d workers moved; the fewest ready pods in %d looks: %v", workers[victim], looks, fewest)
	if len(wrong) > 0 {
		observed = strings.Join(wrong, "; ")
	}
	p.checks.That(c, len(wrong) == 0 && workers[victim] > 0, "never fewer ready pods than the budgets leave", observed)
}

// scale makes the autoscalers keep these numbers of pods.
func (p proof) scale(to map[string]int) {
	for _, o := range p.tree.Of("autoscaling", "HorizontalPodAutoscaler") {
		if n, ok := to[o.Name()]; ok && o.Namespace == "fintrack" {
			spec := maps.Clone(o.Fields["spec"].(map[string]any))
			spec["minReplicas"] = n
			fields := maps.Clone(o.Fields)
			fields["spec"] = spec
			p.make(gitops.Object{Fields: fields, Namespace: o.Namespace, Origin: o.Origin})
		}
	}
}

// limit changes the limit of cores of the pool general.
func (p proof) limit(cpu string) {
	for _, o := range p.tree.Of("karpenter.sh", "NodePool") {
		if o.Name() == "general" {
			o.Fields["spec"].(map[string]any)["limits"].(map[string]any)["cpu"] = cpu
			p.make(o)
		}
	}
}

// cores are those of all machines of a pool that were asked for, in thousandths, as the
// pool's limit counts them; settled is false while one of them has no node yet.
func (p proof) cores(pool string) (sum int64, settled bool) {
	settled = true
	for _, x := range list[claim](p, claimsPath) {
		if x.Metadata.Labels["karpenter.sh/nodepool"] != pool {
			continue
		}
		if x.Status.NodeName == "" || x.Status.Capacity["cpu"] == "" {
			settled = false
			continue
		}
		q, err := resource.ParseQuantity(x.Status.Capacity["cpu"])
		require.NoError(p.t, err)
		sum += q.MilliValue()
	}
	return sum, settled
}

// quiet waits until no machine of a pool came or went for as long as Karpenter takes to
// decide, and returns their cores.
func (p proof) quiet(pool string) (sum int64) {
	since := time.Now()
	require.NoError(p.t, controllers.Until(p.t.Context(), within, "the nodes of "+pool+" stay as they are", func(context.Context) (bool, string) {
		now, settled := p.cores(pool)
		if !settled || now != sum {
			sum, since = now, time.Now()
		}
		return time.Since(since) > settles, fmt.Sprintf("%dm cores, settled: %t", now, settled)
	}))
	return sum
}

// settles is how long Karpenter is watched while it must not make a node: its batches
// end after ten seconds at the most.
const settles = 15 * time.Second

// full asks for every service at its largest, first under a limit that is reached, and
// then under the platform's own.
func (p proof) full() {
	largest := map[string]int{}
	for _, o := range p.tree.Of("autoscaling", "HorizontalPodAutoscaler") {
		if o.Namespace == "fintrack" {
			largest[o.Name()] = number(o.At("spec", "maxReplicas"))
		}
	}
	own := p.tree.Of("karpenter.sh", "NodePool")[0].Text("spec", "limits", "cpu")
	before := p.quiet("general")
	p.limit(fmt.Sprintf("%dm", before))
	p.scale(largest)
	most := before
	for until := time.Now().Add(settles); time.Now().Before(until); time.Sleep(time.Second) {
		now, _ := p.cores("general")
		most = max(most, now)
	}
	pending := 0
	for _, x := range list[pod](p, podsPath) {
		if x.Spec.NodeName == "" {
			pending++
		}
	}
	c := p.check("limits", "A NodePool grows to its limit and no further: pods wait instead", "gitops/addons/karpenter", "A1.1")
	p.checks.That(c, most <= before && pending > 0, "no node above the limit, and pods that wait", fmt.Sprintf("%dm cores under a limit of %dm, %d pods wait", most, before, pending))

	p.limit(own)
	c = p.check("largest", "Every service gets its largest number of ready pods within the platform's limits", "gitops/addons/karpenter", "A1.1", "A1.2")
	if err := p.reach("all services are at their largest", largest); err != nil {
		p.checks.Err(c, fmt.Sprint(largest), err)
		return
	}
	wrong := p.misplaced()
	p.checks.That(c, len(wrong) == 0, fmt.Sprint(largest), fmt.Sprintf("%v on %d nodes, misplaced: %v", largest, len(p.nodes()), wrong))
}

// thousandths are quantities by the name of the resource.
func (p proof) thousandths(of map[string]string) map[string]int64 {
	out := map[string]int64{}
	for name, text := range of {
		q, err := resource.ParseQuantity(text)
		require.NoError(p.t, err)
		out[name] = q.MilliValue()
	}
	return out
}

// held are the nodes with the pods on them.
func (p proof) held() (out []gitops.Held) {
	workloads, err := p.tree.Workloads()
	require.NoError(p.t, err)
	skew := map[string]int{}
	for _, w := range workloads {
		for _, s := range w.Template.Spec.TopologySpreadConstraints {
			if w.Object.Namespace == "fintrack" && s.WhenUnsatisfiable == "DoNotSchedule" {
				skew[w.Object.Name()] = int(s.MaxSkew)
			}
		}
	}
	pods := list[pod](p, podsPath)
	for name, n := range p.nodes() {
		h := gitops.Held{Name: name, Pool: n.Metadata.Labels["karpenter.sh/nodepool"], Zone: n.Metadata.Labels["topology.kubernetes.io/zone"], Room: p.thousandths(n.Status.Allocatable)}
		for _, x := range pods {
			if x.Spec.NodeName != name {
				continue
			}
			held := gitops.HeldPod{Service: x.service(), MaxSkew: skew[x.service()], Asked: map[string]int64{}}
			for _, c := range x.Spec.Containers {
				for name, asked := range p.thousandths(c.Resources.Requests) {
					held.Asked[name] += asked
				}
			}
			h.Pods = append(h.Pods, held)
		}
		out = append(out, h)
	}
	return out
}

// consolidated takes the load away and waits until no node is left that could go.
func (p proof) consolidated() {
	c := p.check("consolidated", "When the load falls, every node goes that is not needed, and pods move within their budgets", "gitops/addons/karpenter", "A1.1", "A1.2")
	before, want := len(p.nodes()), p.least()
	stop := p.fewest()
	for name, n := range want {
		// Without metrics an autoscaler takes nothing away.
		require.NoError(p.t, p.cluster.Do(p.t.Context(), http.MethodDelete, "/apis/autoscaling/v2/namespaces/fintrack/horizontalpodautoscalers/"+name, nil, nil))
		path := "/apis/apps/v1/namespaces/fintrack/deployments/" + name + "/scale"
		var scale map[string]any
		require.NoError(p.t, p.cluster.Do(p.t.Context(), http.MethodGet, path, nil, &scale))
		scale["spec"] = map[string]any{"replicas": n}
		require.NoError(p.t, p.cluster.Do(p.t.Context(), http.MethodPut, path, scale, nil))
	}
	zones := map[string][]string{}
	for _, o := range p.tree.Of("karpenter.sh", "NodePool") {
		zones[o.Name()] = requirements(o)["topology.kubernetes.io/zone"]
	}
	after := before
	err := controllers.Until(p.t.Context(), within, "no node is left that could go", func(context.Context) (bool, string) {
		held := p.held()
		spare := gitops.Spare(held, zones)
		ready, why := p.counts()
		after = len(held)
		return spare == nil && after < before && maps.Equal(ready, want), fmt.Sprintf("%d of %d nodes are there: %v; ready are %v, want %v; %s", after, before, spare, ready, want, why)
	})
	fewest, looks := stop()
	expected := "no node without pods, none whose pods have room on others, and the budgets kept"
	if err != nil {
		p.checks.Err(c, expected, err)
		return
	}
	wrong := p.below(fewest)
	observed := fmt.Sprintf("%d of %d nodes are left; the fewest ready pods in %d looks: %v", after, before, looks, fewest)
	if len(wrong) > 0 {
		observed = strings.Join(wrong, "; ")
	}
	p.checks.That(c, len(wrong) == 0 && after < before, expected, observed)
}
