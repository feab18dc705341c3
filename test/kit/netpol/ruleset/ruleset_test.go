package ruleset_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/netpol"
	"github.com/fintrack/platform/test/kit/netpol/ruleset"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the golden files anew")

// made is a small cluster of one node: pod i has 10.244.0.i+1 and fd00:244::i+1.
type made struct{ state ruleset.State }

func (m *made) pod(namespace, name string, labels map[string]string, ports ...corev1.ContainerPort) {
	i := len(m.state.Pods) + 1
	m.state.Pods = append(m.state.Pods, &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels, UID: types.UID(fmt.Sprintf("uid-%s-%s", namespace, name))},
		Spec:       corev1.PodSpec{NodeName: "node", Containers: []corev1.Container{{Name: "c", Image: "x", Ports: ports}}},
		Status:     corev1.PodStatus{PodIPs: []corev1.PodIP{{IP: fmt.Sprintf("10.244.0.%d", i)}, {IP: fmt.Sprintf("fd00:244::%d", i)}}},
	})
}

func (m *made) namespace(name string, labels map[string]string) {
	all := map[string]string{corev1.LabelMetadataName: name}
	for k, v := range labels {
		all[k] = v
	}
	m.state.Namespaces = append(m.state.Namespaces, &corev1.Namespace{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: metav1.ObjectMeta{Name: name, Labels: all}})
}

