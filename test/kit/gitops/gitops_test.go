package gitops_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/stretchr/testify/require"
)

// parse reads objects of one Application, in the namespace fintrack.
func parse(t *testing.T, application, text string) []gitops.Object {
	t.Helper()
	objects, err := gitops.Parse(application+".yaml", []byte(text))
	require.NoError(t, err)
	for i := range objects {
		objects[i].Application, objects[i].Namespace = application, objects[i].Text("metadata", "namespace")
		if objects[i].Namespace == "" && gitops.Namespaced(objects[i]) {
			objects[i].Namespace = "fintrack"
		}
	}
	return objects
}

func TestBrokenYamlIsNamedByFileAndLine(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"a tab":                  {"apiVersion: v1\nkind: Service\nmetadata:\n\tname: a\n", "x.yaml: line 4"},
		"a key twice":            {"apiVersion: v1\nkind: Service\nkind: Pod\n", `line 3: mapping key "kind" already defined at line 2`},
		"a list":                 {"- a\n- b\n", "x.yaml:1: want an object with apiVersion and kind, found a seq"},
		"no kind":                {"apiVersion: v1\nmetadata: {name: a}\n", "x.yaml:1: the object has no kind"},
		"no kind in the second":  {"apiVersion: v1\nkind: Pod\n---\nkind: Pod\n", "x.yaml:4: the object has no apiVersion"},
		"a number too large":     {"apiVersion: v1\nkind: Pod\nspec: {n: 18446744073709551615}\n", "larger than Kubernetes takes"},
		"a key that is a number": {"apiVersion: v1\nkind: ConfigMap\ndata: {1: a}\n", "x.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := gitops.Parse("x.yaml", []byte(c.text))
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestAFieldIsFoundByItsLine(t *testing.T) {
	o := parse(t, "a", "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  type: X\n")[0]
	require.Equal(t, "a.yaml:6", o.Place("spec", "type").String())
	require.Equal(t, "a.yaml:5", o.Place("spec", "nowhere").String())
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("---\n---\n? 1\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		objects, err := gitops.Parse("f", text)
		for _, o := range objects {
			if o.Kind() == "" || o.Text("apiVersion") == "" || err != nil {
				t.Fatalf("%v, %v", o, err)
			}
			_ = o.ID()
		}
	})
}

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  %s
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      serviceAccountName: a
      %s
      containers: [{name: c, image: x, resources: {requests: {cpu: "1", memory: 1Gi}, limits: {cpu: "1", memory: 1Gi}}%s}]
`

func budget(spec string) string {
	return fmt.Sprintf("\n---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {selector: {matchLabels: {app: a}}, %s}\n", spec)
}

func scaler(least, most int) string {
	return fmt.Sprintf("\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {scaleTargetRef: {kind: Deployment, name: a}, minReplicas: %d, maxReplicas: %d}\n", least, most)
}

func TestDrains(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"two of three must stay":        {fmt.Sprintf(deployment, "replicas: 3", "", "") + budget("minAvailable: 2"), "none"},
		"all must stay":                 {fmt.Sprintf(deployment, "replicas: 2", "", "") + budget("minAvailable: 2"), "lets no pod go when there are 2"},
		"the autoscaler's least counts": {fmt.Sprintf(deployment, "", "", "") + budget("minAvailable: 2") + scaler(2, 9), "lets no pod go when there are 2"},
		"none may be missing":           {fmt.Sprintf(deployment, "replicas: 3", "", "") + budget("maxUnavailable: 0"), "lets no pod go when there are 3"},
		"a percentage that keeps all":   {fmt.Sprintf(deployment, "replicas: 3", "", "") + budget("minAvailable: 90%"), "lets no pod go"},
		"all may go":                    {fmt.Sprintf(deployment, "replicas: 3", "", "") + budget("maxUnavailable: 3"), "lets all 3 pods go at once"},
		"no budget":                     {fmt.Sprintf(deployment, "replicas: 3", "", ""), "nothing keeps a drain"},
		"two budgets":                   {fmt.Sprintf(deployment, "replicas: 3", "", "") + budget("minAvailable: 1") + budget("minAvailable: 1"), "2 budgets select its pods"},
		"a budget of nothing":           {budget("minAvailable: 1"), "the budget selects no pod"},
		"replicas beside an autoscaler": {fmt.Sprintf(deployment, "replicas: 3", "", "") + budget("minAvailable: 1") + scaler(3, 5), "would change each other's number"},
		"an autoscaler upside down":     {fmt.Sprintf(deployment, "", "", "") + budget("maxUnavailable: 1") + scaler(5, 3), "least number of pods 5 is above the largest 3"},
		"an autoscaler with its budget": {fmt.Sprintf(deployment, "", "", "") + budget("minAvailable: 2") + scaler(3, 15), "none"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := gitops.Tree{Objects: parse(t, "a", c.text)}.Drains("fintrack")
			require.NoError(t, err)
			if c.says == "none" {
				require.Empty(t, found)
			} else {
				require.Contains(t, gitops.Words(found), c.says)
			}
		})
	}
}

const pool = `
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: general}
spec:
  template:
    metadata: {labels: {workload-type: general}}
    spec:
      requirements:
        - {key: node.kubernetes.io/instance-type, operator: In, values: [%s]}
        - {key: karpenter.sh/capacity-type, operator: In, values: [spot]}
        - {key: topology.kubernetes.io/zone, operator: In, values: [%s]}
      taints: [%s]
  limits: {cpu: "%s", memory: 100Gi}
