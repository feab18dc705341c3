package gitops

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// machine is what an EC2 instance type has ("Amazon EC2 instance types").
type machine struct {
	cpu, gpu  int64
	memoryGiB int64
}

var machines = map[string]machine{
	"m6i.xlarge": {cpu: 4, memoryGiB: 16}, "m6i.2xlarge": {cpu: 8, memoryGiB: 32},
	"m7i.xlarge": {cpu: 4, memoryGiB: 16}, "m7i.2xlarge": {cpu: 8, memoryGiB: 32},
	"m6a.xlarge": {cpu: 4, memoryGiB: 16}, "m6a.2xlarge": {cpu: 8, memoryGiB: 32},
	"c6i.xlarge": {cpu: 4, memoryGiB: 8}, "c6i.2xlarge": {cpu: 8, memoryGiB: 16},
	"g5.xlarge": {cpu: 4, memoryGiB: 16, gpu: 1}, "g5.2xlarge": {cpu: 8, memoryGiB: 32, gpu: 1},
	"g4dn.xlarge": {cpu: 4, memoryGiB: 16, gpu: 1},
}

// reserve is left of a machine for the kubelet, the system and the DaemonSets, in
// percent: Karpenter's own estimate of memory overhead is 7.5, EKS reserves up to 6 %
// of a core and about 1 GiB at these sizes.
const reserve = 20

// pool is a NodePool of Karpenter.
type pool struct {
	object       Object
	labels       map[string][]string // what its nodes can have
	taints       []corev1.Taint
	types        []string
	cpu, memory  resource.Quantity
	zones        []string
	capacityType []string
}

func (t Tree) pools() ([]pool, error) {
	var out []pool
	for _, o := range sorted(t.Of("karpenter.sh", "NodePool")) {
		p := pool{object: o, labels: map[string][]string{"karpenter.sh/nodepool": {o.Name()}}}
		if m, ok := o.At("spec", "template", "metadata", "labels").(map[string]any); ok {
			for k, v := range m {
				p.labels[k] = []string{fmt.Sprint(v)}
			}
		}
		for _, r := range list(o.At("spec", "template", "spec", "requirements")) {
			if text(r, "operator") != "In" {
				return nil, fmt.Errorf("%s: %s: the requirement %s has the operator %s: this engine reads In alone", o.Origin, o.ID(), text(r, "key"), text(r, "operator"))
			}
			var values []string
			for _, v := range list(at(r, "values")) {
				values = append(values, fmt.Sprint(v))
			}
			p.labels[text(r, "key")] = values
		}
		for _, taint := range list(o.At("spec", "template", "spec", "taints")) {
			p.taints = append(p.taints, corev1.Taint{Key: text(taint, "key"), Value: text(taint, "value"), Effect: corev1.TaintEffect(text(taint, "effect"))})
		}
		p.types = p.labels["node.kubernetes.io/instance-type"]
		p.zones = p.labels["topology.kubernetes.io/zone"]
		p.capacityType = p.labels["karpenter.sh/capacity-type"]
		for field, into := range map[string]*resource.Quantity{"cpu": &p.cpu, "memory": &p.memory} {
			s := fmt.Sprint(o.At("spec", "limits", field))
			q, err := resource.ParseQuantity(s)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: limits.%s: %q is no quantity", o.Origin, o.ID(), field, s)
			}
			*into = q
		}
		out = append(out, p)
	}
	return out, nil
}

// accepts reports why a pod cannot run on the nodes of a pool, "" when it can.
func (p pool) accepts(pod corev1.PodSpec) string {
	for k, v := range pod.NodeSelector {
		if !slices.Contains(p.labels[k], v) {
			return fmt.Sprintf("its nodes have no label %s=%s", k, v)
		}
	}
	for i := range p.taints {
		tolerated := false
		for _, tol := range pod.Tolerations {
			tolerated = tolerated || tolerates(tol, p.taints[i])
		}
		if !tolerated {
			return fmt.Sprintf("its taint %s is not tolerated", p.taints[i].Key)
		}
	}
	if len(p.fitting(pod)) == 0 {
		return "the pod fits on none of its machines"
	}
	return ""
}

func tolerates(tol corev1.Toleration, taint corev1.Taint) bool {
	if tol.Effect != "" && tol.Effect != taint.Effect || tol.Key != "" && tol.Key != taint.Key {
		return false
	}
	return tol.Operator == corev1.TolerationOpExists || tol.Value == taint.Value
}

