package logs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	kit "github.com/fintrack/platform/test/kit/alerts/logs"
	"github.com/fintrack/platform/test/kit/alerts/server"
	"github.com/fintrack/platform/test/kit/gitops/render"
)

const (
	gitops = "../../../gitops/addons/"
	// patience is how long a step of Loki may take on a busy machine.
	patience = 4 * time.Minute
	replicas = 3
)

type object = map[string]any

// bucket is where Loki keeps its data, and the credentials for it.
type bucket struct{ endpoint, name, key, secret, token string }

// replica is one Loki process and its addresses.
type replica struct {
	http, grpc, gossip, dir string
	process                 *server.Process
}

type cluster struct{ replicas []*replica }

// deployed is the configuration that the chart makes of the deployed values. The
// chart is the one that Loki's module holds.
func deployed(t *testing.T, b bucket) (config object, runtime string, count int64) {
	t.Helper()
	text, err := os.ReadFile(gitops + "loki/values.yaml")
	require.NoError(t, err)
	values, err := render.Values("values.yaml", text)
	require.NoError(t, err)
	given := object{"loki": object{"storage": object{"bucketNames": object{"chunks": b.name, "ruler": b.name}}}}
	objects, err := render.Chart(server.Program(t, "FINTRACK_LOKI_CHART"), "loki", render.Release{Name: "loki", Namespace: "monitoring", Values: []map[string]any{values, given}, KubeVersion: "v1.34.0"})
	require.NoError(t, err)
	for _, o := range objects {
		switch o.Text("kind") + "/" + o.Text("metadata", "name") {
		case "ConfigMap/loki":
			require.NoError(t, yaml.Unmarshal([]byte(o.Text("data", "config.yaml")), &config))
		case "ConfigMap/loki-runtime":
			runtime = o.Text("data", "runtime-config.yaml")
		case "StatefulSet/loki":
			count, _ = o.At("spec", "replicas").(int64)
		}
	}
	require.NotEmpty(t, config, "the chart makes a ConfigMap loki")
	return config, runtime, count
}

