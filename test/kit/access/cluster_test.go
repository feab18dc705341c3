package access_test

import (
	"slices"
	"testing"

	"github.com/fintrack/platform/test/kit/access"
)

func TestARightOfTheClusterIsDeclaredOrNot(t *testing.T) {
	a := access.ClusterAccount{May: []access.ClusterGrant{
		{Verbs: []string{"get", "list"}, Resources: []string{"secrets", "deployments/status.apps"}},
		{Verbs: []string{"update"}, Resources: []string{"leases.coordination.k8s.io"}, In: "own", Names: []string{"leader"}},
		{Verbs: []string{"delete"}, Resources: []string{"*.example.com"}},
	}}
	for name, c := range map[string]struct {
		q    access.Question
		want bool
	}{
		"everywhere":                            {access.Question{Verb: "get", Resource: "secrets"}, true},
		"everywhere is in each namespace too":   {access.Question{Verb: "get", Resource: "secrets", Namespace: "x", Name: "y"}, true},
		"another verb":                          {access.Question{Verb: "watch", Resource: "secrets"}, false},
		"a subresource":                         {access.Question{Verb: "get", Resource: "deployments/status.apps"}, true},
		"a subresource does not give the whole": {access.Question{Verb: "get", Resource: "deployments.apps"}, false},
		"a named object":                        {access.Question{Verb: "update", Resource: "leases.coordination.k8s.io", Namespace: "own", Name: "leader"}, true},
		"a named object does not give all":      {access.Question{Verb: "update", Resource: "leases.coordination.k8s.io", Namespace: "own"}, false},
		"a namespace does not give all":         {access.Question{Verb: "update", Resource: "leases.coordination.k8s.io", Name: "leader"}, false},
		"all of a group":                        {access.Question{Verb: "delete", Resource: "things.example.com"}, true},
		"none of another group":                 {access.Question{Verb: "delete", Resource: "things.example.org"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := a.Allows(c.q); got != c.want {
				t.Errorf("%s: got %t", c.q, got)
			}
			if d := a.Differs(c.q, c.want); d != "" {
				t.Errorf("what is meant differs: %s", d)
			}
			if d := a.Differs(c.q, !c.want); d == "" {
				t.Error("what is not meant does not differ")
			}
		})
	}
	if a := (access.ClusterAccount{May: []access.ClusterGrant{{Verbs: []string{"get"}, Resources: []string{"*"}}}}); !a.Allows(access.Question{Verb: "get", Resource: "pods/log"}) {
		t.Error("all resources do not hold a subresource")
	}
}

func TestRightsAreDeclaredForAccountsOfTheClusterAlone(t *testing.T) {
	intent := &access.Intent{Cluster: map[string]access.ClusterAccount{"karpenter/karpenter": {}, "fintrack/auth": {}}}
	for name, c := range map[string]struct{ accounts, want []string }{
		"both are there":                {[]string{"fintrack/auth", "karpenter/karpenter"}, nil},
		"more are there":                {[]string{"fintrack/auth", "karpenter/karpenter", "argocd/server"}, nil},
		"one is of another name":        {[]string{"fintrack/auth-service", "karpenter/karpenter"}, []string{"fintrack/auth"}},
		"one is in another namespace":   {[]string{"fintrack/auth", "kube-system/karpenter"}, []string{"karpenter/karpenter"}},
		"the cluster has none of these": {nil, []string{"fintrack/auth", "karpenter/karpenter"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := intent.Strangers(c.accounts); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestAnAnswerThatIsNotMeantIsSaid(t *testing.T) {
	reader := access.ClusterAccount{May: []access.ClusterGrant{{Verbs: []string{"get"}, Resources: []string{"secrets"}, In: "own"}}}
	in := func(namespace string) access.Question {
		return access.Question{Verb: "get", Resource: "secrets", Namespace: namespace}
	}
	for name, c := range map[string]struct {
		account access.ClusterAccount
		q       access.Question
		granted bool
		want    string
	}{
		"what is declared is granted":                    {reader, in("own"), true, ""},
		"what is not declared is refused":                {reader, in("other"), false, ""},
		"what is declared is refused":                    {reader, in("own"), false, "may not get secrets in own, which is declared"},
		"it is granted in another namespace too":         {reader, in("other"), true, "may get secrets in other, which is not declared"},
		"it is granted everywhere":                       {reader, in(""), true, "may get secrets everywhere, which is not declared"},
		"an account that may nothing is granted a thing": {access.ClusterAccount{}, in("own"), true, "may get secrets in own, which is not declared"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.account.Differs(c.q, c.granted); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
