// Package netpol answers which pods may talk to whom, by the NetworkPolicies of a
// cluster's manifests.
//
// The semantics are those of sigs.k8s.io/kube-network-policies (Kubernetes, "Network
// Policies"): a pod that no policy of a direction selects is free in it; otherwise
// what no policy admits is dropped. This package reads manifests, asks about every
// port and address that policies tell apart, and says which policies decide.
package netpol

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kube-network-policies/pkg/api"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
	"sigs.k8s.io/yaml"
)

// Cluster is what manifests declare: pods, one for each workload, and policies.
type Cluster struct {
	Pods       []*Pod
	policies   []*networkingv1.NetworkPolicy
	namespaces map[string]map[string]string
	addrs      []netip.Addr // of pods: one for each part of their range that policies tell apart
}

// Pod is any pod of a workload.
type Pod struct {
	Namespace, Name string
	// ServiceAccount is whose identity it has, default when nothing is said.
	ServiceAccount string
	// HostNetwork pods have their node's address: no policy holds them.
	HostNetwork bool
	info        *api.PodInfo
}

// String is namespace/name.
func (p *Pod) String() string { return p.Namespace + "/" + p.Name }

// Read takes manifests, each of one or several YAML or JSON documents, by the name
// of where they come from. Kinds that are neither workloads, namespaces nor
// NetworkPolicies are passed over; what is one and cannot be read is an error that
// names the place. pods is the range that pods have their addresses from, which an
// ipBlock may hold.
func Read(manifests map[string][]byte, pods netip.Prefix) (*Cluster, error) {
	c := &Cluster{namespaces: map[string]map[string]string{}}
	var errs []error
	var templates []template
	for _, where := range slices.Sorted(maps.Keys(manifests)) {
		docs, err := split(manifests[where])
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", where, err))
		}
		for _, doc := range docs {
			found, err := c.take(doc)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", where, err))
			}
			templates = append(templates, found...)
		}
	}
	for _, t := range templates {
		if _, ok := c.namespaces[t.namespace]; !ok {
			c.namespaces[t.namespace] = map[string]string{}
		}
		// Every namespace has this label (Namespaces, "Automatic labelling").
		c.namespaces[t.namespace][corev1.LabelMetadataName] = t.namespace
	}
	for _, t := range templates {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: t.namespace, Name: t.name, Labels: t.spec.Labels}, Spec: t.spec.Spec}
		for i := range pod.Spec.Containers {
			for j := range pod.Spec.Containers[i].Ports {
				if port := &pod.Spec.Containers[i].Ports[j]; port.Protocol == "" { // ContainerPort, "protocol"
					port.Protocol = corev1.ProtocolTCP
				}
			}
		}
		account := t.spec.Spec.ServiceAccountName
		if account == "" {
			account = "default"
		}
		c.Pods = append(c.Pods, &Pod{Namespace: t.namespace, Name: t.name, ServiceAccount: account, HostNetwork: t.spec.Spec.HostNetwork, info: api.NewPodInfo(pod, c.namespaces[t.namespace], nil, "")})
	}
	slices.SortFunc(c.Pods, func(a, b *Pod) int { return strings.Compare(a.String(), b.String()) })
	c.addrs = c.Addrs(pods)
	return c, errors.Join(errs...)
}

// template is a pod template with whose it is.
type template struct {
	namespace, name string
	spec            corev1.PodTemplateSpec
}

