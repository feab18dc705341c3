package access_test

import (
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
