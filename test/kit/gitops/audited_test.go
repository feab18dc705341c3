package gitops_test

import (
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/stretchr/testify/require"
)

func TestWhatAPolicyIsAboutCanBeRead(t *testing.T) {
	const (
		binding    = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: r}\nsubjects: [{kind: ServiceAccount, namespace: system, name: gatekeeper}]\n---\n"
		constraint = "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sRule\nmetadata: {name: c}\nspec: {match: {kinds: [{apiGroups: ['', apps], kinds: [Pod]}]}}\n"
		all        = "[get, list, watch]"
	)
	role := func(rules string) string {
		return binding + "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules: [" + rules + "]\n---\n"
	}
	rule := func(groups, resources, verbs string) string {
		return "{apiGroups: [" + groups + "], resources: [" + resources + "], verbs: " + verbs + "}"
	}
	for name, c := range map[string]struct {
		text, says string
		seen       int
	}{
		"all of it can":                {role(rule("'', apps", "pods", all)) + constraint, "none", 2},
		"by two rules":                 {role(rule("''", "pods", all)+", "+rule("apps", "'*'", all)) + constraint, "none", 2},
		"by everything":                {role(rule("'*'", "'*'", "['*']")) + constraint, "none", 2},
		"one group cannot":             {role(rule("''", "pods", all)) + constraint, "c: it is about pods.apps, which system/gatekeeper may not list: audit would leave them out", 2},
		"they cannot be listed":        {role(rule("'', apps", "pods", "[get, watch]")) + constraint, "about pods, which system/gatekeeper may not list", 2},
		"some can by name alone":       {role("{apiGroups: ['', apps], resources: [pods], resourceNames: [x], verbs: "+all+"}") + constraint, "about pods, which system/gatekeeper may not get", 2},
		"nothing is bound":             {constraint, "about pods, which system/gatekeeper may not get", 2},
		"another account can":          {strings.Replace(role(rule("'', apps", "pods", all)), "name: gatekeeper", "name: other", 1) + constraint, "about pods, which system/gatekeeper may not get", 2},
		"one of another namespace":     {strings.Replace(role(rule("'', apps", "pods", all)), "namespace: system", "namespace: other", 1) + constraint, "about pods, which system/gatekeeper may not get", 2},
		"a user of that name can":      {strings.Replace(role(rule("'', apps", "pods", all)), "kind: ServiceAccount", "kind: User", 1) + constraint, "about pods, which system/gatekeeper may not get", 2},
		"another role may":             {strings.Replace(role(rule("'', apps", "pods", all)), "kind: ClusterRole, name: r", "kind: ClusterRole, name: other", 1) + constraint, "about pods, which system/gatekeeper may not get", 2},
		"it is about all kinds":        {role(rule("''", "pods", all)) + "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sRule\nmetadata: {name: c}\nspec: {match: {kinds: [{apiGroups: ['*'], kinds: ['*']}]}}\n", "it is about every kind, which system/gatekeeper may not read", 1},
		"it names no kinds":            {role(rule("''", "pods", all)) + "apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K8sRule\nmetadata: {name: c}\nspec: {}\n", "it is about every kind", 1},
		"pods are made of what cannot": {role(rule("''", "pods", all)) + "apiVersion: expansion.gatekeeper.sh/v1beta1\nkind: ExpansionTemplate\nmetadata: {name: e}\nspec: {applyTo: [{groups: [apps], versions: [v1], kinds: [Deployment]}]}\n", "about deployments.apps, which system/gatekeeper may not watch", 1},
		"what is looked up cannot":     {role(rule("''", "pods", all)) + "apiVersion: config.gatekeeper.sh/v1alpha1\nkind: Config\nmetadata: {name: config}\nspec: {sync: {syncOnly: [{group: a.io, version: v1, kind: Report}, {group: '', version: v1, kind: NetworkPolicy}]}}\n", "about reports.a.io, which system/gatekeeper may not list", 2},
		"a plural in ies":              {role(rule("n.io", "networkpolicies", all)) + "apiVersion: config.gatekeeper.sh/v1alpha1\nkind: Config\nmetadata: {name: config}\nspec: {sync: {syncOnly: [{group: n.io, version: v1, kind: NetworkPolicy}]}}\n", "none", 1},
		"there is no policy":           {role(rule("''", "pods", all)), "none", 0},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := gitops.Parse("f", []byte(c.text))
			require.NoError(t, err)
			found, seen := gitops.Tree{Objects: objects}.Audited("system", "gatekeeper")
			require.Equal(t, c.seen, seen)
			require.Contains(t, gitops.Words(found), c.says)
		})
	}
}
