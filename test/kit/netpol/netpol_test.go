package netpol_test

import (
	"net/netip"
	"testing"

	"github.com/fintrack/platform/test/kit/netpol"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

var pods = netip.MustParsePrefix("100.64.0.0/16")

const workloads = `
apiVersion: v1
kind: Namespace
metadata: {name: fintrack, labels: {team: payments}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: auth, namespace: fintrack}
spec:
  template:
    metadata: {labels: {app: auth}}
    spec:
      serviceAccountName: auth
      containers: [{name: c, image: x, ports: [{name: http, containerPort: 8080, protocol: TCP}, {name: grpc, containerPort: 9000}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reporting, namespace: fintrack}
spec:
  template:
    metadata: {labels: {app: reporting}}
    spec:
      containers: [{name: c, image: x, ports: [{name: http, containerPort: 9090, protocol: TCP}]}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: monitoring}
spec:
  template:
    metadata: {labels: {app: agent}}
    spec: {hostNetwork: true, containers: [{name: c, image: x}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: prometheus, namespace: monitoring}
spec:
  template:
    metadata: {labels: {app: prometheus}}
    spec: {containers: [{name: c, image: x}]}
`

func policy(spec string) string {
	return "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: fintrack}\nspec: " + spec + "\n"
}

func TestPoliciesDecide(t *testing.T) {
	const deny = `{podSelector: {}, policyTypes: [Ingress, Egress]}`
	for _, c := range []struct {
		name, policies, from, to string
		port                     int
		want                     bool
	}{
		{"without a policy everything passes", "", "prometheus", "auth", 1, true},
		{"a default deny drops what comes in", policy(deny), "prometheus", "auth", 8080, false},
		{"a default deny drops what goes out", policy(deny), "auth", "prometheus", 9090, false},
		{"a policy of another namespace says nothing", policy(deny), "prometheus", "agent", 9090, true},
		{"a named port is the one of the pod that is asked", policy(`{podSelector: {}, ingress: [{ports: [{port: http}]}]}`), "prometheus", "reporting", 9090, true},
		{"a named port is not another pod's", policy(`{podSelector: {}, ingress: [{ports: [{port: http}]}]}`), "prometheus", "auth", 9090, false},
		{"endPort ends a range", policy(`{podSelector: {}, ingress: [{ports: [{port: 8000, endPort: 8080}]}]}`), "prometheus", "auth", 8080, true},
		{"behind endPort nothing passes", policy(`{podSelector: {}, ingress: [{ports: [{port: 8000, endPort: 8080}]}]}`), "prometheus", "auth", 8081, false},
		{"a policy of ingress leaves egress free", policy(`{podSelector: {}, ingress: []}`), "auth", "prometheus", 1, true},
		{"namespaces are chosen by the label that each has", policy(`{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]}]}`), "prometheus", "auth", 1, true},
		{"an empty list of rules admits nothing in", policy(`{podSelector: {}, ingress: []}`), "prometheus", "auth", 8080, false},
		{"an empty list of rules admits nothing out", policy(`{podSelector: {}, policyTypes: [Egress], egress: []}`), "auth", "prometheus", 9090, false},
		{"a named port whose protocol is left out is of TCP", policy(`{podSelector: {}, ingress: [{ports: [{port: grpc}]}]}`), "prometheus", "auth", 9000, true},
		{"a peer in the same namespace alone", policy(`{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}`), "prometheus", "auth", 1, false},
		{"a pod of the node's network is no pod of a namespace", policy(`{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}`), "agent", "auth", 1, false},
		{"a block that holds the pods' range admits pods", policy(`{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 100.64.0.0/10}}]}]}`), "prometheus", "auth", 1, true},
		{"a block without the pods' range does not", policy(`{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [100.64.0.0/10]}}]}]}`), "prometheus", "auth", 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, err := netpol.Read(map[string][]byte{"all.yaml": []byte(workloads + c.policies)}, pods)
			require.NoError(t, err)
			from, err := k.Find(c.from)
			require.NoError(t, err)
			to, err := k.Find(c.to)
			require.NoError(t, err)
			a := k.Ask(netpol.Peer{Pod: from}, netpol.Peer{Pod: to}, corev1.ProtocolTCP, c.port)
			require.Equal(t, c.want, a.Passes, a.String())
		})
	}
}

