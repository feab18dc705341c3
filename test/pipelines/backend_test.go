package pipelines_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/pipelines"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func TestServicesAreTestedBeforeTheyAreBuilt(t *testing.T) {
	const node, python, sast = "backend.yml test/Test and lint (Node.js)", "backend.yml test/Test and lint (Python)", "backend.yml test/Static analysis for security"
	p := newPlace(t)
	p.env("SERVICE", "ledger", "LANGUAGE", "typescript")
	p.program("npm", "")
	p.program("pip", "")
	p.program("ruff", "")
	p.program("pytest", "")
	p.program("semgrep", "")
	p.program("python", `mkdir -p "$3/bin" && : >"$3/bin/activate"`)

	o := p.run(node)
	checks(t).That(promise("node-tested", "A Node.js service is installed as locked, linted and tested", node, "", "CC8.1"),
		o.Exit == 0 && p.calls("npm") == "npm ci\nnpm run lint\nnpm run test:coverage\n", "npm ci, lint, test:coverage", p.calls("npm")+said(o))
	o = p.run(python)
	checks(t).That(promise("python-tested", "A Python service is installed by hashes, linted and tested with a bound on coverage", python, "", "CC8.1"),
		o.Exit == 0 && strings.Contains(p.calls("pip"), "--require-hashes") && p.calls("ruff") == "ruff check .\n" && strings.Contains(p.calls("pytest"), "--cov-fail-under=80"),
		"pip --require-hashes, ruff, pytest --cov-fail-under", p.calls("pip")+p.calls("ruff")+p.calls("pytest")+said(o))
	o = p.run(sast)
	checks(t).That(promise("code-analysed", "Code is analysed for security in its language", sast, "", "CC7.1", "CC8.1"),
		o.Exit == 0 && strings.Contains(p.calls("semgrep"), "--error") && strings.Contains(p.calls("semgrep"), "p/typescript services/ledger"), "semgrep scan --error of the service", p.calls("semgrep")+said(o))

	p.program("npm", `[[ $* != 'run lint' ]]`)
	p.program("pytest", "exit 1")
	p.program("semgrep", "exit 1")
	n, y, s := p.run(node), p.run(python), p.run(sast)
	checks(t).That(promise("failing-tests-stop", "A lint, a test or an analysis that fails stops the pipeline", "backend.yml test", "", "CC8.1"),
		n.Exit != 0 && y.Exit != 0 && s.Exit != 0 && strings.Count(p.calls("npm"), "npm run test:coverage") == 1,
		"three failed steps", fmt.Sprintf("exit codes %d, %d, %d", n.Exit, y.Exit, s.Exit))
}

func TestTagsOfImagesNeverMove(t *testing.T) {
	const id = "backend.yml image/Choose a tag that nothing has"
	p := newPlace(t)
	p.env("SERVICE", "ledger", "NUMBER", "487")
	p.program("aws", "echo 'An error occurred (ImageNotFoundException) when calling DescribeImages' >&2; exit 254")
	o := p.run(id)
	checks(t).That(promise("tag-new", "An image is tagged main-N by the run's number", id, "", "CC8.1", "CC6.8"),
		o.Exit == 0 && o.Outputs["tag"] == "main-487" && o.Outputs["present"] == "false", "main-487, to be built", said(o)+fmt.Sprint(o.Outputs))
	p.program("aws", "echo sha256:0123")
	o = p.run(id)
	checks(t).That(promise("tag-never-moves", "A tag that is there is not built again", id, "", "CC8.1", "CC6.8"),
		o.Exit == 0 && o.Outputs["present"] == "true", "present", said(o)+fmt.Sprint(o.Outputs))
	p.program("aws", "echo 'An error occurred (AccessDeniedException)' >&2; exit 254")
	o = p.run(id)
	checks(t).That(promise("tag-unknown-stops", "When the registry cannot be asked the pipeline stops", id, "", "CC8.1"),
		o.Exit != 0 && o.Outputs["tag"] == "" && strings.Contains(o.Printed, "AccessDenied"), "a failed step without a tag", said(o)+fmt.Sprint(o.Outputs))

	const push = "backend.yml image/Push"
	p.env("IMAGE", "123456789012.dkr.ecr.us-east-1.amazonaws.com/ledger:main-487")
	p.program("docker", "")
	o = p.run(push)
	checks(t).That(promise("image-pushed", "The image that was scanned is the one that is pushed", push, "", "CC6.8"),
		o.Exit == 0 && p.calls("docker") == "docker push "+p.Env["IMAGE"]+"\n", "docker push of that tag, no build", p.calls("docker")+said(o))
	p.program("docker", "exit 1")
	require.NotZero(t, p.run(push).Exit)
}

const argoToken = "token-of-the-pipeline"

// argoCD stands in for the Kubernetes API with Argo CD's Applications in it: it
// answers GET of one Application with the next of the states, and GET of the pods of the
// service with one that cannot start. It is no Argo CD: test/cluster/gitops has that.
type argoCD struct {
	mu     sync.Mutex
	states [][3]string // sync, health, tag of the image
	asked  int
}