// split takes documents apart at lines of three hyphens.
func split(text []byte) ([][]byte, error) {
	var out [][]byte
	var doc bytes.Buffer
	flush := func() {
		if len(bytes.TrimSpace(doc.Bytes())) > 0 {
			out = append(out, bytes.Clone(doc.Bytes()))
		}
		doc.Reset()
	}
	r := bytes.NewBuffer(text)
	for {
		line, err := r.ReadBytes('\n')
		if s := strings.TrimRight(string(line), " \r\n"); s == "---" {
			flush()
		} else {
			doc.Write(line)
		}
		if errors.Is(err, io.EOF) {
			flush()
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
}

// take keeps what a document says of policies and namespaces, and returns its pods.
func (c *Cluster) take(doc []byte) ([]template, error) {
	var head struct {
		Kind     string
		Metadata metav1.ObjectMeta
	}
	if err := yaml.Unmarshal(doc, &head); err != nil {
		return nil, err
	}
	namespace := head.Metadata.Namespace
	if namespace == "" {
		namespace = "default"
	}
	pod := func(into any, spec func() corev1.PodTemplateSpec) ([]template, error) {
		if err := yaml.Unmarshal(doc, into); err != nil {
			return nil, fmt.Errorf("%s %s: %w", head.Kind, head.Metadata.Name, err)
		}
		return []template{{namespace, head.Metadata.Name, spec()}}, nil
	}
	switch head.Kind {
	case "Namespace":
		labels := maps.Clone(head.Metadata.Labels)
		if labels == nil {
			labels = map[string]string{}
		}
		labels[corev1.LabelMetadataName] = head.Metadata.Name
		c.namespaces[head.Metadata.Name] = labels
	case "NetworkPolicy":
		p := &networkingv1.NetworkPolicy{}
		if err := yaml.UnmarshalStrict(doc, p); err != nil {
			return nil, fmt.Errorf("NetworkPolicy %s: %w", head.Metadata.Name, err)
		}
		return nil, c.policy(p, namespace)
	case "Deployment":
		v := &appsv1.Deployment{}
		return pod(v, func() corev1.PodTemplateSpec { return v.Spec.Template })
	case "StatefulSet":
		v := &appsv1.StatefulSet{}
		return pod(v, func() corev1.PodTemplateSpec { return v.Spec.Template })
	case "DaemonSet":
		v := &appsv1.DaemonSet{}
		return pod(v, func() corev1.PodTemplateSpec { return v.Spec.Template })
	case "Job":
		v := &batchv1.Job{}
		return pod(v, func() corev1.PodTemplateSpec { return v.Spec.Template })
	case "CronJob":
		v := &batchv1.CronJob{}
		return pod(v, func() corev1.PodTemplateSpec { return v.Spec.JobTemplate.Spec.Template })
	case "Pod":
		v := &corev1.Pod{}
		return pod(v, func() corev1.PodTemplateSpec {
			return corev1.PodTemplateSpec{ObjectMeta: v.ObjectMeta, Spec: v.Spec}
		})
	}
	return nil, nil
}

// policy keeps a policy with what the API server would have filled in.
func (c *Cluster) policy(p *networkingv1.NetworkPolicy, namespace string) error {
	p.Namespace = namespace
	if len(p.Spec.PolicyTypes) == 0 { // NetworkPolicySpec, "policyTypes"
		p.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(p.Spec.Egress) > 0 {
			p.Spec.PolicyTypes = append(p.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
	// An empty list reaches the API server as none, and admits nothing; the engine
	// takes one that is there, and empty, for everything.
	if len(p.Spec.Ingress) == 0 {
		p.Spec.Ingress = nil
	}
	if len(p.Spec.Egress) == 0 {
		p.Spec.Egress = nil
	}
	tcp := corev1.ProtocolTCP
	fill := func(ports []networkingv1.NetworkPolicyPort) {
		for i := range ports {
			if ports[i].Protocol == nil {
				ports[i].Protocol = &tcp
			}
		}
	}
	var errs []error
	selector := func(what string, s *metav1.LabelSelector) {
		if _, err := metav1.LabelSelectorAsSelector(s); err != nil { // the engine would let it pass
			errs = append(errs, fmt.Errorf("NetworkPolicy %s/%s: %s: %w", namespace, p.Name, what, err))
		}
	}
	blocks := func(peers []networkingv1.NetworkPolicyPeer) {
		for _, peer := range peers {
			selector("podSelector of a peer", peer.PodSelector)
			selector("namespaceSelector of a peer", peer.NamespaceSelector)
			if peer.IPBlock == nil {
				continue
			}
			for _, cidr := range append([]string{peer.IPBlock.CIDR}, peer.IPBlock.Except...) {
				if _, err := netip.ParsePrefix(cidr); err != nil {
					errs = append(errs, fmt.Errorf("NetworkPolicy %s/%s: %q is no range of addresses", namespace, p.Name, cidr))
				}
			}
		}
	}
	for _, r := range p.Spec.Ingress {
		fill(r.Ports)
		blocks(r.From)
	}
	for _, r := range p.Spec.Egress {
		fill(r.Ports)
		blocks(r.To)
	}
	selector("podSelector", &p.Spec.PodSelector)
	c.policies = append(c.policies, p)
	return errors.Join(errs...)
}

// selecting are the policies of a direction that select a pod.
func (c *Cluster) selecting(p *Pod, direction networkingv1.PolicyType) []*networkingv1.NetworkPolicy {
	var out []*networkingv1.NetworkPolicy
	if p == nil || p.HostNetwork {
		return nil
	}
	for _, n := range c.policies {
		if n.Namespace == p.Namespace && slices.Contains(n.Spec.PolicyTypes, direction) && networkpolicy.MatchesSelector(&n.Spec.PodSelector, p.info.Labels) {
			out = append(out, n)
		}
	}
	return out
}
