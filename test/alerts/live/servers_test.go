package live_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/fintrack/platform/test/kit/alerts"
	"github.com/fintrack/platform/test/kit/alerts/reference"
	"github.com/fintrack/platform/test/kit/alerts/server"
)

// factor divides every duration of the rules, of Alertmanager's configuration
// and of Prometheus' settings: 30 s become 3 s. A restart takes the time that it takes, so
// that a larger factor would make it look long.
const factor = 10

const addOn = "../../../gitops/addons/prometheus-stack"

// launch starts a server and waits until it is ready.
func launch(t *testing.T, address, program string, args ...string) *server.Process {
	t.Helper()
	p := server.Start(t, program, args...)
	p.Ready(t, "http://"+address+"/-/ready", time.Minute)
	return p
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
