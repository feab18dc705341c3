package platform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/admission/podsecurity"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/gitops/handover"
	"github.com/fintrack/platform/test/kit/gitops/platform"
	"github.com/fintrack/platform/test/kit/gitops/schema"
	"github.com/stretchr/testify/require"
)

// mistake is a change of one file of the tree, and what is said of it.
type mistake struct {
	file, old, new string
	// find is the check that must fail; nil when the tree must not even render.
	find func(t *testing.T, p platform.Platform, crds []gitops.Object) ([]gitops.Finding, error)
	says string
}

const (
	root     = "../../../.."
	chart    = "gitops/charts/fintrack-service-chart/"
	services = "gitops/services/"
	addons   = "gitops/addons/"
)

var mistakes = map[string]mistake{
	"a tag that moves":                       {file: services + "auth-service/values-prod.yaml", old: "main-256", new: "latest", says: "'/image/tag': 'latest' does not match pattern"},
	"a missing limit":                        {file: services + "auth-service/values.yaml", old: `limits: {cpu: "1", memory: 512Mi}`, new: `limits: {cpu: "1"}`, says: "missing property 'memory'"},
	"a misspelt value":                       {file: services + "auth-service/values.yaml", old: "maxReplicas: 8", new: "maxReplica: 8", says: "additional properties 'maxReplica' not allowed"},
	"an access key in a variable":            {file: services + "auth-service/values.yaml", old: "name: AWS_REGION, value: us-east-1", new: "name: AWS_ACCESS_KEY_ID, value: x", says: "'/env/0/name'"},
	"a budget that forbids drains":           {file: services + "auth-service/values.yaml", old: "minAvailable: 1", new: "minAvailable: 2", says: "no node with one of them could ever be drained"},
	"broken YAML":                            {file: services + "auth-service/values.yaml", old: "service:\n", new: "service:\n\t", says: "auth-service/values.yaml: line "},
	"a role of another service":              {file: "gitops/apps/templates/_helpers.tpl", old: `(printf "fintrack/%s" .name)`, new: `"fintrack/auth-service"`, says: "Terraform's is arn:aws:iam::123456789012:role/fintrack-reconciliation-service", find: identities},
	"a service that Terraform does not know": {file: "gitops/apps/templates/auth-service.yaml", old: `"auth-service"`, new: `"auth"`, says: "terraform/compute makes no repository for auth"},
	"a value that a chart does not know":     {file: addons + "karpenter/values.yaml", old: "replicas: 2", new: "replica: 2", says: "the chart karpenter 1.14.1 knows no value replica"},
	"a range of versions": {file: "gitops/apps/templates/addons/cert-manager.yaml", old: `"v1.21.2"`, new: `"1.x"`, says: `the chart cert-manager has the version "1.x"`, find: func(_ *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
		return p.Tree.Pinned(), nil
	}},
	"a chart without a version": {file: "gitops/apps/templates/addons/cert-manager.yaml", old: `"version" "v1.21.2"`, new: `"version" ""`, says: "the chart cert-manager has no version: give targetRevision", find: func(_ *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
		return p.Tree.Pinned(), nil
	}},
	"a policy about what Gatekeeper may not read": {file: "policies/gatekeeper/no-host-path/constraint.yaml", old: "          - Pod\n", new: "          - Secret\n", says: "it is about secrets, which gatekeeper-system/gatekeeper-admin may not list", find: func(_ *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
		found, _ := p.Tree.Audited("gatekeeper-system", "gatekeeper-admin")
		return found, nil
	}},
	"two owners": {file: "gitops/apps/templates/addons/network-policies.yaml", old: `"policies/network"`, new: `"gitops/addons/namespaces/manifests"`, says: "owns it, and so does", find: func(_ *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
		return p.Tree.Duplicates(), nil
	}},
	"a kind that the project does not allow": {file: "gitops/bootstrap/templates/project-fintrack.yaml", old: "    - {group: apps, kind: Deployment}\n", new: "", says: "the project fintrack of auth-service does not allow the kind apps/Deployment", find: func(_ *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
		return p.Tree.Permitted(), nil
	}},
	"a project that allows everything": {file: "gitops/bootstrap/templates/project-fintrack.yaml", old: "namespace: fintrack}", new: "namespace: '*'}", says: "name each namespace", find: func(_ *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
		return p.Tree.Tight(), nil
	}},
	"limits that are defaults too": {file: addons + "namespaces/manifests/fintrack/limits.yaml", old: "type: Pod", new: "type: Container", says: "max fills in what a container does not say", find: func(_ *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
		return p.Tree.FilledIn("fintrack")
	}},
	"a CRD that comes too late": {file: "gitops/apps/templates/addons/opa-gatekeeper.yaml", old: `"wave" "-4"`, new: `"wave" "9"`, says: "and its CRD comes from opa-gatekeeper in wave 9", find: func(_ *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
		return p.Tree.Ordered(), nil
	}},
	"an unknown field of a CRD":            {file: addons + "karpenter/manifests/templates/nodepool-general.yaml", old: "consolidateAfter", new: "consolidationAfter", says: "unknown field spec.disruption.consolidationAfter", find: valid},
	"a value that a CEL rule refuses":      {file: addons + "karpenter/manifests/templates/nodeclass-default.yaml", old: "alias: al2023@v20260120", new: "alias: al2023", says: "spec.amiSelectorTerms[0].alias", find: valid},
	"an unknown field of a built-in kind":  {file: chart + "templates/pdb.yaml", old: "unhealthyPodEvictionPolicy", new: "unhealthyEvictionPolicy", says: `unknown field "spec.unhealthyEvictionPolicy"`, find: valid},
	"an unknown parameter of a constraint": {file: "policies/gatekeeper/required-probes/constraint.yaml", old: "    probes:", new: "    probe:", says: "unknown field spec.parameters.probe: it takes probes", find: valid},
	"a pod above the namespace's level": {file: chart + "templates/deployment.yaml", old: "seccompProfile: {type: RuntimeDefault}", new: "seccompProfile: {type: Unconfined}", says: "the level restricted refuses its pods", find: func(_ *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
		return podsecurity.Judge(p.Tree, "privileged")
	}},
	"a secret's property that is none":           {file: addons + "external-secrets/manifests/templates/redis-config.yaml", old: "property: host", new: "property: hostname", says: `has no property "hostname": it has host, port`, find: secretsOf},
	"a variable from a Secret that nobody makes": {file: services + "auth-service/values.yaml", old: "REDIS_HOST: {secret: redis-config", new: "REDIS_HOST: {secret: redis", says: "comes from the Secret redis, which no ExternalSecret makes", find: secretsOf},
	"nodes that answer IMDSv1":                   {file: addons + "karpenter/manifests/templates/nodeclass-gpu.yaml", old: "httpTokens: required", new: "httpTokens: optional", says: "spec.metadataOptions.httpTokens is optional, must be required", find: nodes},
	"a volume in the clear":                      {file: addons + "karpenter/manifests/templates/nodeclass-gpu.yaml", old: "volumeSize: 100Gi, encrypted: true", new: "volumeSize: 100Gi, encrypted: false", says: "the volume /dev/xvdb is no encrypted gp3", find: nodes},
	"a service that fits on no node":             {file: services + "transaction-worker/values.yaml", old: "workload-type: general", new: "workload-type: huge", says: "no NodePool takes its pods", find: schedulable},
	"more pods than the pool may have":           {file: services + "ml-anomaly-detector/values.yaml", old: "maxReplicas: 4", new: "maxReplicas: 9", says: "ask for 40000m cores, the limit is 32000m", find: schedulable},
	"more pods than the quota lets be": {file: services + "transaction-worker/values.yaml", old: "maxReplicas: 20", new: "maxReplicas: 60", says: "the quota is", find: func(_ *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
		return p.Tree.Quotas()
	}},
	"a queue that nobody measures": {file: addons + "cloudwatch-exporter/values.yaml", old: "regex: (aws_.+)_(maximum|", new: "regex: (aws_.+)_(", says: "nothing exports aws_sqs_approximate_number_of_messages_visible", find: metricsOf},
	"a metric without a rule":      {file: addons + "prometheus-adapter/values.yaml", old: "as: sqs_queue_depth", new: "as: sqs_depth", says: "no rule gives the metric sqs_queue_depth", find: metricsOf},
}

