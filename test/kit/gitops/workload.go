package gitops

import (
	"encoding/json"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func sortStrings(s []string) []string { slices.Sort(s); return s }

// Workload is an object that makes pods, with the pods that it makes.
type Workload struct {
	Object   Object
	Template corev1.PodTemplateSpec
	// Replicas is the number of pods, nil when an autoscaler decides or each node has
	// one.
	Replicas *int32
	// Surge is how many pods a rollout adds at the most.
	Surge int
}

// Workloads are what makes pods: Deployments, StatefulSets, DaemonSets, Jobs and
// CronJobs.
func (t Tree) Workloads() ([]Workload, error) {
	var out []Workload
	for _, o := range sorted(t.Objects) {
		w, ok, err := AsWorkload(o)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, w)
		}
	}
	return out, nil
}

// AsWorkload reads the pods that an object makes; ok is false when it makes none.
func AsWorkload(o Object) (w Workload, ok bool, err error) {
	w.Object = o
	switch o.Group() + "/" + o.Kind() {
	case "apps/Deployment":
		var d appsv1.Deployment
		err = Decode(o, &d)
		w.Template, w.Replicas = d.Spec.Template, d.Spec.Replicas
		w.Surge = surge(d)
	case "apps/StatefulSet":
		var s appsv1.StatefulSet
		err = Decode(o, &s)
		w.Template, w.Replicas = s.Spec.Template, s.Spec.Replicas
	case "apps/DaemonSet":
		var d appsv1.DaemonSet
		err = Decode(o, &d)
		w.Template = d.Spec.Template
	case "batch/Job":
		var j batchv1.Job
		err = Decode(o, &j)
		w.Template = j.Spec.Template
	case "batch/CronJob":
		var c batchv1.CronJob
		err = Decode(o, &c)
		w.Template = c.Spec.JobTemplate.Spec.Template
	default:
		return w, false, nil
	}
	return w, true, err
}

func surge(d appsv1.Deployment) int {
	if r := d.Spec.Strategy.RollingUpdate; r != nil && r.MaxSurge != nil {
		return r.MaxSurge.IntValue()
	}
	return 1
}

// Decode reads an object into a type of k8s.io/api.
func Decode(o Object, into any) error {
	b, err := json.Marshal(o.Fields)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w", o.Origin, o.ID(), err)
	}
	return nil
}

// autoscalers are the HorizontalPodAutoscalers, by the ID of what they scale.
func (t Tree) autoscalers() (map[string]autoscalingv2.HorizontalPodAutoscaler, error) {
	out := map[string]autoscalingv2.HorizontalPodAutoscaler{}
	for _, o := range t.Of("autoscaling", "HorizontalPodAutoscaler") {
		var h autoscalingv2.HorizontalPodAutoscaler
		if err := Decode(o, &h); err != nil {
			return nil, err
		}
		target := h.Spec.ScaleTargetRef
		out[fmt.Sprintf("apps/%s %s/%s", target.Kind, o.Namespace, target.Name)] = h
	}
	return out, nil
}

// size is the least and the largest number of pods of a workload.
func size(w Workload, scalers map[string]autoscalingv2.HorizontalPodAutoscaler) (least, largest int) {
	if h, ok := scalers[w.Object.ID()]; ok {
		least = 1
		if h.Spec.MinReplicas != nil {
			least = int(*h.Spec.MinReplicas)
		}
		return least, int(h.Spec.MaxReplicas)
	}
	if w.Replicas != nil {
		return int(*w.Replicas), int(*w.Replicas)
	}
	return 1, 1
}

// Drains finds workloads that a drain of a node would wait on for ever, or whose pods a
// drain could take all at once.
func (t Tree) Drains(namespace string) ([]Finding, error) {
	workloads, err := t.Workloads()
	if err != nil {
		return nil, err
	}
	scalers, err := t.autoscalers()
	if err != nil {
		return nil, err
	}
	var budgets []policyv1.PodDisruptionBudget
	var out []Finding
	matched := map[int]bool{}
	objects := t.Of("policy", "PodDisruptionBudget")
	for _, o := range objects {
		var b policyv1.PodDisruptionBudget
		if err := Decode(o, &b); err != nil {
			return nil, err
		}
		b.Namespace = o.Namespace
		budgets = append(budgets, b)
	}
	for _, w := range workloads {
		if w.Object.Kind() != "Deployment" && w.Object.Kind() != "StatefulSet" {
			continue
		}
		least, largest := size(w, scalers)
		if least > largest {
			out = append(out, found(w.Object, w.Object.Origin, "lower the one or raise the other", "the least number of pods %d is above the largest %d", least, largest))
		}
		if _, scaled := scalers[w.Object.ID()]; scaled && w.Replicas != nil {
			out = append(out, found(w.Object, w.Object.Place("spec", "replicas"), "leave spec.replicas out", "spec.replicas and its HorizontalPodAutoscaler would change each other's number"))
		}
		n := 0
		for i, b := range budgets {
			if b.Namespace != w.Object.Namespace || !selects(b.Spec.Selector, w.Template.Labels) {
				continue
			}
			n++
			matched[i] = true
			allowed := least
			switch s := b.Spec; {
			case s.MinAvailable != nil:
				v, _ := scaled(s.MinAvailable, least, true)
				allowed = least - v
			case s.MaxUnavailable != nil:
				allowed, _ = scaled(s.MaxUnavailable, least, true)
			}
			if allowed < 1 {
				out = append(out, found(w.Object, objects[i].Origin, "let one pod go at least", "its budget lets no pod go when there are %d: no node with one of them can be drained", least))
			}
			if allowed >= least && least > 1 {
				out = append(out, found(w.Object, objects[i].Origin, "keep one pod at least", "its budget lets all %d pods go at once", least))
			}
		}
		switch {
		case n == 0 && w.Object.Namespace == namespace:
			out = append(out, found(w.Object, w.Object.Origin, "give it a PodDisruptionBudget", "nothing keeps a drain from taking all its pods"))
		case n > 1:
			out = append(out, found(w.Object, w.Object.Origin, "leave one", "%d budgets select its pods: the API refuses every eviction then", n))
		}
	}
	for i, o := range objects {
		if !matched[i] {
			out = append(out, found(o, o.Origin, "mend its selector", "the budget selects no pod"))
		}
	}
	return out, nil
}

func selects(s *metav1.LabelSelector, l map[string]string) bool {
	selector, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && selector.Matches(labels.Set(l))
}
