package cluster_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/fintrack/platform/test/kit/access"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/iam"
	"github.com/stretchr/testify/require"
)

// basic is what every account may do: ask about itself (Kubernetes documentation,
// "Using RBAC Authorization", API discovery roles and basic user).
var basic = access.ClusterAccount{May: []access.ClusterGrant{{Verbs: []string{"create"}, Resources: []string{
	"selfsubjectreviews.authentication.k8s.io", "selfsubjectaccessreviews.authorization.k8s.io", "selfsubjectrulesreviews.authorization.k8s.io",
}}}}

// rights asks for every service account of the tree, and those that Kubernetes makes in
// its namespaces, over all verbs and resources that the API server serves.
func (e environment) rights() {
	text, err := os.ReadFile(filepath.Join(root, "policies/intent/access.yaml"))
	require.NoError(e.t, err)
	known, err := iam.KnownActions()
	require.NoError(e.t, err)
	intent, err := access.Parse("policies/intent/access.yaml", text, known)
	require.NoError(e.t, err)
	asker := e.asker()
	var accounts []string
	for _, o := range e.tree.Of("", "ServiceAccount") {
		accounts = append(accounts, o.Namespace+"/"+o.Name())
	}
	for _, o := range e.tree.Of("", "Namespace") {
		// An account that no binding names has the rights of one like it.
		if o.Name() == "fintrack" || asker.isNamed(o.Name(), "default") {
			accounts = append(accounts, o.Name()+"/default")
		}
	}
	slices.Sort(accounts)
	var services, addons refusals
	asked := map[bool]int{}
	for _, account := range slices.Compact(accounts) {
		meant, declared := intent.Cluster[account]
		into := &services
		if declared || !strings.HasPrefix(account, "fintrack/") {
			into = &addons
		}
		differs, n := asker.differs(account, meant)
		asked[into == &services] += n
		for _, d := range differs {
			into.add(account, fmt.Errorf("%s", d))
		}
	}
	services.record(e.checks, promise("rights", "The services' accounts may do nothing in the API", "gitops/charts/fintrack-service-chart", "CC6.1", "CC6.3"), asked[true], "questions over all verbs and resources")
	addons.record(e.checks, promise("rights-of-add-ons", "The add-ons' accounts may do in the API what the intent declares, and nothing else", "policies/intent/access.yaml", "CC6.1", "CC6.3"), asked[false], "questions over all verbs and resources")
	e.unknownRights(intent, accounts)
}

// unknownRights says of which add-ons the rights are not known here.
func (e environment) unknownRights(intent *access.Intent, accounts []string) {
	var charts []string
	for _, u := range e.tree.Unrendered {
		charts = append(charts, u.Source.Chart+" "+u.Source.TargetRevision)
	}
	stray := intent.Strangers(accounts)
	e.checks.That(promise("rights-declared", "Every account that the intent declares rights for is one of the cluster", "policies/intent/access.yaml", "CC6.3"), stray == nil, "no other", fmt.Sprintf("unknown accounts: %v", stray))
	e.checks.NotProven(promise("rights-of-other-charts", "The accounts of the other add-ons may do what is declared", "gitops/apps/templates/addons", "CC6.1", "CC6.3"), "the chart registry", "their charts are in no Go module: "+strings.Join(charts, ", "))
}

// asker asks the API server for rights.
type asker struct {
	e         environment
	resources []string // as "plural/subresource.group"
	// names are objects that roles name, by resource; bound are the namespaces in which a
	// binding names a subject, by its kind and name; "" is the whole cluster.
	names map[string][]string
	bound map[string][]string
}

func (e environment) asker() asker {
	a := asker{e: e, names: map[string][]string{}, bound: map[string][]string{}}
	var groups struct {
		Groups []struct {
			Name             string
			PreferredVersion struct{ GroupVersion string }
		}
	}
	require.NoError(e.t, e.cluster.Do(e.t.Context(), http.MethodGet, "/apis", nil, &groups))
	paths := map[string]string{"/api/v1": ""}
	for _, g := range groups.Groups {
		paths["/apis/"+g.PreferredVersion.GroupVersion] = g.Name
	}
	// Nothing serves these, and they are asked for all the same.
	a.resources = append(a.resources, "users", "groups", "signers.certificates.k8s.io")
	for path, group := range paths {
		var list struct{ Resources []struct{ Name string } }
		require.NoError(e.t, e.cluster.Do(e.t.Context(), http.MethodGet, path, nil, &list))
		for _, r := range list.Resources {
			a.resources = append(a.resources, named(r.Name, group))
		}
	}
	for _, kind := range []string{"Role", "ClusterRole"} {
		for _, o := range e.tree.Of("rbac.authorization.k8s.io", kind) {
			a.nameObjects(o)
		}
	}
	for _, kind := range []string{"rolebindings", "clusterrolebindings"} {
		var bindings struct {
			Items []struct {
				Metadata struct{ Namespace string }
				Subjects []struct{ Kind, Namespace, Name string }
			}
		}
		require.NoError(e.t, e.cluster.Do(e.t.Context(), http.MethodGet, "/apis/rbac.authorization.k8s.io/v1/"+kind, nil, &bindings))
		for _, b := range bindings.Items {
			for _, s := range b.Subjects {
				key := s.Kind + " " + s.Name
				if s.Kind == "ServiceAccount" {
					key = "User " + user(s.Namespace, s.Name)
				}
				a.bound[key] = append(a.bound[key], b.Metadata.Namespace)
			}
		}
	}
	slices.Sort(a.resources)
	a.resources = slices.Compact(a.resources)
	return a
}

