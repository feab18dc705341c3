package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// BorneRight is a dangerous right of a service account of the cluster, and why the
// account must have it.
type BorneRight struct {
	// Right is one of those that Dangers names, In and Names as those of the grant.
	Right string   `yaml:"right"`
	In    string   `yaml:"in"`
	Names []string `yaml:"names"`
	// Because is why the component needs it, or why it cannot be taken away.
	Because string `yaml:"because"`
}

func (b BorneRight) String() string {
	out := b.Right
	if len(b.Names) > 0 {
		names := slices.Sorted(slices.Values(b.Names))
		out += " " + strings.Join(names, " and ")
	}
	if b.In != "" {
		return out + " in " + b.In
	}
	return out + " everywhere"
}

// danger is a right by which an account gains more than it says.
type danger struct {
	right string
	// verbs on resources; nothing in resources stands for every one.
	verbs, resources []string
	// named says that a grant for named objects alone is one too.
	named bool
}

var (
	reading = []string{"get", "list", "watch"}
	writing = []string{"create", "update", "patch"}
	// removing too takes a wall away.
	removing = []string{"create", "update", "patch", "delete", "deletecollection"}
)

// dangers are the rights that the Kubernetes documentation warns of ("Role Based Access
// Control Good Practices", privilege escalation risks), and beside them those over
// policies of admission, over kinds, over API services (whoever answers for a group gets
// its callers' requests) and over what is in a container that runs.
var dangers = []danger{
	{right: "read secrets", verbs: reading, resources: []string{"secrets"}},
	// A Secret can be made that holds a service account's token.
	{right: "write secrets", verbs: writing, resources: []string{"secrets"}},
	{right: "create tokens", verbs: []string{"create"}, resources: []string{"serviceaccounts/token"}, named: true},
	// A pod may have each Secret and each account of its namespace.
	{right: "run pods", verbs: writing, resources: []string{
		"pods", "podtemplates", "replicationcontrollers", "daemonsets.apps", "deployments.apps", "replicasets.apps", "statefulsets.apps", "cronjobs.batch", "jobs.batch",
	}, named: true},
	{right: "enter pods", verbs: append([]string{"get"}, writing...), resources: []string{
		"pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy", "pods/ephemeralcontainers",
	}, named: true},
	{right: "reach kubelets", verbs: ClusterVerbs[:8], resources: []string{"nodes/proxy"}, named: true},
	{right: "steer nodes", verbs: removing, resources: []string{"nodes"}, named: true},
	{right: "make volumes", verbs: writing, resources: []string{"persistentvolumes"}},
	{right: "relabel namespaces", verbs: []string{"update", "patch"}, resources: []string{"namespaces"}, named: true},
	{right: "change rights", verbs: writing, resources: []string{
		"roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io", "clusterroles.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io",
	}, named: true},
	{right: "give more rights", verbs: []string{"bind", "escalate"}, named: true},
	{right: "impersonate", verbs: []string{"impersonate"}, named: true},
	{right: "sign certificates", verbs: []string{"approve", "sign"}, named: true},
	{right: "approve certificates", verbs: []string{"update", "patch"}, resources: []string{
		"certificatesigningrequests/approval.certificates.k8s.io", "certificatesigningrequests/status.certificates.k8s.io",
	}, named: true},
	{right: "change admission", verbs: removing, resources: []string{
		"mutatingwebhookconfigurations.admissionregistration.k8s.io", "validatingwebhookconfigurations.admissionregistration.k8s.io",
		"mutatingadmissionpolicies.admissionregistration.k8s.io", "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
		"validatingadmissionpolicies.admissionregistration.k8s.io", "validatingadmissionpolicybindings.admissionregistration.k8s.io",
	}, named: true},
	{right: "change kinds", verbs: removing, resources: []string{"customresourcedefinitions.apiextensions.k8s.io"}, named: true},
	{right: "answer for the API", verbs: removing, resources: []string{"apiservices.apiregistration.k8s.io"}, named: true},
}

// everything is the right that a grant over all resources by * is, and over those of a
// group when it is not to read alone: over a kind that is there tomorrow too. Verbs by *
// are no part of an intent.
const everything = "use all kinds"

// Dangers are the dangerous rights in what the account may, each once.
func (a ClusterAccount) Dangers() (out []BorneRight) {
	add := func(right string, g ClusterGrant) {
		b := BorneRight{Right: right, In: g.In, Names: g.Names}
		if !slices.ContainsFunc(out, func(x BorneRight) bool { return x.String() == b.String() }) {
			out = append(out, b)
		}
	}
	for _, g := range a.May {
		for _, r := range g.Resources {
			if r == "*" {
				add(everything, g)
			} else if group, ok := strings.CutPrefix(r, "*."); ok && slices.ContainsFunc(g.Verbs, func(v string) bool { return !slices.Contains(reading, v) }) {
				add(everything+" of "+group, g)
			}
		}
		for _, d := range dangers {
			if d.in(g) {
				add(d.right, g)
			}
		}
	}
	return out
}

// in reports that a grant gives the right. A resource by * gives it too.
func (d danger) in(g ClusterGrant) bool {
	if len(g.Names) > 0 && !d.named {
		return false
	}
	if !slices.ContainsFunc(g.Verbs, func(v string) bool { return slices.Contains(d.verbs, v) }) {
		return false
	}
	return d.resources == nil || slices.ContainsFunc(d.resources, func(r string) bool {
		return slices.ContainsFunc(g.Resources, Question{Resource: r}.about)
	})
}

// Unjustified are the dangerous rights that an account has and that nobody gave a reason
// for, and the reasons for a right that it does not have. The first can be used for more
// than the account is for; the second hide the day on which the right comes back.
func (i *Intent) Unjustified() (missing, stale []string) {
	for _, name := range slices.Sorted(maps.Keys(i.Cluster)) {
		account := i.Cluster[name]
		has := map[string]bool{}
		for _, d := range account.Dangers() {
			has[d.String()] = true
			if !slices.ContainsFunc(account.Borne, func(b BorneRight) bool { return b.String() == d.String() && strings.TrimSpace(b.Because) != "" }) {
				missing = append(missing, fmt.Sprintf("%s may %s: take it away, or write under borne because of what it must", name, d))
			}
		}
		for _, b := range account.Borne {
			if !has[b.String()] {
				stale = append(stale, fmt.Sprintf("%s may not %s, and a reason is written for it: take that away", name, b))
			}
		}
	}
	return missing, stale
}

// rights are the names of all dangerous rights, but for those of whole groups.
func rights() (out []string) {
	for _, d := range dangers {
		out = append(out, d.right)
	}
	return append(out, everything, everything+" of GROUP")
}