`

func TestSchedulable(t *testing.T) {
	spread := "topologySpreadConstraints: [{topologyKey: topology.kubernetes.io/zone, maxSkew: 1, minDomains: 2, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: a}}}]"
	for name, c := range map[string]struct{ text, says string }{
		"a pool for everything":     {fmt.Sprintf(deployment, "replicas: 3", spread, "") + fmt.Sprintf(pool, "m6i.xlarge", "a, b, c", "", "10"), "none"},
		"another kind of node":      {fmt.Sprintf(deployment, "replicas: 3", "nodeSelector: {workload-type: gpu}", "") + fmt.Sprintf(pool, "m6i.xlarge", "a, b", "", "10"), "no label workload-type=gpu"},
		"on demand from spot":       {fmt.Sprintf(deployment, "replicas: 3", "nodeSelector: {karpenter.sh/capacity-type: on-demand}", "") + fmt.Sprintf(pool, "m6i.xlarge", "a, b", "", "10"), "no label karpenter.sh/capacity-type=on-demand"},
		"a taint":                   {fmt.Sprintf(deployment, "replicas: 3", "", "") + fmt.Sprintf(pool, "m6i.xlarge", "a, b", "{key: gpu, effect: NoSchedule}", "10"), "its taint gpu is not tolerated"},
		"a taint that is tolerated": {fmt.Sprintf(deployment, "replicas: 3", "tolerations: [{key: gpu, operator: Exists}]", "") + fmt.Sprintf(pool, "m6i.xlarge", "a, b", "{key: gpu, effect: NoSchedule}", "10"), "none"},
		"one zone":                  {fmt.Sprintf(deployment, "replicas: 3", spread, "") + fmt.Sprintf(pool, "m6i.xlarge", "a", "", "10"), "must be spread over topology.kubernetes.io/zone, and the NodePool general has 1"},
		"nodes in one zone suffice": {fmt.Sprintf(deployment, "replicas: 3", strings.Replace(spread, "minDomains: 2, ", "", 1), "") + fmt.Sprintf(pool, "m6i.xlarge", "a, b", "", "10"), "its spread lets every pod be there: set minDomains to 2"},
		"too many for the limit":    {fmt.Sprintf(deployment, "replicas: 9", "", "") + fmt.Sprintf(pool, "m6i.xlarge", "a, b", "", "9"), "ask for 10000m cores, the limit is 9000m"},
		"an unknown machine":        {fmt.Sprintf(deployment, "replicas: 3", "", "") + fmt.Sprintf(pool, "z9.huge", "a, b", "", "10"), "what the machine z9.huge has is not known here"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := gitops.Tree{Objects: parse(t, "a", c.text)}.Schedulable("fintrack")
			require.NoError(t, err)
			if c.says == "none" {
				require.Empty(t, found)
			} else {
				require.Contains(t, gitops.Words(found), c.says)
			}
		})
	}
}

func TestQuotasCountTheRollout(t *testing.T) {
	quota := "\n---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {requests.cpu: \"%d\", pods: \"9\"}}\n"
	enough, err := gitops.Tree{Objects: parse(t, "a", fmt.Sprintf(deployment, "replicas: 3", "", "")+fmt.Sprintf(quota, 4))}.Quotas()
	require.NoError(t, err)
	require.Empty(t, enough)
	short, err := gitops.Tree{Objects: parse(t, "a", fmt.Sprintf(deployment, "replicas: 3", "", "")+fmt.Sprintf(quota, 3))}.Quotas()
	require.NoError(t, err)
	require.Contains(t, gitops.Words(short), "ask for 4 of requests.cpu, the quota is 3")
}

func TestLimitsOfAContainerFillIn(t *testing.T) {
	const limits = "apiVersion: v1\nkind: LimitRange\nmetadata: {name: l, namespace: %s}\nspec: {limits: [{type: %s, %s}]}\n"
	for name, c := range map[string]struct{ text, says string }{
		"a default":                {fmt.Sprintf(limits, "fintrack", "Container", "default: {cpu: 1}"), "default fills in"},
		"a default of the request": {fmt.Sprintf(limits, "fintrack", "Container", "defaultRequest: {cpu: 1}"), "defaultRequest fills in"},
		"a largest container":      {fmt.Sprintf(limits, "fintrack", "Container", "max: {cpu: 1}"), "max fills in"},
		"a smallest container":     {fmt.Sprintf(limits, "fintrack", "Container", "min: {cpu: 1}"), "min fills in"},
		"a largest pod":            {fmt.Sprintf(limits, "fintrack", "Pod", "max: {cpu: 1}"), "none"},
		"a ratio":                  {fmt.Sprintf(limits, "fintrack", "Container", "maxLimitRequestRatio: {cpu: 4}"), "none"},
		"another namespace":        {fmt.Sprintf(limits, "logging", "Container", "default: {cpu: 1}"), "none"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := gitops.Tree{Objects: parse(t, "a", c.text)}.FilledIn("fintrack")
			require.NoError(t, err)
			require.Contains(t, gitops.Words(found), c.says)
		})
	}
}

func application(t *testing.T, name, spec string) gitops.Application {
	t.Helper()
	o := parse(t, name, "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: "+name+", namespace: argocd}\nspec: "+spec+"\n")[0]
	a, err := gitops.AsApplication(o)
	require.NoError(t, err)
	return a
}

func TestPinned(t *testing.T) {
	for version, says := range map[string]string{"1.2.3": "none", "v1.2.3-rc.1": "none", "": "has no version", "1.2.*": "can mean several", ">=1.2.3": "can mean several", "1.2": "can mean several", "latest": "can mean several"} {
		t.Run("version "+version, func(t *testing.T) {
			a := application(t, "a", fmt.Sprintf("{source: {repoURL: https://charts, chart: c, targetRevision: %q}, destination: {}}", version))
			require.Contains(t, gitops.Words(gitops.Tree{Applications: []gitops.Application{a}}.Pinned()), says)
		})
	}
	a := application(t, "a", "{source: {repoURL: ours, path: p, targetRevision: other}, destination: {}}")
	require.Contains(t, gitops.Words(gitops.Tree{Repository: "ours", Revision: "main", Applications: []gitops.Application{a}}.Pinned()), `it follows "other", the root follows "main"`)
}

func TestTwoApplicationsThatOwnOneObjectAreNamed(t *testing.T) {
	tree := gitops.Tree{Objects: append(parse(t, "one", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"), parse(t, "two", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n")...)}
	require.Contains(t, gitops.Words(tree.Duplicates()), "the Application two owns it, and so does one, which declares it at one.yaml:1")
	other := gitops.Tree{Objects: append(parse(t, "one", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"), parse(t, "two", "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: b}\n")...)}
	require.Empty(t, other.Duplicates())
}

func TestProjectsPermit(t *testing.T) {
	project := parse(t, "p", "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: p, namespace: argocd}\nspec: {sourceRepos: [ours], destinations: [{server: s, namespace: fintrack}], clusterResourceWhitelist: [], namespaceResourceWhitelist: [{group: '', kind: Service}]}\n")
	for name, c := range map[string]struct{ project, repo, namespace, object, says string }{
		"what is listed":      {"p", "ours", "fintrack", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n", "none"},
		"another source":      {"p", "theirs", "fintrack", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n", "does not allow the source theirs"},
		"another namespace":   {"p", "ours", "kube-system", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n", "does not allow the namespace kube-system"},
		"an object elsewhere": {"p", "ours", "fintrack", "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: other}\n", "does not allow the namespace other"},
		"another kind":        {"p", "ours", "fintrack", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", "does not allow the kind Secret"},
		"a cluster's kind":    {"p", "ours", "fintrack", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\n", "does not allow the kind rbac.authorization.k8s.io/ClusterRole"},
		"an unknown project":  {"q", "ours", "fintrack", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n", `the project "q" does not exist: there are p`},
	} {
		t.Run(name, func(t *testing.T) {
			a := application(t, "a", fmt.Sprintf("{project: %s, source: {repoURL: %s, path: x}, destination: {server: s, namespace: %s}}", c.project, c.repo, c.namespace))
			tree := gitops.Tree{Projects: project, Applications: []gitops.Application{a}, Objects: parse(t, "a", c.object)}
			require.Contains(t, gitops.Words(tree.Permitted()), c.says)
		})
	}
	require.Empty(t, gitops.Tree{Projects: project}.Tight())
	loose := parse(t, "p", "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: p}\nspec: {sourceRepos: ['*'], destinations: [{server: s, namespace: '*'}], clusterResourceWhitelist: [{group: '*', kind: '*'}]}\n")
	require.Len(t, gitops.Tree{Projects: loose}.Tight(), 3)
}

func TestIdentities(t *testing.T) {
	account := "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, annotations: {eks.amazonaws.com/role-arn: %s}}\n"
	roles := map[string]string{"fintrack/a": "arn:1"}
	for name, c := range map[string]struct {
		text  string
		roles map[string]string
		says  string
	}{
		"agreement":                {fmt.Sprintf(account, "arn:1") + "---" + fmt.Sprintf(deployment, "", "", ""), roles, "none"},
		"another role":             {fmt.Sprintf(account, "arn:2"), roles, `it names the role "arn:2", Terraform's is arn:1`},
		"a role without trust":     {fmt.Sprintf(account, "arn:2"), nil, "Terraform makes no role that trusts fintrack/a"},
		"a role without account":   {"apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: b}\n", roles, "nothing makes the account"},
		"a pod without an account": {fmt.Sprintf(deployment, "", "", ""), nil, "its pods run as fintrack/a, which nothing makes"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := gitops.Tree{Objects: parse(t, "a", c.text)}.Identities(c.roles, nil)
			require.NoError(t, err)
			require.Contains(t, gitops.Words(found), c.says)
		})
	}
}

