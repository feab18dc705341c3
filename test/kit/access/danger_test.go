package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/access"
)

// said are the dangerous rights of a grant, in words.
func said(g access.ClusterGrant) (out []string) {
	for _, d := range (access.ClusterAccount{May: []access.ClusterGrant{g}}).Dangers() {
		out = append(out, d.String())
	}
	return out
}

func TestADangerousRightIsKnown(t *testing.T) {
	grant := func(verb, resource string) access.ClusterGrant {
		return access.ClusterGrant{Verbs: []string{verb}, Resources: []string{resource}}
	}
	in := func(g access.ClusterGrant, namespace string, names ...string) access.ClusterGrant {
		g.In, g.Names = namespace, names
		return g
	}
	for name, c := range map[string]struct {
		grant access.ClusterGrant
		want  []string
	}{
		"every Secret is read":                    {grant("get", "secrets"), []string{"read secrets everywhere"}},
		"every Secret is listed":                  {grant("list", "secrets"), []string{"read secrets everywhere"}},
		"every Secret is watched":                 {grant("watch", "secrets"), []string{"read secrets everywhere"}},
		"Secrets of one namespace are read":       {in(grant("get", "secrets"), "own"), []string{"read secrets in own"}},
		"one Secret by name is read":              {in(grant("get", "secrets"), "own", "mine"), nil},
		"Secrets are written":                     {grant("patch", "secrets"), []string{"write secrets everywhere"}},
		"Secrets are deleted":                     {grant("delete", "secrets"), nil},
		"tokens are made":                         {grant("create", "serviceaccounts/token"), []string{"create tokens everywhere"}},
		"one account's tokens are made":           {in(grant("create", "serviceaccounts/token"), "own", "me"), []string{"create tokens me in own"}},
		"service accounts are made":               {grant("create", "serviceaccounts"), nil},
		"pods are run":                            {grant("create", "pods"), []string{"run pods everywhere"}},
		"Jobs are run":                            {grant("create", "jobs.batch"), []string{"run pods everywhere"}},
		"a Deployment's pods are changed":         {grant("patch", "deployments.apps"), []string{"run pods everywhere"}},
		"pods are read":                           {grant("list", "pods"), nil},
		"pods are deleted":                        {grant("delete", "pods"), nil},
		"a command is run in pods":                {grant("create", "pods/exec"), []string{"enter pods everywhere"}},
		"a command is run by a GET":               {grant("get", "pods/exec"), []string{"enter pods everywhere"}},
		"containers are put into pods":            {grant("patch", "pods/ephemeralcontainers"), []string{"enter pods everywhere"}},
		"the kubelet is reached":                  {grant("get", "nodes/proxy"), []string{"reach kubelets everywhere"}},
		"the kubelet's figures are read":          {grant("get", "nodes/metrics"), nil},
		"nodes are changed":                       {grant("patch", "nodes"), []string{"steer nodes everywhere"}},
		"volumes of the node are made":            {grant("create", "persistentvolumes"), []string{"make volumes everywhere"}},
		"the pod security of a namespace changes": {grant("patch", "namespaces"), []string{"relabel namespaces everywhere"}},
		"roles are changed":                       {grant("update", "clusterroles.rbac.authorization.k8s.io"), []string{"change rights everywhere"}},
		"roles are bound":                         {grant("bind", "clusterroles.rbac.authorization.k8s.io"), []string{"give more rights everywhere"}},
		"more is given than is had":               {grant("escalate", "roles.rbac.authorization.k8s.io"), []string{"give more rights everywhere"}},
		"somebody else is played":                 {grant("impersonate", "users"), []string{"impersonate everywhere"}},
		"one account is played":                   {in(grant("impersonate", "serviceaccounts"), "own", "me"), []string{"impersonate me in own"}},
		"certificates are signed":                 {in(grant("sign", "signers.certificates.k8s.io"), "", "b/*", "a/*"), []string{"sign certificates a/* and b/* everywhere"}},
		"certificates are approved":               {grant("update", "certificatesigningrequests/approval.certificates.k8s.io"), []string{"approve certificates everywhere"}},
		"webhooks are written":                    {grant("create", "mutatingwebhookconfigurations.admissionregistration.k8s.io"), []string{"change admission everywhere"}},
		"a webhook is taken away":                 {grant("delete", "validatingwebhookconfigurations.admissionregistration.k8s.io"), []string{"change admission everywhere"}},
		"one webhook is written":                  {in(grant("patch", "validatingwebhookconfigurations.admissionregistration.k8s.io"), "", "mine"), []string{"change admission mine everywhere"}},
		"kinds are changed":                       {grant("update", "customresourcedefinitions.apiextensions.k8s.io"), []string{"change kinds everywhere"}},
		"a group of the API is answered for":      {grant("patch", "apiservices.apiregistration.k8s.io"), []string{"answer for the API everywhere"}},
		"everything is read": {grant("get", "*"), []string{
			"use all kinds everywhere", "read secrets everywhere", "enter pods everywhere", "reach kubelets everywhere",
		}},
		"everything of a group is read":       {grant("list", "*.example.com"), nil},
		"everything of a group is written":    {grant("create", "*.example.com"), []string{"use all kinds of example.com everywhere"}},
		"everything of a group that can bind": {grant("update", "*.rbac.authorization.k8s.io"), []string{"use all kinds of rbac.authorization.k8s.io everywhere", "change rights everywhere"}},
		"what says nothing is read":           {grant("get", "configmaps"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := said(c.grant); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Each resource of a right gives it by itself.
func TestADangerousRightIsKnownByEachOfItsResources(t *testing.T) {
	const rbac, admission = ".rbac.authorization.k8s.io", ".admissionregistration.k8s.io"
	for right, resources := range map[string][]string{
		"run pods":      {"pods", "podtemplates", "replicationcontrollers", "daemonsets.apps", "deployments.apps", "replicasets.apps", "statefulsets.apps", "cronjobs.batch", "jobs.batch"},
		"enter pods":    {"pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy", "pods/ephemeralcontainers"},
		"change rights": {"roles" + rbac, "rolebindings" + rbac, "clusterroles" + rbac, "clusterrolebindings" + rbac},
		"change admission": {
			"mutatingwebhookconfigurations" + admission, "validatingwebhookconfigurations" + admission, "mutatingadmissionpolicies" + admission,
			"mutatingadmissionpolicybindings" + admission, "validatingadmissionpolicies" + admission, "validatingadmissionpolicybindings" + admission,
		},
		"approve certificates": {"certificatesigningrequests/approval.certificates.k8s.io", "certificatesigningrequests/status.certificates.k8s.io"},
	} {
		for _, resource := range resources {
			t.Run(right+" by "+resource, func(t *testing.T) {
				for _, names := range [][]string{nil, {"one"}} {
					got := access.ClusterAccount{May: []access.ClusterGrant{{Verbs: []string{"update"}, Resources: []string{resource}, Names: names}}}.Dangers()
					if len(got) != 1 || got[0].Right != right {
						t.Errorf("of names %v: got %v", names, got)
					}
				}
			})
		}
	}
}

func TestADangerousRightIsNamedOnce(t *testing.T) {
	a := access.ClusterAccount{May: []access.ClusterGrant{
		{Verbs: []string{"get"}, Resources: []string{"secrets"}}, {Verbs: []string{"list"}, Resources: []string{"secrets", "pods"}},
	}}
	if got := a.Dangers(); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestADangerousRightWantsAReasonAndAReasonARight(t *testing.T) {
	wide := access.ClusterGrant{Verbs: []string{"get"}, Resources: []string{"secrets"}}
	own := access.ClusterGrant{Verbs: []string{"get"}, Resources: []string{"secrets"}, In: "own"}
	everywhere := access.BorneRight{Right: "read secrets", Because: "it copies them"}
	const lacks, hides = "a/b may read secrets everywhere: take it away, or write under borne because of what it must", "a/b may not read secrets everywhere, and a reason is written for it: take that away"
	for name, c := range map[string]struct {
		may            []access.ClusterGrant
		borne          []access.BorneRight
		missing, stale string
	}{
		"with its reason":                     {[]access.ClusterGrant{wide}, []access.BorneRight{everywhere}, "", ""},
		"without one":                         {[]access.ClusterGrant{wide}, nil, lacks, ""},
		"with an empty one":                   {[]access.ClusterGrant{wide}, []access.BorneRight{{Right: "read secrets", Because: " "}}, lacks, ""},
		"with that of another right":          {[]access.ClusterGrant{wide}, []access.BorneRight{{Right: "impersonate", Because: "x"}}, lacks, "may not impersonate everywhere"},
		"with that of one namespace":          {[]access.ClusterGrant{wide}, []access.BorneRight{{Right: "read secrets", In: "own", Because: "x"}}, lacks, "a/b may not read secrets in own"},
		"in one namespace, reason everywhere": {[]access.ClusterGrant{own}, []access.BorneRight{everywhere}, "a/b may read secrets in own", hides},
		"a reason and no right":               {nil, []access.BorneRight{everywhere}, "", hides},
	} {
		t.Run(name, func(t *testing.T) {
			i := &access.Intent{Cluster: map[string]access.ClusterAccount{"a/b": {May: c.may, Borne: c.borne}}}
			missing, stale := i.Unjustified()
			for _, x := range []struct {
				got  []string
				want string
			}{{missing, c.missing}, {stale, c.stale}} {
				if got := strings.Join(x.got, "\n"); !strings.Contains(got, x.want) || (x.want == "") != (got == "") {
					t.Errorf("got %q, want %q", got, x.want)
				}
			}
		})
	}
}

func TestAReasonNamesARightThatIsKnown(t *testing.T) {
	parse := func(borne string) error {
		_, err := access.Parse("f.yaml", []byte("permissions: {}\nroles: {}\ncluster:\n  a/b:\n    says: x\n    may: [{verbs: [get], resources: [secrets]}]\n    borne: [{"+borne+"}]\n"), catalogue(t))
		return err
	}
	for name, c := range map[string]struct{ borne, want string }{
		"a right that is none":       {"right: read secret, because: x", "f.yaml:4: cluster account a/b: borne \"read secret\": want a dangerous right and its reason (because); known are read secrets, write secrets"},
		"a right without its reason": {"right: read secrets", "want a dangerous right and its reason"},
		"a reason of a misspelt key": {"right: read secrets, why: x", "field why not found"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := parse(c.borne); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	for _, good := range []string{"right: read secrets, because: x", "right: use all kinds of example.com, because: x", "right: use all kinds, in: own, names: [y], because: x"} {
		if err := parse(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

func FuzzDangersAndReasonsAgree(f *testing.F) {
	f.Add("get", "secrets", "", "")
	f.Add("create", "*", "own", "")
	f.Add("sign", "signers.certificates.k8s.io", "", "a/*")
	f.Fuzz(func(t *testing.T, verb, resource, namespace, name string) {
		g := access.ClusterGrant{Verbs: []string{verb}, Resources: []string{resource}, In: namespace}
		if name != "" {
			g.Names = []string{name}
		}
		a := access.ClusterAccount{May: []access.ClusterGrant{g}}
		missing, stale := (&access.Intent{Cluster: map[string]access.ClusterAccount{"a/b": a}}).Unjustified()
		if len(missing) != len(a.Dangers()) || stale != nil {
			t.Fatalf("%d dangers, %d unjustified, %d stale", len(a.Dangers()), len(missing), len(stale))
		}
		for _, d := range a.Dangers() {
			d.Because = "x"
			a.Borne = append(a.Borne, d)
		}
		if missing, stale = (&access.Intent{Cluster: map[string]access.ClusterAccount{"a/b": a}}).Unjustified(); missing != nil || stale != nil {
			t.Fatalf("every danger has its reason, and got %v, %v", missing, stale)
		}
	})
}
