package gitops_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"testing"

	"github.com/fintrack/platform/test/kit/admission/podsecurity"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/gitops/handover"
	"github.com/fintrack/platform/test/kit/gitops/platform"
	"github.com/fintrack/platform/test/kit/gitops/schema"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/stretchr/testify/require"
)

// TestPlatform records the checks of all environments.
func TestPlatform(t *testing.T) {
	p, err := platform.FindModules(t.Context(), root)
	require.NoError(t, err)
	environments, err := handover.Environments(root)
	require.NoError(t, err)
	secrets, err := handover.Secrets(root + "/terraform/data")
	require.NoError(t, err)
	checks := suite.Checks(t, "gitops")
	var trees []gitops.Tree
	for _, e := range environments {
		s := prover{checks: checks, environment: e, secrets: secrets, pinned: p}
		if s.render() {
			s.sources()
			s.ownership()
			s.objects(t)
			s.agreement()
			s.capacity()
			s.cost()
			s.metrics()
			trees = append(trees, s.Tree)
		}
	}
	cloudWatch(checks)
	orphans(checks, trees)
}

// prover records the checks of one environment.
type prover struct {
	platform.Platform
	checks      *check.Set
	environment string
	secrets     map[string][]string
	pinned      platform.Modules
}

func (s *prover) check(promise, title, subject, next string, controls ...string) check.Check {
	return check.Check{ID: "gitops." + s.environment + "." + promise, Title: title + " (" + s.environment + ")", Controls: controls, Subject: subject, Next: next}
}

// none passes when nothing was found; seen says over how much.
func (s *prover) none(c check.Check, seen string, found []gitops.Finding, err error) {
	if err != nil {
		s.checks.Err(c, "no finding", err)
		return
	}
	observed := gitops.Words(found)
	if len(found) == 0 {
		observed = "none, over " + seen
	}
	s.checks.That(c, len(found) == 0, "no finding", observed)
}

func (s *prover) render() bool {
	c := s.check("renders", "Everything renders, from the root Application on, with what Terraform hands over", "gitops/bootstrap", "scripts/test-gitops shows the whole message", "CC8.1")
	var err error
	s.Platform, err = platform.Render(root, s.environment, s.pinned.Charts)
	if err != nil {
		s.checks.Err(c, "objects", err)
		return false
	}
	enough := len(s.Tree.Applications) > 1 && len(s.Tree.Objects) > len(s.Tree.Applications)
	s.checks.That(c, enough, "objects of every Application", fmt.Sprintf("%s, %s", plural(len(s.Tree.Applications), "Application"), plural(len(s.Tree.Objects), "object")))
	return enough
}

// sources: each chart is pinned, and the ones at hand are the pinned ones.
func (s *prover) sources() {
	seen := plural(len(s.Tree.Applications), "Application")
	s.none(s.check("pinned", "Every Application names its chart's exact version, and follows the root's revision", "gitops/apps", "", "CC8.1"), seen, s.Tree.Pinned(), nil)
	for _, u := range s.Tree.Unrendered {
		c := s.check("chart."+u.Application, "The chart "+u.Source.Chart+" "+u.Source.TargetRevision+" exists, and its pods are admitted", u.Source.RepoURL, "")
		s.checks.NotProven(c, "a chart registry", "the chart is not in a Go module; its values, roles and our own objects are checked, what it renders is not")
	}
}

func (s *prover) ownership() {
	seen := plural(len(s.Tree.Objects), "object")
	s.none(s.check("owned-once", "No object belongs to two Applications", "gitops/apps", "", "CC8.1"), seen, s.Tree.Duplicates(), nil)
	s.none(s.check("project-lists", "Every source, namespace and kind is on the lists of its project", "gitops/bootstrap/templates", "", "CC6.3", "CC8.1"), seen, s.Tree.Permitted(), nil)
	s.none(s.check("project-lists-tight", "No list of a project allows everything", "gitops/bootstrap/templates", "", "CC6.3"), plural(len(s.Tree.Projects), "project"), s.Tree.Tight(), nil)
	s.none(s.check("waves", "What an object needs is synced in an earlier wave", "gitops/apps", "", "CC8.1"), seen, s.Tree.Ordered(), nil)
	s.none(s.check("no-static-keys", "No object holds an AWS access key", "gitops", "", "CC6.1"), seen, s.Tree.StaticKeys(), nil)
}