func TestSecrets(t *testing.T) {
	external := "\n---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: s}\nspec: {target: {name: s}, data: [{secretKey: host, remoteRef: {key: p/%s, property: %s}}]}\n"
	env := ", env: [{name: HOST, valueFrom: {secretKeyRef: {name: s, key: %s}}}]"
	secrets := map[string][]string{"rds": {"host"}}
	for name, c := range map[string]struct{ text, says string }{
		"all there":             {fmt.Sprintf(deployment, "", "", fmt.Sprintf(env, "host")) + fmt.Sprintf(external, "rds", "host"), "none"},
		"no ExternalSecret":     {fmt.Sprintf(deployment, "", "", fmt.Sprintf(env, "host")), "which no ExternalSecret makes"},
		"another key":           {fmt.Sprintf(deployment, "", "", fmt.Sprintf(env, "port")) + fmt.Sprintf(external, "rds", "host"), "which the ExternalSecret s does not fill: it has host"},
		"a secret that is none": {fmt.Sprintf(external, "rsd", "host"), "Terraform makes no secret p/rsd: there are rds below p"},
		"a missing property":    {fmt.Sprintf(external, "rds", "hots"), `has no property "hots": it has host`},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := gitops.Tree{Objects: parse(t, "a", c.text)}.Secrets("p", secrets)
			require.NoError(t, err)
			require.Contains(t, gitops.Words(found), c.says)
		})
	}
}

