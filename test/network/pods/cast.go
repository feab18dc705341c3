// Package pods proves NetworkPolicies by packets: in a kind cluster a probe stands in
// for every pod of the platform, and what the cluster's network really lets pass must
// be what test/kit/netpol answers, in every cell.
package pods

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/kindcluster"
	"github.com/fintrack/platform/test/kit/netpol"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Image is the probe's image in the cluster, and Program its name there.
const (
	Image   = "docker.io/fintrack/probe:built"
	Program = "probe"
)

// probesReady is how long all probes of a cast may take to be ready.
const probesReady = 3 * time.Minute

// nameServer is the pod that is real: no probe stands in for it.
const nameServer = "kube-system/coredns"

// Cast is a cluster's manifests with a running pod for each of theirs.
type Cast struct {
	*netpol.Cluster
	kind  *kindcluster.Cluster
	ports []int
	// addrs are those of the running pods, by namespace/name.
	addrs map[string][]netip.Addr
}

// Stage starts a probe for each pod of the manifests, side by side on the nodes, and
// no policy. It answers on every port that the policies tell apart.
func Stage(ctx context.Context, kind *kindcluster.Cluster, manifests map[string][]byte) (*Cast, error) {
	read, err := netpol.Read(manifests, netip.MustParsePrefix("10.244.0.0/16"))
	if err != nil {
		return nil, err
	}
	c := &Cast{Cluster: read, kind: kind, ports: read.Ports(), addrs: map[string][]netip.Addr{}}
	var objects []any
	for name, labels := range c.Namespaces() {
		if name != "default" && name != "kube-system" {
			objects = append(objects, corev1.Namespace{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}})
		}
	}
	if err := c.apply(ctx, objects); err != nil {
		return nil, err
	}
	objects = nil
	for i, p := range c.probes() {
		objects = append(objects, c.probe(p, kind.Nodes[i%len(kind.Nodes)].Name))
	}
	if err := c.apply(ctx, objects); err != nil {
		return nil, err
	}
	return c, c.await(ctx)
}

// probes are the pods for which a probe stands in: those of a node's network have no
// address of their own.
func (c *Cast) probes() []*netpol.Pod {
	return slices.DeleteFunc(slices.Clone(c.Pods), func(p *netpol.Pod) bool { return p.HostNetwork || p.String() == nameServer })
}

// probe is the pod that stands in for another: its namespace, name, labels and ports,
// within the strictest level of pod security.
func (c *Cast) probe(p *netpol.Pod, node string) corev1.Pod {
	no, yes, nobody, words := false, true, int64(65534), make([]string, len(c.ports))
	for i, port := range c.ports {
		words[i] = fmt.Sprint(port)
	}
	return corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name, Labels: p.Labels()},
		Spec: corev1.PodSpec{
			NodeName: node, AutomountServiceAccountToken: &no, EnableServiceLinks: &no, TerminationGracePeriodSeconds: new(int64),
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, RunAsUser: &nobody, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
				Sysctls: []corev1.Sysctl{{Name: "net.ipv4.ip_unprivileged_port_start", Value: "0"}},
			},
			Containers: []corev1.Container{{
				Name: "probe", Image: Image, ImagePullPolicy: corev1.PullNever, Args: []string{"serve", strings.Join(words, ",")}, Ports: p.Ports(),
				SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
			}},
		},
	}
}

// apply gives objects to the API server. It asks again while a namespace has no service
// account yet, which a controller makes soon after the namespace.
func (c *Cast) apply(ctx context.Context, objects []any) error {
	if len(objects) == 0 {
		return nil
	}
	list, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": objects})
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(probesReady); ; {
		_, err = c.kind.Kubectl(ctx, list, "apply", "-f", "-")
		if err == nil || !strings.Contains(err.Error(), "serviceaccount") || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// await waits until every probe runs, and learns its addresses.
func (c *Cast) await(ctx context.Context) error {
	for name := range c.Namespaces() {
		if !slices.ContainsFunc(c.probes(), func(p *netpol.Pod) bool { return p.Namespace == name }) {
			continue
		}
		if _, err := c.kind.Kubectl(ctx, nil, "wait", "--namespace", name, "--for=condition=Ready", "pod", "--all", "--timeout="+probesReady.String()); err != nil {
			return fmt.Errorf("probes of %s: %w", name, err)
		}
	}
	b, err := c.kind.Kubectl(ctx, nil, "get", "pods", "--all-namespaces", "-o", "json")
	if err != nil {
		return err
	}
	var running corev1.PodList
	if err := json.Unmarshal(b, &running); err != nil {
		return err
	}
	for _, p := range running.Items {
		name := p.Namespace + "/" + p.Name
		if p.Labels["k8s-app"] == "kube-dns" {
			name = nameServer // any of them
		}
		c.addrs[name] = nil
		for _, ip := range p.Status.PodIPs {
			a, err := netip.ParseAddr(ip.IP)
			if err != nil {
				return err
			}
			c.addrs[name] = append(c.addrs[name], a)
		}
	}
	for _, p := range c.probes() {
		if len(c.addrs[p.String()]) == 0 {
			return fmt.Errorf("the probe %s has no address", p)
		}
	}
	return nil
}

// Enforce gives the cluster the policies of the manifests.
func (c *Cast) Enforce(ctx context.Context) error {
	var objects []any
	for _, p := range c.Policies() {
		p = p.DeepCopy()
		p.TypeMeta = metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"}
		objects = append(objects, p)
	}
	return c.apply(ctx, objects)
}