// user and groups are what the API server takes a service account for ("Service account
// tokens" in the Kubernetes documentation).
func user(namespace, name string) string { return "system:serviceaccount:" + namespace + ":" + name }

func groups(namespace string) []string {
	return []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"}
}

// isNamed reports that a binding names the account, or the group of its namespace.
func (a asker) isNamed(namespace, name string) bool {
	return a.bound["User "+user(namespace, name)] != nil || a.bound["Group system:serviceaccounts:"+namespace] != nil
}

// named is a resource as the intent names it.
func named(resource, group string) string { return strings.TrimSuffix(resource+"."+group, ".") }

// nameObjects notes the objects that a role names.
func (a *asker) nameObjects(role gitops.Object) {
	rules, _ := role.At("rules").([]any)
	for _, r := range rules {
		r, _ := r.(map[string]any)
		texts := func(key string) (out []string) {
			list, _ := r[key].([]any)
			for _, x := range list {
				out = append(out, fmt.Sprint(x))
			}
			return out
		}
		for _, group := range texts("apiGroups") {
			for _, resource := range texts("resources") {
				if strings.Contains(resource+group, "*") {
					continue
				}
				key := named(resource, group)
				a.resources = append(a.resources, key)
				a.names[key] = append(a.names[key], texts("resourceNames")...)
			}
		}
	}
}

// questions are all that is asked of an account: for every object and the named ones,
// everywhere, and where a RoleBinding names it or a group of it. Elsewhere it has no
// other rights than everywhere.
func (a asker) questions(account string) []access.Question {
	namespace, name, _ := strings.Cut(account, "/")
	namespaces := append([]string{""}, a.bound["User "+user(namespace, name)]...)
	for _, g := range groups(namespace) {
		namespaces = append(namespaces, a.bound["Group "+g]...)
	}
	slices.Sort(namespaces)
	var out []access.Question
	for _, namespace := range slices.Compact(namespaces) {
		for _, resource := range a.resources {
			names := append([]string{""}, a.names[resource]...)
			slices.Sort(names)
			for _, name := range slices.Compact(names) {
				for _, verb := range verbsOf(resource) {
					out = append(out, access.Question{Verb: verb, Resource: resource, Namespace: namespace, Name: name})
				}
			}
		}
	}
	return out
}

// verbsOf are the verbs that a resource can be asked for: the special ones are of these
// resources alone ("Authorization Overview" in the Kubernetes documentation).
func verbsOf(resource string) []string {
	plain := access.ClusterVerbs[:8]
	switch name, _, _ := strings.Cut(resource, "."); name {
	case "roles", "clusterroles", "users", "groups", "serviceaccounts", "signers":
		return access.ClusterVerbs
	}
	return plain
}

// differs are the answers that are not what is meant, and how many were asked for.
func (a asker) differs(account string, meant access.ClusterAccount) (out []string, asked int) {
	namespace, name, _ := strings.Cut(account, "/")
	meant.May = append(slices.Clone(meant.May), basic.May...)
	var mu sync.Mutex
	var failed error
	work := make(chan access.Question)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for q := range work {
				granted, err := a.ask(namespace, name, q)
				mu.Lock()
				if err != nil {
					failed = err
				} else if d := meant.Differs(q, granted); d != "" {
					out = append(out, d)
				}
				mu.Unlock()
			}
		})
	}
	questions := a.questions(account)
	for _, q := range questions {
		work <- q
	}
	close(work)
	wg.Wait()
	require.NoError(a.e.t, failed)
	slices.Sort(out)
	return out, len(questions)
}

// ask asks the API server one question.
func (a asker) ask(namespace, name string, q access.Question) (bool, error) {
	resource, group, _ := strings.Cut(q.Resource, ".")
	resource, sub, _ := strings.Cut(resource, "/")
	var answer struct{ Status struct{ Allowed bool } }
	err := a.e.cluster.Do(a.e.t.Context(), http.MethodPost, "/apis/authorization.k8s.io/v1/subjectaccessreviews", map[string]any{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
		"spec": map[string]any{
			"user": user(namespace, name), "groups": groups(namespace),
			"resourceAttributes": map[string]any{"namespace": q.Namespace, "verb": q.Verb, "group": group, "resource": resource, "subresource": sub, "name": q.Name},
		},
	}, &answer)
	return answer.Status.Allowed, err
}