// objects: schemas, and what admission would say.
func (s *prover) objects(t *testing.T) {
	all := slices.Concat(s.Tree.Projects, s.Tree.Objects, []gitops.Object{s.Tree.Applications[0].Object})
	c := s.check("valid", "Every object is what its kind's schema and rules allow", "gitops", "", "CC8.1")
	schemas, err := schema.New(slices.Concat(s.pinned.CRDs, all))
	var found []gitops.Finding
	if err == nil {
		for _, o := range all {
			found = append(found, schemas.Validate(t.Context(), o)...)
		}
	}
	s.none(c, plural(len(all), "object"), found, err)

	workloads, err := s.Tree.Workloads()
	seen := plural(len(workloads), "workload")
	refused, judged := podsecurity.Judge(s.Tree, "privileged")
	if err == nil {
		err = judged
	}
	unread, kinds := s.Tree.Audited("gatekeeper-system", "gatekeeper-admin")
	var none error
	if kinds == 0 {
		none = errors.New("no policy is about anything")
	}
	s.none(s.check("audited", "Gatekeeper may read every kind that a policy is about", "gitops/addons/opa-gatekeeper/manifests/cluster-role.yaml", "", "CC6.8", "CC7.1"), plural(kinds, "policy subject"), unread, none)
	s.none(s.check("pod-security", "Every pod is admitted at the level of its namespace", "gitops", "", "CC6.8"), seen, refused, err)
}

// agreement: what is rendered and what Terraform makes.
func (s *prover) agreement() {
	found, err := s.Tree.Identities(s.Handover.Accounts, s.elsewhere())
	s.none(s.check("identities", "Service accounts and Terraform's roles agree, in both directions", "terraform/platform", "", "CC6.1", "CC6.3"), plural(len(s.Handover.Accounts), "role"), found, err)
	c := s.check("intent", "The service accounts with a role are those of the access intent, each with its role", "policies/intent/access.yaml", "", "CC6.1", "CC6.2", "CC6.3")
	intent, err := platform.Values(root, "policies/intent/access.yaml")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.checks.NotProven(c, "policies/intent/access.yaml", "the file is not there")
	case err != nil:
		s.checks.Err(c, "the intent", err)
	default:
		s.none(c, plural(len(s.Handover.Accounts), "account"), gitops.Intended(s.Handover.Accounts, intent, s.Given.Name, []string{"kube-system/aws-node"}), nil)
	}
	prefix, _ := s.Handover.Values["secrets"].(map[string]any)["path"].(string)
	found, err = s.Tree.Secrets(prefix, s.secrets)
	s.none(s.check("secrets", "Every Secret that a pod reads comes from a secret that Terraform makes, property by property", "gitops/addons/external-secrets", "", "CC6.1"), plural(len(s.Tree.Of("external-secrets.io", "ExternalSecret")), "ExternalSecret"), found, err)
	karpenter, _ := s.Handover.Values["karpenter"].(map[string]any)
	cluster, _ := s.Handover.Values["cluster"].(map[string]any)
	s.none(s.check("nodes", "Nodes have IMDSv2 alone, encrypted gp3 volumes, private subnets and the profile that Terraform makes", "gitops/addons/karpenter", "", "CC6.1", "CC6.6", "CC6.7"), plural(len(s.Tree.Of("karpenter.k8s.aws", "EC2NodeClass")), "class"), s.Tree.Nodes(fmt.Sprint(cluster["name"]), fmt.Sprint(karpenter["instanceProfile"])), nil)
}

// elsewhere are service accounts that are made by charts that are not at hand, as their
// values name them, and by the EKS add-on of the volume driver.
func (s *prover) elsewhere() []string {
	out := []string{"kube-system/ebs-csi-controller-sa"}
	for _, u := range s.Tree.Unrendered {
		var account any
		file, err := platform.Values(root, "gitops/addons/"+u.Application+"/values.yaml")
		for _, from := range []map[string]any{file, u.Source.Helm.ValuesObject} {
			if own, ok := from["serviceAccount"].(map[string]any); ok && own["name"] != nil {
				account = own["name"]
			}
		}
		if err != nil && account == nil {
			continue
		}
		for _, a := range s.Tree.Applications {
			if a.Object.Name() == u.Application {
				out = append(out, fmt.Sprintf("%s/%v", a.Namespace, account))
			}
		}
	}
	return out
}

