package netpol

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

// Labels are the pod's.
func (p *Pod) Labels() map[string]string { return maps.Clone(p.info.Labels) }

// Ports are those that the pod's containers declare.
func (p *Pod) Ports() []corev1.ContainerPort {
	var out []corev1.ContainerPort
	for _, c := range p.info.ContainerPorts {
		out = append(out, corev1.ContainerPort{Name: c.Name, ContainerPort: c.Port, Protocol: corev1.Protocol(c.Protocol)})
	}
	return out
}

// Namespaces are the labels of each namespace, by name.
func (c *Cluster) Namespaces() map[string]map[string]string { return maps.Clone(c.namespaces) }

// Policies are the NetworkPolicies, with what the API server fills in.
func (c *Cluster) Policies() []*networkingv1.NetworkPolicy { return slices.Clone(c.policies) }

// Idle tells which selectors of policies no pod meets. Of such a policy no question
// shows whether it is held.
func (c *Cluster) Idle() []string {
	var out []string
	for _, n := range c.policies {
		if !slices.ContainsFunc(c.Pods, func(p *Pod) bool {
			return !p.HostNetwork && p.Namespace == n.Namespace && networkpolicy.MatchesSelector(&n.Spec.PodSelector, p.info.Labels)
		}) {
			out = append(out, fmt.Sprintf("NetworkPolicy %s/%s selects no pod", n.Namespace, n.Name))
		}
		side := func(direction string, peers []networkingv1.NetworkPolicyPeer) {
			for i, peer := range peers {
				if peer.IPBlock == nil && !slices.ContainsFunc(c.Pods, func(p *Pod) bool { return c.meets(n, peer, p) }) {
					out = append(out, fmt.Sprintf("NetworkPolicy %s/%s: peer %d of a rule for %s is no pod", n.Namespace, n.Name, i+1, direction))
				}
			}
		}
		for _, r := range n.Spec.Ingress {
			side("ingress", r.From)
		}
		for _, r := range n.Spec.Egress {
			side("egress", r.To)
		}
	}
	return out
}

// meets says whether a pod is one of those that a peer names.
func (c *Cluster) meets(n *networkingv1.NetworkPolicy, peer networkingv1.NetworkPolicyPeer, p *Pod) bool {
	if p.HostNetwork || peer.NamespaceSelector == nil && p.Namespace != n.Namespace {
		return false
	}
	if peer.NamespaceSelector != nil && !networkpolicy.MatchesSelector(peer.NamespaceSelector, c.namespaces[p.Namespace]) {
		return false
	}
	return peer.PodSelector == nil || networkpolicy.MatchesSelector(peer.PodSelector, p.info.Labels)
}
