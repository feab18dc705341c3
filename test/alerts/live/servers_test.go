package live_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/fintrack/platform/test/kit/alerts"
	"github.com/fintrack/platform/test/kit/alerts/reference"
)

// factor divides every duration of the rules, of Alertmanager's configuration
// and of Prometheus' settings: 30 s become 3 s. A restart takes the time that it takes, so
// that a larger factor would make it look long.
const factor = 10

const addOn = "../../../gitops/addons/prometheus-stack"

// program is the path of a server, from the environment of scripts/test-alerts-live.
func program(t *testing.T, variable string) string {
	t.Helper()
	path := os.Getenv(variable)
	require.NotEmpty(t, path, "%s is not set: run scripts/test-alerts-live", variable)
	return path
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// server is a process of ours; its output is shown when the test fails.
type server struct {
	cmd *exec.Cmd
	out bytes.Buffer
}

func launch(t *testing.T, ready string, name string, args ...string) *server {
	t.Helper()
	s := &server{cmd: exec.Command(name, args...)}
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(t, s.cmd.Start())
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(name), s.out.String())
		}
	})
	require.Eventually(t, func() bool {
		resp, err := http.Get("http://" + ready + "/-/ready")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, time.Minute, 50*time.Millisecond, "%s is not ready", name)
	return s
}

// kill ends the process at once, as a node that dies would.
func (s *server) kill() {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
}

type values struct {
	Alertmanager struct {
		Config map[string]any `json:"config"`
	} `json:"alertmanager"`
	Prometheus struct {
		PrometheusSpec struct {
			Rules struct {
				Alert struct{ ForGracePeriod, ForOutageTolerance, ResendDelay string }
			}
		} `json:"prometheusSpec"`
	} `json:"prometheus"`
}

func readValues(t *testing.T) values {
	t.Helper()
	text, err := os.ReadFile(addOn + "/values.yaml")
	require.NoError(t, err)
	var v values
	require.NoError(t, yaml.Unmarshal(text, &v))
	return v
}

func scaled(t *testing.T, text string) string {
	t.Helper()
	d, err := time.ParseDuration(text)
	require.NoError(t, err)
	return (d / factor).String()
}

// alertmanagerConfig is the deployed configuration with durations scaled and the
// files of the secrets in a folder of the test.
func alertmanagerConfig(t *testing.T, dir, sink string) string {
	t.Helper()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	files := map[string]string{
		"slack_api_url_file": write("slack", "http://"+sink+"/slack"),
		"routing_key_file":   write("routing", routingKey),
	}
	cfg := readValues(t).Alertmanager.Config
	var walk func(v any)
	walk = func(v any) {
		switch x := v.(type) {
		case []any:
			for _, e := range x {
				walk(e)
			}
		case map[string]any:
			for k, e := range x {
				switch k {
				case "group_wait", "group_interval", "repeat_interval", "resolve_timeout":
					d, err := time.ParseDuration(e.(string))
					require.NoError(t, err)
					x[k] = fmt.Sprintf("%dms", (d / factor).Milliseconds())
				case "slack_api_url_file", "routing_key_file":
					x[k] = files[k]
				case "url_file":
					// Alertmanager reads url_file since 0.26; url serves older ones as well.
					delete(x, k)
					x["url"] = "http://" + sink + "/heartbeat"
				default:
					walk(e)
				}
			}
		}
	}
	walk(cfg)
	cfg["global"].(map[string]any)["pagerduty_url"] = "http://" + sink + "/pagerduty"
	text, err := yaml.Marshal(cfg)
	require.NoError(t, err)
	return write("alertmanager.yaml", string(text))
}

// prometheusConfig scrapes the canary as the ServiceMonitor of a service does,
// with all our rules.
func prometheusConfig(t *testing.T, dir, canary, alertmanager string) string {
	t.Helper()
	book, err := alerts.Load(os.DirFS(addOn))
	require.NoError(t, err)
	var list []*alerts.Rule
	for _, group := range [][]*alerts.Rule{book.Rules.Recording, book.Rules.Alerts} {
		for _, r := range group {
			s, err := r.Scaled(factor)
			require.NoError(t, err)
			list = append(list, s)
		}
	}
	rules := filepath.Join(dir, "rules.yaml")
	require.NoError(t, os.WriteFile(rules, reference.GroupFile(list, true), 0o600))
	config := filepath.Join(dir, "prometheus.yaml")
	require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `
global: {scrape_interval: %s, evaluation_interval: %[1]s}
rule_files: [%s]
alerting: {alertmanagers: [{static_configs: [{targets: [%s]}]}]}
scrape_configs:
  - job_name: reconciliation-service
    static_configs: [{targets: [%s], labels: {namespace: fintrack, service: reconciliation-service, pod: reconciliation-service-0}}]
`, alerts.Step/factor, rules, alertmanager, canary), 0o600))
	return config
}
