// Package gatekeeper_test lets the program of Gatekeeper judge what the API server is
// asked to take, as the validating webhook that its chart configures with our values.
package gatekeeper_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/controllers"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/gitops/platform"
	"github.com/fintrack/platform/test/kit/sandbox/cluster"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

const root = "../../.."

// within is how long one step of Gatekeeper may take, on a loaded machine.
const within = 180 * time.Second

func TestMain(m *testing.M) { os.Exit(suite.Main(m, "gatekeeper", "emulated")) }

type proof struct {
	t       *testing.T
	cluster *cluster.Cluster
	objects *controllers.Objects
	tree    gitops.Tree
	checks  *check.Set
}

func (p proof) check(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "gatekeeper." + id, Title: title, Subject: subject, Controls: controls, Next: "the run's folder has Gatekeeper's log"}
}

// that records a check over many answers.
func (p proof) that(c check.Check, seen int, of string, wrong []string) {
	observed := fmt.Sprintf("as expected, %d %s", seen, of)
	if len(wrong) > 0 {
		observed = strings.Join(wrong, "\n            ")
	}
	p.checks.That(c, len(wrong) == 0 && seen > 0, "what the API server answers is what the policies say", observed)
}

func (p proof) apply(objects ...gitops.Object) {
	p.t.Helper()
	require.NoError(p.t, p.objects.Make(p.t.Context(), within, objects...))
}

func (p proof) of(groups ...string) []gitops.Object {
	var out []gitops.Object
	for _, o := range p.tree.Objects {
		if slices.Contains(groups, o.Group()+"/"+o.Kind()) || slices.Contains(groups, o.Group()+"/*") {
			out = append(out, o)
		}
	}
	return out
}

// sample reads one object of a policy's samples.
func sample(t *testing.T, file string) gitops.Object {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "policies/gatekeeper", file))
	require.NoError(t, err)
	objects, err := gitops.Parse(file, b)
	require.NoError(t, err)
	objects[0].Namespace = objects[0].Text("metadata", "namespace")
	return objects[0]
}

// expectation is a case of a policy's suite.
type expectation struct {
	policy, object, message string
	refused, looksUp        bool
}

// expectations are the cases of all suites, so that the API server must say what the
// suites say.
func expectations(t *testing.T) []expectation {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "policies/gatekeeper/*/suite.yaml"))
	require.NoError(t, err)
	var out []expectation
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		var s struct {
			Tests []struct {
				Cases []struct {
					Object     string
					Inventory  []string
					Assertions []struct{ Violations, Message any }
				}
			}
		}
		require.NoError(t, yaml.Unmarshal(b, &s))
		policy := filepath.Base(filepath.Dir(f))
		for _, test := range s.Tests {
			for _, c := range test.Cases {
				e := expectation{policy: policy, object: policy + "/" + c.Object, looksUp: len(c.Inventory) > 0, refused: c.Assertions[0].Violations == true}
				e.message, _ = c.Assertions[0].Message.(string)
				out = append(out, e)
			}
		}
	}
	return out
}

func TestGatekeeperJudges(t *testing.T) {
	program, err := controllers.Program(t.Context(), suite.Current().Run, "gatekeeper")
	require.NoError(t, err)
	m, err := platform.FindModules(t.Context(), root)
	require.NoError(t, err)
	rendered, err := platform.Render(root, "prod", m.Charts)
	require.NoError(t, err)
	c := cluster.New(t.Context(), t, suite.Current().Run)
	p := proof{t: t, cluster: c, objects: controllers.In(c), tree: rendered.Tree, checks: suite.Checks(t, "gatekeeper")}

	for _, o := range slices.Concat(m.CRDs, p.of("apiextensions.k8s.io/CustomResourceDefinition")) {
		if strings.Contains(o.Name(), "gatekeeper.sh") || strings.HasPrefix(o.Name(), "vulnerabilityreports.") {
			p.apply(o)
		}
	}
	// Pod security would refuse most samples before Gatekeeper sees them: here the
	// namespaces are without it (test/cluster proves that part).
	for _, o := range p.of("/Namespace") {
		labels := o.Fields["metadata"].(map[string]any)["labels"].(map[string]any)
		labels["pod-security.kubernetes.io/enforce"] = "privileged"
		p.apply(o)
	}
	p.apply(p.of("/ServiceAccount")...)
	before := sample(t, "no-host-path/samples/refused-node-folder.yaml")
	before.Fields["metadata"].(map[string]any)["name"] = "from-before"
	p.apply(before)

	process := p.start(program)
	p.policies()
	p.webhook(process)
	p.samples()
	p.findings()
	p.limits()
	p.deployed()
	p.audit()
	p.down(process)
}

type running struct {
	*controllers.Process
	port, health int
	authority    []byte
}