func (a *argoCD) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+argoToken {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	switch {
	case r.URL.Path == "/api/v1/namespaces/fintrack/pods" && r.URL.Query().Get("labelSelector") == "app.kubernetes.io/name=ledger":
		_, _ = io.WriteString(w, `{"items": [{"metadata": {"name": "ledger-1"}, "status": {"containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}]}}]}`)
		return
	case r.URL.Path != "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/ledger":
		http.NotFound(w, r)
		return
	}
	s := a.states[min(a.asked, len(a.states)-1)]
	a.asked++
	_ = json.NewEncoder(w).Encode(map[string]any{
		"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
		"status": map[string]any{
			"sync": map[string]any{"status": s[0]}, "health": map[string]any{"status": s[1]},
			"summary": map[string]any{"images": []string{"123456789012.dkr.ecr.us-east-1.amazonaws.com/ledger:" + s[2], "docker.io/other/ledger:main-1"}},
		},
	})
}

func TestADeploymentIsWaitedFor(t *testing.T) {
	const reach, wait = "backend.yml deployment/Reach the cluster", pipelines.WaitStep
	p := newPlace(t)
	p.env("CLUSTER", "fintrack")
	p.program("aws", "")
	o := p.run(reach)
	checks(t).That(promise("cluster-by-role", "The cluster is reached by the role, without a key of its own", reach, "", "CC6.1"),
		o.Exit == 0 && p.calls("aws") == "aws eks update-kubeconfig --name fintrack --alias fintrack\n", "aws eks update-kubeconfig", p.calls("aws")+said(o))

	cases := []struct {
		id, title string
		states    [][3]string
		good      bool
		tries     int
	}{
		{"deployment-healthy", "A deployment is good when it is synced, healthy and of the new image", [][3]string{{"OutOfSync", "Healthy", "main-486"}, {"Synced", "Progressing", "main-487"}, {"Synced", "Healthy", "main-487"}}, true, 3},
		{"deployment-old-image", "An old version that is healthy is not taken for the new one", [][3]string{{"Synced", "Healthy", "main-486"}}, false, 4},
		{"deployment-longer-tag", "A tag that only begins alike is not taken for it", [][3]string{{"Synced", "Healthy", "main-4871"}}, false, 4},
		{"deployment-degraded", "A new version that is degraded fails at once", [][3]string{{"Synced", "Degraded", "main-487"}}, false, 1},
		{"deployment-never-synced", "A deployment that never syncs fails in the end", [][3]string{{"OutOfSync", "Healthy", "main-487"}}, false, 4},
	}
	for _, c := range cases {
		a := &argoCD{states: c.states}
		server := httptest.NewServer(a)
		o := waitFor(t, server.URL)
		server.Close()
		looks, why := c.tries, ""
		if !c.good {
			looks, why = c.tries+1, "pod ledger-1: ImagePullBackOff: no such image" // the last look is for the reasons
		}
		checks(t).That(promise(c.id, c.title+" (a stand-in for Argo CD answers)", wait, "", "CC8.1", "A1.2"),
			(o.Exit == 0) == c.good && a.asked == looks && strings.Contains(o.Printed, why), fmt.Sprintf("good: %t after %d looks; %s", c.good, looks, why), fmt.Sprintf("%d looks; %s", a.asked, said(o)))
	}
	o = waitFor(t, "http://127.0.0.1:1")
	checks(t).That(promise("deployment-unreachable", "A cluster that does not answer is not taken for a good deployment", wait, "", "CC8.1"),
		o.Exit != 0, "a failed step", said(o))
}

// TestTheWaitIsLongEnough: the step is there to see a rollout end, well or badly.
func TestTheWaitIsLongEnough(t *testing.T) {
	read := func(name string, into any) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(suite.run.Paths.Root, name))
		require.NoError(t, err)
		require.NoError(t, yaml.Unmarshal(text, into))
	}
	var w struct {
		Jobs map[string]struct {
			Timeout int `yaml:"timeout-minutes"`
			Steps   []struct {
				Name string
				Env  map[string]string
			}
		}
	}
	read(pipelines.Dir+"/backend.yml", &w)
	job := w.Jobs["deployment"]
	var waits, all int
	for _, s := range job.Steps {
		tries, _ := strconv.Atoi(s.Env["TRIES"]) // 0 without one
		pause, _ := strconv.Atoi(s.Env["PAUSE"])
		all += tries * pause
		if strings.HasSuffix(pipelines.WaitStep, "/"+s.Name) {
			waits = tries * pause
		}
	}
	var argo struct {
		Configs struct {
			CM map[string]string
		}
	}
	read("gitops/bootstrap/argocd.yaml", &argo)
	asks, err := time.ParseDuration(argo.Configs.CM["timeout.reconciliation"])
	require.NoError(t, err)
	// Argo CD's own default of timeout.reconciliation.jitter; the cluster suite reads it so.
	const jitter = time.Minute
	chart, err := os.ReadFile(filepath.Join(suite.run.Paths.Root, "gitops/charts/fintrack-service-chart/templates/deployment.yaml"))
	require.NoError(t, err)
	m := regexp.MustCompile(`(?m)^  progressDeadlineSeconds: (\d+)$`).FindSubmatch(chart)
	require.NotNil(t, m, "the chart sets progressDeadlineSeconds")
	deadline, err := time.ParseDuration(string(m[1]) + "s")
	require.NoError(t, err)
	needs, has, bound := asks+jitter+deadline, time.Duration(waits)*time.Second, time.Duration(job.Timeout)*time.Minute
	checks(t).That(promise("deployment-patience", "The wait outlasts the time in which Argo CD asks Git and Kubernetes gives a rollout up, and the job outlasts its waits", pipelines.WaitStep, "change TRIES, PAUSE or timeout-minutes", "CC8.1", "A1.2"),
		has > needs && bound > time.Duration(all)*time.Second, fmt.Sprintf("more than %s, and less than the job's %s", needs, bound), fmt.Sprintf("%s, and all waits of the job together %ds", has, all))
}