func (s *prover) capacity() {
	workloads, err := s.Tree.Workloads()
	seen := plural(len(workloads), "workload")
	found, drained := s.Tree.Drains("fintrack")
	if err == nil {
		err = drained
	}
	s.none(s.check("drains", "A drain can take one pod of each workload, and never all", "gitops/services", "", "A1.1", "A1.2"), seen, found, err)
	found, err = s.Tree.Schedulable("fintrack")
	s.none(s.check("schedulable", "Every service fits on a NodePool at its largest, spread over the zones", "gitops/addons/karpenter", "", "A1.1", "A1.2"), seen, found, err)
	found, err = s.Tree.Quotas()
	s.none(s.check("quotas", "The quotas let every service be at its largest while a release rolls out", "gitops/addons/namespaces", "", "A1.1"), seen, found, err)
	found, err = s.Tree.FilledIn("fintrack")
	s.none(s.check("limits", "No limit of the namespace fills in what a container must say itself", "gitops/addons/namespaces", "", "CC6.8", "A1.1"), plural(len(s.Tree.Of("", "LimitRange")), "limit range"), found, err)
}

func (s *prover) metrics() {
	c := s.check("metrics", "Every metric that an autoscaler asks for comes from somewhere", "gitops/addons/prometheus-adapter", "", "A1.1")
	adapter, err := platform.Values(root, "gitops/addons/prometheus-adapter/values.yaml")
	if err != nil {
		s.checks.Err(c, "values", err)
		return
	}
	exporter, err := platform.Values(root, "gitops/addons/cloudwatch-exporter/values.yaml")
	if err != nil {
		s.checks.Err(c, "values", err)
		return
	}
	queues := map[string]string{}
	all, _ := s.Handover.Values["queues"].(map[string]any)
	for short, q := range all {
		queues[short] = fmt.Sprint(q.(map[string]any)["name"])
	}
	found, err := s.Tree.ExternalMetrics(adapter, exporter, queues)
	s.none(c, plural(len(s.Tree.Of("autoscaling", "HorizontalPodAutoscaler")), "autoscaler"), found, err)
}

// cloudWatch: what rules and dashboards take from CloudWatch is exported.
func cloudWatch(checks *check.Set) {
	const file = "gitops/addons/prometheus-stack/metrics.yaml"
	c := check.Check{ID: "gitops.cloudwatch-metrics", Title: "Every metric of CloudWatch that an alert or a dashboard may name is exported", Controls: []string{"CC7.2", "A1.1"}, Subject: file}
	catalogue, err := platform.Values(root, file)
	if err != nil {
		checks.Err(c, "metrics", err)
		return
	}
	exporter, err := platform.Values(root, "gitops/addons/cloudwatch-exporter/values.yaml")
	if err != nil {
		checks.Err(c, "values", err)
		return
	}
	var named []string
	all, _ := catalogue["metrics"].([]any)
	for _, m := range all {
		if m, ok := m.(map[string]any); ok && m["exporter"] == "cloudwatch-exporter" {
			named = append(named, fmt.Sprint(m["name"]))
		}
	}
	found, err := gitops.Exported(file, named, exporter)
	if err != nil {
		checks.Err(c, "no finding", err)
		return
	}
	checks.That(c, len(found) == 0 && len(named) > 0, "no finding", gitops.Words(found)+", over "+plural(len(named), "metric"))
}

// orphans: over all environments together.
func orphans(checks *check.Set, trees []gitops.Tree) {
	c := check.Check{ID: "gitops.no-orphans", Title: "Every file is read by an Application of some environment", Controls: []string{"CC8.1"}, Subject: "gitops"}
	all, err := platform.Files(root)
	if err != nil {
		checks.Err(c, "files", err)
		return
	}
	found := gitops.Orphans(all, trees, platform.ForPeople)
	observed := gitops.Words(found)
	if len(found) == 0 {
		observed = "none, over " + plural(len(all), "file")
	}
	checks.That(c, len(found) == 0, "no finding", observed)
}