func TestAddressesOutsideAreToldApartByBlocks(t *testing.T) {
	k, err := netpol.Read(map[string][]byte{"all.yaml": []byte(workloads + policy(`{podSelector: {matchLabels: {app: auth}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.21.0/24, except: [10.0.21.128/25]}}], ports: [{port: 5432}]}]}`))}, pods)
	require.NoError(t, err)
	auth, err := k.Find("fintrack/auth")
	require.NoError(t, err)
	var open []string
	for _, a := range k.Addrs(netip.MustParsePrefix("10.0.20.0/22")) {
		if k.Ask(netpol.Peer{Pod: auth}, netpol.Peer{Addr: a}, corev1.ProtocolTCP, 5432).Passes {
			open = append(open, a.String())
		}
	}
	require.Equal(t, []string{"10.0.21.0"}, open)
	require.Contains(t, k.Ports(), 5432)
	require.Contains(t, k.Ports(), 5433)
}

func TestTheMatrixListsWhatPasses(t *testing.T) {
	k, err := netpol.Read(map[string][]byte{"all.yaml": []byte(workloads + policy(`{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {}}], ports: [{port: 8080}]}], egress: [{to: [{podSelector: {}}], ports: [{port: 8080}]}]}`))}, pods)
	require.NoError(t, err)
	var got []string
	for _, o := range k.Matrix() {
		if o.From.Namespace == "fintrack" || o.To.Namespace == "fintrack" {
			require.Equal(t, []int{8080}, o.Ports)
			got = append(got, o.From.Name+" "+o.To.Name+" "+string(o.Protocol))
		}
	}
	require.Equal(t, []string{"auth auth TCP", "auth reporting TCP", "reporting auth TCP", "reporting reporting TCP"}, got)
}

func TestBadManifestsAreNamed(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a field that does not exist":    {policy(`{podSelektor: {}}`), "bad.yaml: NetworkPolicy p"},
		"a block that is no range":       {policy(`{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]}`), `bad.yaml: NetworkPolicy fintrack/p: "10.0.0.0" is no range`},
		"a peer's selector that is none": {policy(`{podSelector: {}, ingress: [{from: [{podSelector: {matchExpressions: [{key: a, operator: Like}]}}]}]}`), "bad.yaml: NetworkPolicy fintrack/p: podSelector of a peer: "},
		"text that is no YAML":           {"a: [", "bad.yaml:"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := netpol.Read(map[string][]byte{"bad.yaml": []byte(c.text)}, pods)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(workloads + policy(`{podSelector: {}}`))
	f.Add("---\n---\nkind: NetworkPolicy")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := netpol.Read(map[string][]byte{"any": []byte(text)}, pods)
		if err == nil {
			k.Ports()
		}
	})
}

func TestPoliciesThatNobodyMeets(t *testing.T) {
	for _, c := range []struct {
		name, policy string
		want         []string
	}{
		{"a policy that selects a pod, with a peer that is one", `{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}, podSelector: {matchLabels: {app: prometheus}}}]}]}`, nil},
		{"a policy of other pods", `{podSelector: {matchLabels: {app: gone}}}`, []string{"NetworkPolicy fintrack/p selects no pod"}},
		{"a peer of another namespace", `{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: prometheus}}}]}]}`, []string{"NetworkPolicy fintrack/p: peer 1 of a rule for ingress is no pod"}},
		{"a peer that has its node's network", `{podSelector: {}, egress: [{to: [{podSelector: {}}, {namespaceSelector: {}, podSelector: {matchLabels: {app: agent}}}]}]}`, []string{"NetworkPolicy fintrack/p: peer 2 of a rule for egress is no pod"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, err := netpol.Read(map[string][]byte{"all": []byte(workloads + policy(c.policy))}, pods)
			require.NoError(t, err)
			require.Equal(t, c.want, k.Idle())
		})
	}
}