func TestOrphansAndKeys(t *testing.T) {
	trees := []gitops.Tree{{Files: map[string]bool{"a": true}}, {Files: map[string]bool{"b": true}}}
	require.Equal(t, "c: file: no Application reads it: name it in an Application, or remove it", gitops.Words(gitops.Orphans([]string{"a", "b", "c", "d.md"}, trees, []string{"*.md"})))
	keys := parse(t, "a", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  id: AKIA"+"ABCDEFGHIJKLMNOP\n")
	require.Contains(t, gitops.Words(gitops.Tree{Objects: keys}.StaticKeys()), "a.yaml:5")
}

func TestWaves(t *testing.T) {
	crd := "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\nspec: {group: g.io, names: {kind: Thing}}\n"
	thing := "apiVersion: g.io/v1\nkind: Thing\nmetadata: {name: a}\n"
	at := func(name string, wave int) gitops.Application {
		o := parse(t, name, fmt.Sprintf("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: %s, annotations: {argocd.argoproj.io/sync-wave: \"%d\"}}\nspec: {source: {repoURL: r}}\n", name, wave))[0]
		a, err := gitops.AsApplication(o)
		require.NoError(t, err)
		return a
	}
	objects := append(parse(t, "crds", crd), parse(t, "things", thing)...)
	require.Empty(t, gitops.Tree{Applications: []gitops.Application{at("crds", -1), at("things", 0)}, Objects: objects}.Ordered())
	require.Contains(t, gitops.Words(gitops.Tree{Applications: []gitops.Application{at("crds", 0), at("things", 0)}, Objects: objects}.Ordered()), "its CRD comes from crds in wave 0")
}

func TestExternalMetrics(t *testing.T) {
	tree := gitops.Tree{Objects: parse(t, "a", "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {scaleTargetRef: {kind: Deployment, name: a}, maxReplicas: 3, metrics: [{type: External, external: {metric: {name: sqs_queue_depth, selector: {matchLabels: {queue: transactions}}}, target: {type: AverageValue, averageValue: '1'}}}]}\n")}
	adapter := func(as string) map[string]any {
		return map[string]any{"rules": map[string]any{"external": []any{map[string]any{"seriesQuery": `aws_sqs_approximate_number_of_messages_visible{queue!=""}`, "metricsQuery": "max(<<.Series>>{<<.LabelMatchers>>})", "name": map[string]any{"as": as}}}}}
	}
	exporter := func(queue string, relabel ...any) map[string]any {
		return map[string]any{
			"config":         "metrics: [{aws_namespace: AWS/SQS, aws_metric_name: ApproximateNumberOfMessagesVisible, aws_dimension_select: {QueueName: [" + queue + "]}, aws_statistics: [Maximum]}]",
			"serviceMonitor": map[string]any{"metricRelabelings": relabel},
		}
	}
	name := map[string]any{"sourceLabels": []any{"__name__"}, "regex": "(aws_sqs_.+)_maximum", "targetLabel": "__name__"}
	short := map[string]any{"sourceLabels": []any{"queue_name"}, "regex": "fintrack-(.+)", "targetLabel": "queue"}
	queues := map[string]string{"transactions": "fintrack-transactions"}
	for title, c := range map[string]struct {
		adapter, exporter map[string]any
		says              string
	}{
		"a way from CloudWatch to the autoscaler": {adapter("sqs_queue_depth"), exporter("fintrack-transactions", name, short), "none"},
		"no rule of that name":                    {adapter("sqs_depth"), exporter("fintrack-transactions", name, short), "no rule gives the metric sqs_queue_depth: the rules give sqs_depth"},
		"another queue":                           {adapter("sqs_queue_depth"), exporter("fintrack-other", name, short), "nothing exports"},
		"the statistic stays in the name":         {adapter("sqs_queue_depth"), exporter("fintrack-transactions", short), "nothing exports"},
		"no short name":                           {adapter("sqs_queue_depth"), exporter("fintrack-transactions", name), "nothing exports"},
	} {
		t.Run(title, func(t *testing.T) {
			found, err := tree.ExternalMetrics(c.adapter, c.exporter, queues)
			require.NoError(t, err)
			require.Contains(t, gitops.Words(found), c.says)
		})
	}
}

func TestIntended(t *testing.T) {
	intent := func(account, role string) map[string]any {
		return map[string]any{"roles": map[string]any{
			"a":  map[string]any{"role": role, "taken-by": map[string]any{"service-account": account}},
			"ci": map[string]any{"role": "ci", "taken-by": map[string]any{"workflow": "x"}},
		}}
	}
	accounts := map[string]string{"fintrack/a": "arn:aws:iam::1:role/fintrack-a"}
	for name, c := range map[string]struct {
		intent map[string]any
		says   string
	}{
		"agreement":                  {intent("fintrack/a", "${name}-a"), "none"},
		"another role":               {intent("fintrack/a", "${name}-b"), "the intent gives it the role fintrack-b, Terraform fintrack-a"},
		"an account of the intent":   {intent("fintrack/b", "${name}-a"), "the service account fintrack/b may take it, and Terraform hands over no role"},
		"an account of Terraform":    {intent("fintrack/b", "${name}-a"), "Terraform makes the role fintrack-a for it, and no role of the intent is taken by it"},
		"an account of EKS's add-on": {intent("kube-system/aws-node", "x"), "service account fintrack/a"},
	} {
		t.Run(name, func(t *testing.T) {
			found := gitops.Intended(accounts, c.intent, "fintrack", []string{"kube-system/aws-node"})
			require.Contains(t, gitops.Words(found), c.says)
			require.NotContains(t, gitops.Words(found), "aws-node")
		})
	}
}