// waitFor runs the step that waits against a Kubernetes API.
func waitFor(t *testing.T, server string) pipelines.Outcome {
	t.Helper()
	o, err := pipelines.WaitForArgoCD(t.Context(), suite.workflows, pipelines.Cluster{Server: server, Token: argoToken}, "ledger", "main-487", pipelines.Patience{Tries: 4})
	require.NoError(t, err)
	ran(pipelines.WaitStep)
	return o
}

func TestTheServiceIsAskedAfterDeployment(t *testing.T) {
	const id = "backend.yml deployment/Smoke test"
	cases := []struct {
		name, title string
		answers     []int
		good        bool
	}{
		{"smoke-good", "A service that answers 200 is good", []int{200}, true},
		{"smoke-late", "A service that answers 200 after a while is good", []int{503, 503, 200}, true},
		{"smoke-bad", "A service that never answers 200 is not", []int{503}, false},
		{"smoke-redirect", "A redirect is not an answer", []int{302}, false},
	}
	for _, c := range cases {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.answers[min(asked, len(c.answers)-1)])
			asked++
		}))
		p := newPlace(t)
		p.env("HEALTH", server.URL+"/health", "TRIES", "4", "PAUSE", "0")
		o := p.run(id)
		server.Close()
		checks(t).That(promise(c.name, c.title, id, "", "A1.1", "CC8.1"), (o.Exit == 0) == c.good, fmt.Sprintf("good: %t", c.good), said(o))
	}
	p := newPlace(t)
	p.env("HEALTH", "http://127.0.0.1:1/health", "TRIES", "2", "PAUSE", "0")
	o := p.run(id)
	checks(t).That(promise("smoke-unreachable", "A service that cannot be reached is not good", id, "", "A1.1", "CC8.1"), o.Exit != 0, "a failed step", said(o))
}

func (p *place) git(args ...string) string {
	p.t.Helper()
	out, err := exec.Command("git", append([]string{"-C", p.Dir, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...).CombinedOutput()
	require.NoError(p.t, err, string(out))
	return string(out)
}

func TestChangedServicesAreFound(t *testing.T) {
	const id = "services.yml changed/List the changed services"
	p := newPlace(t)
	p.git("init", "-q", "-b", "main")
	p.write("services/scorer/pyproject.toml", "[project]\n")
	p.write("services/gone/package.json", "{}\n")
	p.git("add", "-A")
	p.git("commit", "-q", "-m", "one")
	base := strings.TrimSpace(p.git("rev-parse", "HEAD"))
	p.write("services/scorer/main.py", "pass\n")
	p.write("README.md", "x\n")
	p.git("rm", "-q", "-r", "services/gone")
	p.git("add", "-A")
	p.git("commit", "-q", "-m", "two")
	p.env("BASE", base)
	o := p.run(id)
	checks(t).That(promise("changed-services", "A change calls the pipeline of the services that it touches, each in its language", id, "", "CC8.1"),
		o.Exit == 0 && o.Outputs["services"] == `[{"service":"scorer","language":"python"}]`, `scorer alone, in python`, said(o)+o.Outputs["services"])
	p.env("BASE", strings.Repeat("0", 40))
	o = p.run(id)
	checks(t).That(promise("changed-services-first-push", "On the first push of a branch every service counts", id, "", "CC8.1"),
		o.Exit == 0 && o.Outputs["services"] == `[{"service":"ledger","language":"node"},{"service":"scorer","language":"python"}]`, "ledger and scorer", said(o)+o.Outputs["services"])
	p.env("BASE", strings.TrimSpace(p.git("rev-parse", "HEAD")))
	o = p.run(id)
	checks(t).That(promise("changed-services-none", "Without a change nothing is called", id, "", "CC8.1"),
		o.Exit == 0 && o.Outputs["services"] == "[]", "[]", said(o)+o.Outputs["services"])
	p.write("services/odd/main.c", "int main;\n")
	p.git("add", "-A")
	p.git("commit", "-q", "-m", "three")
	o = p.run(id)
	checks(t).That(promise("changed-services-unknown", "A service in no known language stops the pipeline instead of being passed over", id, "", "CC8.1"),
		o.Exit != 0 && strings.Contains(o.Printed, "services/odd has neither"), "refused by name", said(o))
}