// start runs Gatekeeper with webhook, audit and status in one process, with the rights of
// its own service account.
func (p proof) start(program string) running {
	ports, err := controllers.Ports(2)
	require.NoError(p.t, err)
	r := running{port: ports[0], health: ports[1]}
	certificates := filepath.Join(p.t.TempDir(), "certificates")
	r.authority, err = controllers.Certificate(certificates)
	require.NoError(p.t, err)
	for _, o := range p.of("rbac.authorization.k8s.io/*") {
		if o.Application == "opa-gatekeeper" {
			p.apply(o)
		}
	}
	kubeconfig, err := p.cluster.KubeconfigFor(p.t.Context(), "gatekeeper-system", "gatekeeper-admin", 2*time.Hour)
	require.NoError(p.t, err)
	r.Process, err = controllers.Start(suite.Current().Run, "gatekeeper", program, []string{"POD_NAMESPACE=gatekeeper-system"},
		"--kubeconfig="+kubeconfig, "--debug-use-fake-pod", "--disable-cert-rotation", "--cert-dir="+certificates,
		"--host=127.0.0.1", fmt.Sprintf("--port=%d", r.port), fmt.Sprintf("--health-addr=127.0.0.1:%d", r.health), "--prometheus-port=0",
		"--operation=webhook", "--operation=audit", "--operation=status", "--operation=generate",
		"--audit-interval=5", "--log-denies", "--shutdown-delay=0", "--api-cache-dir="+p.t.TempDir())
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = r.Stop() }) // stopped by the test itself when it gets that far
	require.NoError(p.t, controllers.Until(p.t.Context(), within, "Gatekeeper is ready", func(ctx context.Context) (bool, string) {
		if why := r.Ended(); why != "" {
			p.t.Fatalf("Gatekeeper: %s", why)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/readyz", r.health), nil)
		if err != nil {
			return false, err.Error()
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false, err.Error()
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK, res.Status
	}))
	return r
}

// policies puts templates and constraints into the cluster as they are rendered, and
// waits until Gatekeeper enforces each.
func (p proof) policies() {
	p.apply(p.of("templates.gatekeeper.sh/ConstraintTemplate", "expansion.gatekeeper.sh/ExpansionTemplate", "config.gatekeeper.sh/Config")...)
	constraints := p.of("constraints.gatekeeper.sh/*")
	p.apply(constraints...)
	for _, o := range constraints {
		require.NoError(p.t, controllers.Until(p.t.Context(), within, o.ID()+" is enforced", func(ctx context.Context) (bool, string) {
			now, err := p.objects.Get(ctx, o)
			if err != nil {
				return false, err.Error()
			}
			b, err := json.Marshal(now.At("status", "byPod"))
			return err == nil && strings.Contains(string(b), `"enforced":true`), string(b)
		}))
	}
}

// webhook is the configuration of Gatekeeper's chart with our values; only the address
// is that of the process here.
func (p proof) webhook(r running) {
	found := p.of("admissionregistration.k8s.io/ValidatingWebhookConfiguration")
	i := slices.IndexFunc(found, func(o gitops.Object) bool { return strings.HasPrefix(o.Name(), "gatekeeper-") })
	require.GreaterOrEqual(p.t, i, 0)
	o := found[i]
	for _, w := range o.At("webhooks").([]any) {
		config := w.(map[string]any)["clientConfig"].(map[string]any)
		path, _ := config["service"].(map[string]any)["path"].(string)
		w.(map[string]any)["clientConfig"] = map[string]any{"url": fmt.Sprintf("https://127.0.0.1:%d%s", r.port, path), "caBundle": base64.StdEncoding.EncodeToString(r.authority)}
	}
	p.apply(o)
	// A configuration holds some moments after it is made.
	bad := sample(p.t, "no-host-path/samples/refused-node-folder.yaml")
	require.NoError(p.t, controllers.Until(p.t.Context(), within, "the webhook is asked", func(ctx context.Context) (bool, string) {
		err := p.objects.Try(ctx, bad)
		return err != nil && strings.Contains(err.Error(), "gatekeeper"), fmt.Sprint(err)
	}))
}

// samples tries every case of every suite that looks nothing up.
func (p proof) samples() {
	byPolicy := map[string][]string{}
	seen := map[string]int{}
	var order []string
	for _, e := range expectations(p.t) {
		if e.looksUp {
			continue
		}
		if seen[e.policy] == 0 {
			order = append(order, e.policy)
		}
		seen[e.policy]++
		if wrong := p.answer(e); wrong != "" {
			byPolicy[e.policy] = append(byPolicy[e.policy], e.object+": "+wrong)
		}
	}
	for _, policy := range order {
		p.that(p.check("samples."+policy, "The API server refuses what the policy's samples say, with its message, and takes the others", "policies/gatekeeper/"+policy, "CC6.8"), seen[policy], "samples", byPolicy[policy])
	}
}

// answer says in what the API server's answer differs from a case, "" when it does not.
func (p proof) answer(e expectation) string {
	err := p.objects.Try(p.t.Context(), sample(p.t, e.object))
	switch {
	case e.refused && err == nil:
		return "it was taken"
	case e.refused && (!strings.Contains(err.Error(), "denied the request") || !strings.Contains(err.Error(), e.message)):
		return fmt.Sprintf("want a refusal that says %q, got %v", e.message, err)
	case !e.refused && err != nil:
		return err.Error()
	}
	return ""
}

// findings puts a report of Trivy's operator into the cluster and tries the image.
func (p proof) findings() {
	c := p.check("samples.vulnerable-images", "A pod of an image with a critical or high finding is refused as soon as the report is there, and taken when it is gone", "policies/gatekeeper/vulnerable-images", "CC6.8", "CC7.1")
	image := sample(p.t, "vulnerable-images/samples/refused-a-critical-finding.yaml")
	var wrong []string
	seen := 0
	for _, step := range []struct{ report, says string }{
		{"inventory-clean", ""}, {"inventory-critical", "1 findings of severity critical"}, {"inventory-high", "2 findings of severity high"}, {"inventory-clean", ""},
	} {
		seen++
		p.apply(sample(p.t, "vulnerable-images/samples/"+step.report+".yaml"))
		err := controllers.Until(p.t.Context(), within, step.report, func(ctx context.Context) (bool, string) {
			err := p.objects.Try(ctx, image)
			if step.says == "" {
				return err == nil, fmt.Sprint(err)
			}
			return err != nil && strings.Contains(err.Error(), step.says), fmt.Sprint(err)
		})
		if err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	p.that(c, seen, "reports", wrong)
}

// limits puts the namespace's limits in, and tries the pods again that do not say what
// they need. The API server fills in what a limit of the type Container implies before
// any webhook is asked (Kubernetes documentation, "Limit Ranges"), so a limit can do
// away with the policy.
func (p proof) limits() {
	p.apply(p.of("/LimitRange")...)
	var wrong []string
	seen := 0
	for _, e := range expectations(p.t) {
		if e.policy != "required-resources" {
			continue
		}
		seen++
		if err := p.objects.Try(p.t.Context(), sample(p.t, e.object)); (err != nil) != e.refused {
			wrong = append(wrong, fmt.Sprintf("%s: want refused %t, got %v", e.object, e.refused, err))
		}
	}
	p.that(p.check("limits-say-nothing", "The limits of the namespace do not fill in what a container must say itself", "gitops/addons/namespaces/manifests/fintrack/limits.yaml", "CC6.8", "A1.1"), seen, "samples", wrong)
}

// deployed tries every workload of the services.
func (p proof) deployed() {
	workloads, err := p.tree.Workloads()
	require.NoError(p.t, err)
	var wrong []string
	seen := 0
	for _, w := range workloads {
		if w.Object.Namespace != "fintrack" {
			continue
		}
		seen++
		if err := p.objects.Try(p.t.Context(), w.Object); err != nil {
			wrong = append(wrong, w.Object.ID()+": "+err.Error())
		}
	}
	p.that(p.check("services-admitted", "Every service of the platform is admitted", "gitops/services", "CC6.8"), seen, "services", wrong)
}

// audit looks for the pod that was there before the policies.
func (p proof) audit() {
	c := p.check("audit", "Audit finds what was there before the policy", "policies/gatekeeper/no-host-path", "CC7.1", "CC7.2")
	constraint := p.of("constraints.gatekeeper.sh/K8sNoHostPath")[0]
	err := controllers.Until(p.t.Context(), within, "the violation of the pod from-before", func(ctx context.Context) (bool, string) {
		now, err := p.objects.Get(ctx, constraint)
		if err != nil {
			return false, err.Error()
		}
		b, err := json.Marshal(now.At("status", "violations"))
		return err == nil && strings.Contains(string(b), "from-before"), string(b)
	})
	if err != nil {
		p.checks.Err(c, "a violation of fintrack/from-before", err)
		return
	}
	p.checks.That(c, true, "a violation of fintrack/from-before", "it is in the status of the constraint")
}

// down stops Gatekeeper: what it cannot judge is not let in, but where it would keep
// the cluster from coming back.
func (p proof) down(r running) {
	require.NoError(p.t, r.Stop())
	good := sample(p.t, "no-host-path/samples/allowed-empty-dir.yaml")
	var wrong []string
	if err := p.objects.Try(p.t.Context(), good); err == nil || !strings.Contains(err.Error(), "failed calling webhook") {
		wrong = append(wrong, fmt.Sprintf("in fintrack: want a failed call, got %v", err))
	}
	for _, namespace := range []string{"kube-system", "karpenter", "gatekeeper-system"} {
		good.Namespace = namespace
		good.Fields["metadata"].(map[string]any)["namespace"] = namespace
		if err := p.objects.Try(p.t.Context(), good); err != nil {
			wrong = append(wrong, fmt.Sprintf("in %s: want it taken, got %v", namespace, err))
		}
	}
	p.that(p.check("down", "With Gatekeeper down nothing enters the namespaces that it judges, and what it needs itself can come back", "gitops/addons/opa-gatekeeper", "CC6.8", "A1.2"), 4, "namespaces", wrong)
}