func (m *made) policy(t testing.TB, namespace, spec string) {
	n := &networkingv1.NetworkPolicy{TypeMeta: metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"}, ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("p%d", len(m.state.Policies))}}
	require.NoError(t, yaml.UnmarshalStrict([]byte(spec), &n.Spec))
	m.state.Policies = append(m.state.Policies, n)
}

// town has four pods in three namespaces.
func town() *made {
	m := &made{state: ruleset.State{Node: "node", Local: ranges("10.244.0.0/24", "fd00:244::/64"), Cluster: ranges("10.244.0.0/16", "fd00:244::/56")}}
	m.namespace("shop", map[string]string{"team": "sales"})
	m.namespace("bank", nil)
	m.namespace("out", nil)
	m.pod("shop", "front", map[string]string{"app": "front"}, corev1.ContainerPort{Name: "http", ContainerPort: 8080, Protocol: "TCP"})
	m.pod("shop", "back", map[string]string{"app": "back"}, corev1.ContainerPort{Name: "http", ContainerPort: 9090}, corev1.ContainerPort{Name: "dns", ContainerPort: 53, Protocol: "UDP"})
	m.pod("bank", "vault", map[string]string{"app": "vault"}, corev1.ContainerPort{Name: "http", ContainerPort: 8443, Protocol: "TCP"})
	m.pod("out", "stranger", map[string]string{"app": "front"})
	return m
}

func ranges(of ...string) (out []netip.Prefix) {
	for _, p := range of {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

func (m *made) addr(name string, family int) netip.Addr {
	for _, p := range m.state.Pods {
		if p.Name == name {
			return netip.MustParseAddr(p.Status.PodIPs[family].IP)
		}
	}
	return netip.MustParseAddr(name)
}

func TestWhatPasses(t *testing.T) {
	for _, c := range []struct {
		name, namespace, spec, from, to, protocol string
		port                                      uint16
		want                                      bool
	}{
		{"without a policy everything passes", "", "", "front", "vault", "tcp", 1, true},
		{"a pod that is selected gets nothing more", "bank", `{podSelector: {}}`, "front", "vault", "tcp", 8443, false},
		{"an empty list admits nothing", "bank", `{podSelector: {}, ingress: []}`, "front", "vault", "tcp", 8443, false},
		{"an empty rule admits all", "bank", `{podSelector: {}, ingress: [{}]}`, "front", "vault", "udp", 1, true},
		{"ingress says nothing of egress", "shop", `{podSelector: {}}`, "front", "vault", "tcp", 8443, true},
		{"egress is dropped as well", "shop", `{podSelector: {}, policyTypes: [Egress]}`, "front", "vault", "tcp", 8443, false},
		{"a range ends at endPort", "bank", `{podSelector: {}, ingress: [{ports: [{port: 8000, endPort: 8443}]}]}`, "front", "vault", "tcp", 8443, true},
		{"nothing passes behind endPort", "bank", `{podSelector: {}, ingress: [{ports: [{port: 8000, endPort: 8443}]}]}`, "front", "vault", "tcp", 8444, false},
		{"a named port is the pod's own", "shop", `{podSelector: {}, ingress: [{ports: [{port: http}]}]}`, "vault", "back", "tcp", 9090, true},
		{"a named port is no other pod's", "shop", `{podSelector: {}, ingress: [{ports: [{port: http}]}]}`, "vault", "back", "tcp", 8080, false},
		{"a named port has a protocol", "shop", `{podSelector: {}, ingress: [{ports: [{port: dns}]}]}`, "vault", "back", "tcp", 53, false},
		{"outwards a named port is the peer's", "out", `{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}`, "stranger", "vault", "tcp", 8443, true},
		{"outwards a named port is not one's own", "shop", `{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}`, "front", "vault", "tcp", 8080, false},
		{"an address that is no pod's has no named port", "shop", `{podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}`, "front", "192.0.2.1", "tcp", 8080, false},
		{"a peer by label is of the same namespace", "shop", `{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: front}}}]}]}`, "stranger", "back", "tcp", 1, false},
		{"a namespace by its label", "bank", `{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: sales}}}]}]}`, "front", "vault", "tcp", 1, true},
		{"both selectors must agree", "bank", `{podSelector: {}, ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: back}}}]}]}`, "stranger", "vault", "tcp", 1, false},
		{"a block admits an address outside", "bank", `{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24}}]}]}`, "192.0.2.9", "vault", "tcp", 1, true},
		{"except takes a part of it away", "bank", `{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.8/29]}}]}]}`, "192.0.2.9", "vault", "tcp", 1, false},
		{"another rule may admit what except took away", "bank", `{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.8/29]}}, {ipBlock: {cidr: 192.0.2.9/32}}]}]}`, "192.0.2.9", "vault", "tcp", 1, true},
		{"a protocol without a port", "bank", `{podSelector: {}, ingress: [{ports: [{protocol: UDP}]}]}`, "front", "vault", "udp", 999, true},
		{"a protocol is no other protocol", "bank", `{podSelector: {}, ingress: [{ports: [{protocol: UDP}]}]}`, "front", "vault", "tcp", 999, false},
		{"two policies add up", "bank", `{podSelector: {}, ingress: [{ports: [{port: 1}]}, {ports: [{port: 2}]}]}`, "front", "vault", "tcp", 2, true},
		{"a pod that is not known yet gets nothing", "", "", "front", "10.244.0.200", "tcp", 80, false},
		{"a pod that is not known yet sends nothing", "", "", "10.244.0.200", "front", "tcp", 80, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := town()
			if c.spec != "" {
				m.policy(t, c.namespace, c.spec)
			}
			r, err := ruleset.Compile(m.state)
			require.NoError(t, err)
			for family := range 2 {
				from, to := m.addr(c.from, family), m.addr(c.to, family)
				if from.Is4() != to.Is4() {
					continue // one of them has IPv4 alone
				}
				require.Equal(t, c.want, r.Passes(from, to, c.protocol, c.port), "%s to %s by\n%s", from, to, r.NFT("eth0"))
			}
		})
	}
}

// TestRulesInPrint shows what is given to nft.
func TestRulesInPrint(t *testing.T) {
	m := town()
	m.policy(t, "bank", `{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.8/29]}}, {namespaceSelector: {matchLabels: {team: sales}}}], ports: [{port: 8000, endPort: 8080}, {port: http}, {protocol: UDP}]}]}`)
	m.policy(t, "shop", `{podSelector: {matchLabels: {app: front}}, policyTypes: [Egress], egress: [{ports: [{port: http}]}, {to: [{ipBlock: {cidr: "2001:db8::/32"}}]}]}`)
	r, err := ruleset.Compile(m.state)
	require.NoError(t, err)
	got := r.NFT("eth0")
	golden := filepath.Join("testdata", "rules.nft")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "go test ./test/kit/netpol/ruleset -update writes it anew")
}

func TestWhatIsRefused(t *testing.T) {
	for _, c := range []struct{ name, spec, want string }{
		{"an address that is none", `{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0}}]}]}`, `NetworkPolicy bank/p0: "192.0.2.0" is no range of addresses`},
		{"an exception that is none", `{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.0.2.0/24, except: [x]}}]}]}`, `NetworkPolicy bank/p0: "x" is no range of addresses`},
		{"a range that ends before it begins", `{podSelector: {}, ingress: [{ports: [{port: 10, endPort: 9}]}]}`, "NetworkPolicy bank/p0: ports 10 to 9: a range of 1 to 65535 is wanted"},
		{"a selector of an unknown operator", `{podSelector: {matchExpressions: [{key: a, operator: Like, values: [b]}]}}`, "NetworkPolicy bank/p0: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := town()
			m.policy(t, "bank", c.spec)
			_, err := ruleset.Compile(m.state)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// TestPodsThatAreNotHeld are of another node, of the node's network, or have ended.
func TestPodsThatAreNotHeld(t *testing.T) {
	m := town()
	m.policy(t, "shop", `{podSelector: {}}`)
	m.state.Pods[0].Spec.NodeName = "other"
	m.state.Pods[1].Spec.HostNetwork = true
	m.state.Pods[2].Status.Phase = corev1.PodSucceeded
	r, err := ruleset.Compile(m.state)
	require.NoError(t, err)
	require.Empty(t, r.Held)
	require.Equal(t, []netip.Addr{m.addr("stranger", 0), m.addr("stranger", 1)}, r.Known)
}

// engine is what test/kit/netpol reads of the same cluster.
func (m *made) engine(t testing.TB) *netpol.Cluster {
	var docs []string
	add := func(o any) {
		b, err := yaml.Marshal(o)
		require.NoError(t, err)
		docs = append(docs, string(b))
	}
	for _, n := range m.state.Namespaces {
		add(n)
	}
	for _, p := range m.state.Pods {
		add(p)
	}
	for _, p := range m.state.Policies {
		add(p)
	}
	c, err := netpol.Read(map[string][]byte{"made": []byte(strings.Join(docs, "\n---\n"))}, m.state.Cluster[0])
	require.NoError(t, err)
	return c
}

// agrees asks both about every pair of pods and outside addresses.
func (m *made) agrees(t testing.TB) (passed, stopped int) {
	r, err := ruleset.Compile(m.state)
	require.NoError(t, err)
	engine := m.engine(t)
	outside := []netip.Addr{netip.MustParseAddr("192.0.2.9"), netip.MustParseAddr("192.0.2.100"), netip.MustParseAddr("2001:db8::9")}
	for family := range 2 {
		var peers []netpol.Peer
		for _, p := range m.state.Pods {
			pod, err := engine.Find(p.Namespace + "/" + p.Name)
			require.NoError(t, err)
			peers = append(peers, netpol.Peer{Pod: pod, Addr: netip.MustParseAddr(p.Status.PodIPs[family].IP)})
		}
		for _, a := range outside {
			peers = append(peers, netpol.Peer{Addr: a})
		}
		for _, from := range peers {
			for _, to := range peers {
				if from.Addr.Is4() != to.Addr.Is4() || from == to || from.Pod == nil && to.Pod == nil {
					continue
				}
				for _, protocol := range []corev1.Protocol{"TCP", "UDP", "SCTP"} {
					for _, port := range []int{53, 80, 8000, 8080, 8081, 8443, 9090, 65535} {
						want := engine.Ask(from, to, protocol, port)
						if want.Passes {
							passed++
						} else {
							stopped++
						}
						require.Equal(t, want.Passes, r.Passes(from.Addr, to.Addr, strings.ToLower(string(protocol)), uint16(port)),
							"%s (%s) to %s (%s) on %s %d\n%s\n%s", from, from.Addr, to, to.Addr, protocol, port, want, r.NFT("eth0"))
					}
				}
			}
		}
	}
	return passed, stopped
}

// random adds policies of every shape.
func random(t testing.TB, seed uint64) *made {
	r := rand.New(rand.NewPCG(seed, 1))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	selector := func() string {
		return pick(`{}`, `{matchLabels: {app: front}}`, `{matchLabels: {app: back}}`, `{matchExpressions: [{key: app, operator: NotIn, values: [vault]}]}`, `{matchExpressions: [{key: team, operator: Exists}]}`, `{matchLabels: {team: sales}}`)
	}
	peer := func() string {
		return pick(
			"{podSelector: "+selector()+"}", "{namespaceSelector: "+selector()+"}", "{namespaceSelector: "+selector()+", podSelector: "+selector()+"}",
			"{ipBlock: {cidr: 192.0.2.0/24, except: [192.0.2.64/26]}}", "{ipBlock: {cidr: 10.244.0.0/30}}", "{ipBlock: {cidr: 0.0.0.0/0, except: [10.244.0.2/32, 192.0.2.0/25]}}", "{ipBlock: {cidr: '::/0', except: ['fd00:244::2/128']}}")
	}
	port := func() string {
		return pick(`{port: 80}`, `{port: 8000, endPort: 8080}`, `{port: http}`, `{protocol: UDP, port: dns}`, `{port: dns}`, `{protocol: UDP}`, `{protocol: SCTP, port: 9090}`, `{protocol: UDP, port: 53, endPort: 8081}`)
	}
	list := func(one func() string, most int) string {
		var out []string
		for range r.IntN(most + 1) {
			out = append(out, one())
		}
		return "[" + strings.Join(out, ", ") + "]"
	}
	m := town()
	for range 1 + r.IntN(5) {
		rule := func(side string) func() string {
			return func() string { return "{" + side + ": " + list(peer, 3) + ", ports: " + list(port, 3) + "}" }
		}
		m.policy(t, pick("shop", "bank", "out"), fmt.Sprintf("{podSelector: %s, policyTypes: %s, ingress: %s, egress: %s}", selector(),
			pick("[Ingress]", "[Egress]", "[Ingress, Egress]"), list(rule("from"), 2), list(rule("to"), 2)))
	}
	return m
}

func TestAgreesWithTheEngine(t *testing.T) {
	var passed, stopped int
	for seed := range uint64(25) {
		p, s := random(t, seed).agrees(t)
		passed, stopped = passed+p, stopped+s
	}
	require.Greater(t, passed, 2_000)
	require.Greater(t, stopped, 2_000)
}

func FuzzAgreesWithTheEngine(f *testing.F) {
	f.Add(uint64(26))
	f.Fuzz(func(t *testing.T, seed uint64) { random(t, seed).agrees(t) })
}