func identities(_ *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
	return p.Tree.Identities(p.Handover.Accounts, []string{"*"})
}

func valid(t *testing.T, p platform.Platform, crds []gitops.Object) ([]gitops.Finding, error) {
	schemas, err := schema.New(append(crds[:len(crds):len(crds)], p.Tree.Objects...))
	if err != nil {
		return nil, err
	}
	var out []gitops.Finding
	for _, o := range p.Tree.Objects {
		if o.Kind() != "CustomResourceDefinition" {
			out = append(out, schemas.Validate(t.Context(), o)...)
		}
	}
	return out, nil
}

func secretsOf(_ *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
	secrets, err := handover.Secrets(root + "/terraform/data")
	if err != nil {
		return nil, err
	}
	return p.Tree.Secrets("fintrack/production", secrets)
}

func nodes(_ *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
	return p.Tree.Nodes("fintrack", "fintrack-karpenter-node"), nil
}

func schedulable(_ *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
	return p.Tree.Schedulable("fintrack")
}

func metricsOf(t *testing.T, p platform.Platform, _ []gitops.Object) ([]gitops.Finding, error) {
	adapter, err := platform.Values(p.Root, "gitops/addons/prometheus-adapter/values.yaml")
	require.NoError(t, err)
	exporter, err := platform.Values(p.Root, "gitops/addons/cloudwatch-exporter/values.yaml")
	require.NoError(t, err)
	return p.Tree.ExternalMetrics(adapter, exporter, map[string]string{"transactions": "fintrack-transactions"})
}

// TestMistakesAreFound makes one mistake after another in a copy of the tree: a check
// that would not see it could not fail.
func TestMistakesAreFound(t *testing.T) {
	m, err := platform.FindModules(t.Context(), root)
	require.NoError(t, err)
	copied := t.TempDir()
	for _, top := range []string{"gitops", "policies", "terraform"} {
		require.NoError(t, os.CopyFS(filepath.Join(copied, top), os.DirFS(filepath.Join(root, top))))
	}
	for name, c := range mistakes {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(copied, c.file)
			was, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Contains(t, string(was), c.old, "%s has changed: mend this test", c.file)
			require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(was), c.old, c.new, 1)), 0o644))
			defer func() { require.NoError(t, os.WriteFile(file, was, 0o644)) }()

			p, err := platform.Render(copied, "prod", m.Charts)
			if c.find == nil {
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			found, err := c.find(t, p, m.CRDs)
			require.NoError(t, err)
			require.Contains(t, gitops.Words(found), c.says)
		})
	}
}