// write changes what depends on where Loki runs: addresses, folders, the endpoint and
// credentials of S3. change changes more for one test.
func (r *replica) write(t *testing.T, c *cluster, b bucket, change func(config object)) string {
	t.Helper()
	config, runtime, _ := deployed(t, b)
	in := func(o object, names ...string) object {
		for _, n := range names {
			inner, ok := o[n].(object)
			if !ok {
				inner = object{}
				o[n] = inner
			}
			o = inner
		}
		return o
	}
	set := func(o object, with object) {
		for k, v := range with {
			o[k] = v
		}
	}
	runtimeFile := filepath.Join(r.dir, "runtime.yaml")
	require.NoError(t, os.WriteFile(runtimeFile, []byte(runtime), 0o600))
	host, port := split(t, r.http)
	_, grpc := split(t, r.grpc)
	_, gossip := split(t, r.gossip)
	var members []any
	for _, other := range c.replicas {
		members = append(members, other.gossip)
	}
	set(in(config, "server"), object{"http_listen_address": host, "http_listen_port": port, "grpc_listen_address": host, "grpc_listen_port": grpc, "log_level": "warn"})
	set(in(config, "memberlist"), object{"bind_addr": []any{host}, "bind_port": gossip, "advertise_addr": host, "advertise_port": gossip, "join_members": members, "node_name": r.http})
	set(in(config, "common"), object{"path_prefix": r.dir, "instance_addr": host, "compactor_grpc_address": r.grpc})
	set(in(config, "common", "storage", "s3"), object{"endpoint": b.endpoint, "access_key_id": b.key, "secret_access_key": b.secret, "session_token": b.token, "s3forcepathstyle": true, "insecure": true})
	// An address of its own makes Loki forget that the rings are kept by gossip.
	set(in(config, "common", "ring"), object{"instance_addr": host, "instance_id": r.http, "kvstore": object{"store": "memberlist"}})
	in(config, "runtime_config")["file"] = runtimeFile
	in(config, "compactor")["working_directory"] = filepath.Join(r.dir, "compactor")
	in(config, "analytics")["reporting_enabled"] = false
	if change != nil {
		change(config)
	}
	text, err := yaml.Marshal(config)
	require.NoError(t, err)
	file := filepath.Join(r.dir, "loki.yaml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	return file
}

func split(t *testing.T, address string) (host string, port int) {
	t.Helper()
	host, text, ok := strings.Cut(address, ":")
	require.True(t, ok, address)
	_, err := fmt.Sscan(text, &port)
	require.NoError(t, err)
	return host, port
}

func start(t *testing.T, b bucket, change func(config object)) *cluster {
	t.Helper()
	c := &cluster{}
	for range replicas {
		c.replicas = append(c.replicas, &replica{http: server.FreePort(t), grpc: server.FreePort(t), gossip: server.FreePort(t), dir: t.TempDir()})
	}
	for _, r := range c.replicas {
		r.start(t, r.write(t, c, b, change))
	}
	for _, r := range c.replicas {
		r.process.Ready(t, "http://"+r.http+"/ready", patience)
	}
	return c
}

func (r *replica) start(t *testing.T, file string) {
	t.Helper()
	r.process = server.Start(t, server.Program(t, "FINTRACK_LOKI"), "-config.file="+file, "-target=all")
}

// stop ends all replicas; each puts its index into the bucket.
func (c *cluster) stop(t *testing.T) {
	t.Helper()
	for _, r := range c.replicas {
		post(t, "http://"+r.http+"/flush", nil)
	}
	for _, r := range c.replicas {
		r.process.Stop(t, patience)
	}
}

// push sends lines as Fluent Bit does: a stream for each, as JSON.
func (r *replica) push(lines []kit.Stream) (status int, said string) {
	type stream struct {
		Stream map[string]string `json:"stream"`
		Values [][2]string       `json:"values"`
	}
	var body struct {
		Streams []stream `json:"streams"`
	}
	for _, l := range lines {
		body.Streams = append(body.Streams, stream{l.Labels, [][2]string{{fmt.Sprint(l.Time.UnixNano()), l.Line}}})
	}
	text, err := json.Marshal(body)
	if err != nil {
		return 0, err.Error()
	}
	resp, err := http.Post("http://"+r.http+"/loki/api/v1/push", "application/json", bytes.NewReader(text))
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer)
}

func post(t *testing.T, to string, body io.Reader) {
	t.Helper()
	resp, err := http.Post(to, "application/json", body)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	require.Less(t, resp.StatusCode, 300, "%s: %s", to, text)
}

// found is what Loki answers to a query over a range of time.
type found struct {
	ResultType string `json:"resultType"`
	Result     []struct {
		Stream map[string]string `json:"stream"`
		Metric map[string]string `json:"metric"`
		Values [][2]any          `json:"values"`
	} `json:"result"`
}

// query asks for a minute's steps, after from, up to and with to.
func (r *replica) query(expr string, from, to time.Time) (found, error) {
	q := url.Values{"query": {expr}, "start": {fmt.Sprint(from.UnixNano())}, "end": {fmt.Sprint(to.UnixNano())}, "step": {"60"}, "limit": {"5000"}}
	resp, err := http.Get("http://" + r.http + "/loki/api/v1/query_range?" + q.Encode())
	if err != nil {
		return found{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return found{}, fmt.Errorf("%s: %s: %s %w", expr, resp.Status, text, err)
	}
	var answer struct{ Data found }
	return answer.Data, json.Unmarshal(text, &answer)
}

// lines are the texts of an answer of log lines.
func (f found) lines() []string {
	var out []string
	for _, s := range f.Result {
		for _, v := range s.Values {
			out = append(out, fmt.Sprint(v[1]))
		}
	}
	return out
}

// counts adds up rates of a minute, for each step of a minute, by the label level.
func (f found) counts() map[string]int {
	sums := map[string]float64{}
	for _, s := range f.Result {
		for _, v := range s.Values {
			var rate float64
			if _, err := fmt.Sscan(fmt.Sprint(v[1]), &rate); err == nil {
				sums[s.Metric["level"]] += rate * 60
			}
		}
	}
	out := map[string]int{}
	for level, sum := range sums {
		out[level] = int(sum + 0.5)
	}
	return out
}