// fitting are the machines of a pool that a pod fits on.
func (p pool) fitting(pod corev1.PodSpec) []string {
	need := requests(pod)
	var out []string
	for _, name := range p.types {
		m, known := machines[name]
		if !known {
			continue
		}
		cpu := m.cpu * 1000 * (100 - reserve) / 100
		memory := m.memoryGiB << 30 * (100 - reserve) / 100
		gpu := need["nvidia.com/gpu"]
		if v := need[corev1.ResourceCPU]; v.MilliValue() > cpu {
			continue
		}
		if v := need[corev1.ResourceMemory]; v.Value() > memory {
			continue
		}
		if gpu.Value() > m.gpu {
			continue
		}
		out = append(out, name)
	}
	return out
}

func requests(pod corev1.PodSpec) corev1.ResourceList {
	sum := corev1.ResourceList{}
	for _, c := range pod.Containers {
		for name, q := range c.Resources.Requests {
			total := sum[name]
			total.Add(q)
			sum[name] = total
		}
	}
	return sum
}

// Schedulable finds workloads of a namespace that no NodePool can take, whose topology
// spread no NodePool can satisfy, or which at their largest go beyond a pool's limits.
func (t Tree) Schedulable(namespace string) ([]Finding, error) {
	pools, err := t.pools()
	if err != nil {
		return nil, err
	}
	workloads, err := t.Workloads()
	if err != nil {
		return nil, err
	}
	scalers, err := t.autoscalers()
	if err != nil {
		return nil, err
	}
	var out []Finding
	cpu, memory := map[string]int64{}, map[string]int64{}
	for _, p := range pools {
		for _, name := range p.types {
			if _, ok := machines[name]; !ok {
				out = append(out, found(p.object, p.object.Origin, "add it to test/kit/gitops/nodes.go", "what the machine %s has is not known here", name))
			}
		}
	}
	for _, w := range workloads {
		if w.Object.Namespace != namespace || w.Object.Kind() == "DaemonSet" {
			continue
		}
		pod := w.Template.Spec
		var why []string
		var home *pool
		for i := range pools {
			if reason := pools[i].accepts(pod); reason != "" {
				why = append(why, pools[i].object.Name()+": "+reason)
			} else if home == nil {
				home = &pools[i]
			}
		}
		if home == nil {
			out = append(out, found(w.Object, w.Object.Origin, "", "no NodePool takes its pods: %s", strings.Join(why, "; ")))
			continue
		}
		_, largest := size(w, scalers)
		need := requests(pod)
		n := int64(largest + w.Surge)
		if gpu := need["nvidia.com/gpu"]; !gpu.IsZero() {
			// One machine for each pod: the machine counts, not the pod.
			least := smallest(home.fitting(pod))
			cpu[home.object.Name()] += n * least.cpu * 1000
			memory[home.object.Name()] += n * least.memoryGiB << 30
		} else {
			c, m := need[corev1.ResourceCPU], need[corev1.ResourceMemory]
			cpu[home.object.Name()] += n * c.MilliValue()
			memory[home.object.Name()] += n * m.Value()
		}
		for _, s := range pod.TopologySpreadConstraints {
			if s.WhenUnsatisfiable != corev1.DoNotSchedule {
				continue
			}
			domains := home.labels[s.TopologyKey]
			if len(domains) < 2 {
				out = append(out, found(w.Object, w.Object.Origin, "name the zones in the NodePool", "its pods must be spread over %s, and the NodePool %s has %d of them", s.TopologyKey, home.object.Name(), len(domains)))
			}
			if s.MinDomains == nil || *s.MinDomains < 2 {
				out = append(out, found(w.Object, w.Object.Origin, "set minDomains to 2", "while there are nodes in one zone alone, its spread lets every pod be there"))
			}
			if !selects(s.LabelSelector, w.Template.Labels) {
				out = append(out, found(w.Object, w.Object.Origin, "take the pod's own labels", "its topology spread counts other pods than its own"))
			}
		}
	}
	for _, p := range pools {
		name := p.object.Name()
		if have := p.cpu.MilliValue(); cpu[name] > have {
			out = append(out, found(p.object, p.object.Place("spec", "limits"), "raise it, or lower maxReplicas", "the workloads at their largest ask for %dm cores, the limit is %dm", cpu[name], have))
		}
		if have := p.memory.Value(); memory[name] > have {
			out = append(out, found(p.object, p.object.Place("spec", "limits"), "raise it, or lower maxReplicas", "the workloads at their largest ask for %d MiB, the limit is %d MiB", memory[name]>>20, have>>20))
		}
	}
	return out, nil
}

func smallest(types []string) machine {
	out := machines[types[0]]
	for _, t := range types {
		if m := machines[t]; m.cpu < out.cpu {
			out = m
		}
	}
	return out
}

// Quotas finds namespaces whose quota is below what their workloads ask for at their
// largest, one more pod of each for a rollout.
func (t Tree) Quotas() ([]Finding, error) {
	workloads, err := t.Workloads()
	if err != nil {
		return nil, err
	}
	scalers, err := t.autoscalers()
	if err != nil {
		return nil, err
	}
	var out []Finding
	for _, o := range t.Of("", "ResourceQuota") {
		var q corev1.ResourceQuota
		if err := Decode(o, &q); err != nil {
			return nil, err
		}
		asked := corev1.ResourceList{}
		for _, w := range workloads {
			if w.Object.Namespace != o.Namespace || w.Object.Kind() == "DaemonSet" {
				continue
			}
			_, largest := size(w, scalers)
			n := int64(largest + w.Surge)
			add(asked, "pods", *resource.NewQuantity(1, resource.DecimalSI), n)
			for _, c := range w.Template.Spec.Containers {
				for name, v := range c.Resources.Requests {
					add(asked, "requests."+name, v, n)
				}
				for name, v := range c.Resources.Limits {
					add(asked, "limits."+name, v, n)
				}
			}
		}
		for name, hard := range q.Spec.Hard {
			if v, ok := asked[name]; ok && v.Cmp(hard) > 0 {
				out = append(out, found(o, o.Place("spec", "hard", string(name)), "raise it, or lower maxReplicas", "the workloads at their largest ask for %s of %s, the quota is %s", v.String(), name, hard.String()))
			}
		}
	}
	return out, nil
}

func add(to corev1.ResourceList, name corev1.ResourceName, q resource.Quantity, times int64) {
	total := to[name]
	for range times {
		total.Add(q)
	}
	to[name] = total
}

// Nodes finds EC2NodeClasses whose machines would not be what the platform promises:
// IMDSv2 alone and not beyond the node, encrypted gp3 volumes, private subnets.
func (t Tree) Nodes(clusterName, instanceProfile string) []Finding {
	var out []Finding
	classes := map[string]bool{}
	for _, o := range sorted(t.Of("karpenter.k8s.aws", "EC2NodeClass")) {
		classes[o.Name()] = true
		want := func(expected any, path ...string) {
			if got := o.At(path...); fmt.Sprint(got) != fmt.Sprint(expected) {
				out = append(out, found(o, o.Place(path...), "", "%s is %v, must be %v", strings.Join(path, "."), got, expected))
			}
		}
		want("required", "spec", "metadataOptions", "httpTokens")
		want(1, "spec", "metadataOptions", "httpPutResponseHopLimit")
		want(false, "spec", "associatePublicIPAddress")
		want(instanceProfile, "spec", "instanceProfile")
		devices := list(o.At("spec", "blockDeviceMappings"))
		if len(devices) == 0 {
			out = append(out, found(o, o.Origin, "", "it declares no volume, so the image's own would be used, unencrypted"))
		}
		for _, d := range devices {
			if at(d, "ebs", "encrypted") != true || text(d, "ebs", "volumeType") != "gp3" {
				out = append(out, found(o, o.Place("spec", "blockDeviceMappings"), "", "the volume %s is no encrypted gp3", text(d, "deviceName")))
			}
		}
		subnets := list(o.At("spec", "subnetSelectorTerms"))
		for _, s := range subnets {
			if text(s, "tags", "karpenter.sh/discovery") != clusterName || text(s, "tags", "Tier") != "private" {
				out = append(out, found(o, o.Place("spec", "subnetSelectorTerms"), "select by the tags karpenter.sh/discovery and Tier=private", "it takes other subnets than the private ones of %s", clusterName))
			}
		}
		if len(subnets) == 0 {
			out = append(out, found(o, o.Origin, "", "it selects no subnet"))
		}
	}
	for _, o := range t.Of("karpenter.sh", "NodePool") {
		if c := o.Text("spec", "template", "spec", "nodeClassRef", "name"); !classes[c] {
			out = append(out, found(o, o.Origin, "", "its node class %s does not exist", c))
		}
	}
	return out
}
