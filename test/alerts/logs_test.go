package alerts_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/fintrack/platform/test/kit/alerts/logs"
	"github.com/fintrack/platform/test/kit/check"
)

const fluentBit = repository + "/gitops/addons/fluent-bit"

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, yaml.UnmarshalStrict(text, into), file)
}

func readManifest(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, into), file)
}

type fluentBitValues struct{ Config logs.Config }

func luaScripts(t testing.TB) map[string]string {
	t.Helper()
	scripts, err := logs.Scripts(os.DirFS(fluentBit))
	require.NoError(t, err)
	return scripts
}

func fluentBitPipeline(t *testing.T) *logs.Pipeline {
	t.Helper()
	p, err := logs.Load(os.DirFS(fluentBit))
	require.NoError(t, err)
	return p
}

func TestCardAndAccountNumbersLeaveNoNode(t *testing.T) {
	t.Parallel()
	var samples []struct {
		Name    string
		In, Out map[string]any
	}
	readYAML(t, fluentBit+"/samples/redaction.yaml", &samples)
	require.GreaterOrEqual(t, len(samples), 10)
	var list []string
	for _, s := range samples {
		got, err := logs.Redact(luaScripts(t)["redact.lua"], s.In)
		if err != nil {
			list = append(list, s.Name+": "+err.Error())
		} else if !reflect.DeepEqual(got, s.Out) {
			list = append(list, fmt.Sprintf("%s: got %v, want %v", s.Name, got, s.Out))
		}
	}
	c := checks(t, "alerts")
	problems(c, "alerts.logs-redacted", "Card and account numbers are taken out of log lines", fluentBit+"/manifests/lua.yaml",
		"the samples are in samples/redaction.yaml", []string{"CC6.7", "C1.1"}, list)
	c.NotProven(check.Check{ID: "alerts.logs-shipped", Title: "Fluent Bit itself ships redacted lines to Loki", Controls: []string{"CC7.2", "C1.1"}, Subject: fluentBit + "/values.yaml"},
		"kind", "what its configuration does to a record is done here by a reader of ours, another Lua engine and another regular expression engine than Fluent Bit's own")
}

// A query reads the fields of a line only while the line is JSON.
func FuzzRedactionKeepsJSON(f *testing.F) {
	for _, seed := range []string{`{"a":4111111111111111}`, `{"pan":[1,"x"],"b":null}`, `{"s":"{\"iban\":\"DE89\"}"}`, `{"cvv":{"x":1},"n":[-5555555555554444,1e13]}`} {
		f.Add(seed)
	}
	script := luaScripts(f)["redact.lua"]
	f.Fuzz(func(t *testing.T, line string) {
		var object map[string]any
		if json.Unmarshal([]byte(line), &object) != nil {
			return
		}
		out, err := logs.Redact(script, map[string]any{"log": line})
		if err != nil || !json.Valid([]byte(out["log"].(string))) {
			t.Fatalf("%s became %v, %v", line, out["log"], err)
		}
	})
}

// What leaves the node is what Loki's queries must read: labels and the text of each line.
func TestContainerLogsBecomeTheLinesOfLoki(t *testing.T) {
	t.Parallel()
	var samples []struct {
		Name        string
		Pod         logs.Pod
		File, Lines []string
		Labels      map[string]string
	}
	readYAML(t, fluentBit+"/samples/pipeline.yaml", &samples)
	require.NotEmpty(t, samples)
	p := fluentBitPipeline(t)
	var list []string
	for _, s := range samples {
		shipped, err := p.Ship(s.Pod, s.File)
		require.NoError(t, err, s.Name)
		var lines []string
		for _, l := range shipped {
			lines = append(lines, l.Line)
			if !reflect.DeepEqual(l.Labels, s.Labels) {
				list = append(list, fmt.Sprintf("%s: labels %v, want %v", s.Name, l.Labels, s.Labels))
			}
		}
		if !reflect.DeepEqual(lines, s.Lines) {
			list = append(list, fmt.Sprintf("%s: lines %q, want %q", s.Name, lines, s.Lines))
		}
	}
	problems(checks(t, "alerts"), "alerts.logs-lines", "A container's log becomes lines and labels that Loki's queries read", fluentBit+"/values.yaml",
		"the samples are in samples/pipeline.yaml", []string{"CC7.2"}, list)
}

func TestALinkOfALogLineFindsTheTrace(t *testing.T) {
	t.Parallel()
	var manifest struct{ Data map[string]string }
	readManifest(t, repository+"/gitops/addons/loki/manifests/grafana-datasource.yaml", &manifest)
	var source struct {
		Datasources []struct {
			UID      string
			JSONData struct {
				DerivedFields []struct{ Name, MatcherRegex, URL string }
			}
		}
	}
	require.NoError(t, yaml.Unmarshal([]byte(manifest.Data["loki.yaml"]), &source))
	require.Len(t, source.Datasources, 1)
	require.Len(t, source.Datasources[0].JSONData.DerivedFields, 1)
	field := source.Datasources[0].JSONData.DerivedFields[0]
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	shipped, err := fluentBitPipeline(t).Ship(logs.Pod{Namespace: "fintrack"}, []string{`2026-03-10T12:00:00.1Z stdout F {"level":"info","trace_id":"` + trace + `"}`})
	require.NoError(t, err)
	c := checks(t, "alerts")
	is := func(id, title string) check.Check {
		return check.Check{ID: "alerts." + id, Title: title, Controls: []string{"CC7.3"}, Subject: "gitops/addons/loki/manifests/grafana-datasource.yaml"}
	}
	found := regexp.MustCompile(field.MatcherRegex).FindStringSubmatch(shipped[0].Line)
	c.That(is("logs-trace-link", "The trace id of a shipped line becomes a link"), len(found) == 2 && found[1] == trace, field.MatcherRegex+" finds "+trace, shipped[0].Line)
	c.Equal(is("logs-trace-target", "The link opens the dashboard of logs with the trace filled in"), "/d/logs?var-trace=$${__value.raw}", field.URL)
}

func TestTracesBecomeOneRecord(t *testing.T) {
	t.Parallel()
	var values fluentBitValues
	text, err := os.ReadFile(fluentBit + "/values.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &values))
	parsers, err := logs.ParseMultiline("values.yaml", values.Config.CustomParsers)
	require.NoError(t, err)
	require.Len(t, parsers, 1)
	require.Contains(t, values.Config.Filters, parsers[0].Name, "the parser is used")
	var samples []struct {
		Name    string
		Lines   []string
		Records []int
	}
	readYAML(t, fluentBit+"/samples/multiline.yaml", &samples)
	var list []string
	for _, s := range samples {
		var got []int
		for _, r := range parsers[0].Join(s.Lines) {
			got = append(got, strings.Count(r, "\n")+1)
		}
		if !reflect.DeepEqual(got, s.Records) {
			list = append(list, fmt.Sprintf("%s: records of %v lines, want %v", s.Name, got, s.Records))
		}
	}
	problems(checks(t, "alerts"), "alerts.logs-multiline", "The lines of a stack trace become one record", fluentBit+"/values.yaml",
		"the samples are in samples/multiline.yaml", []string{"CC7.2"}, list)
}

func TestRedactionComesBeforeTheLinesLeave(t *testing.T) {
	t.Parallel()
	var values fluentBitValues
	text, err := os.ReadFile(fluentBit + "/values.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &values))
	var names []string
	for line := range strings.Lines(values.Config.Filters) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == "Name" {
			names = append(names, f[1])
		}
	}
	checks(t, "alerts").Equal(check.Check{ID: "alerts.logs-filter-order", Title: "Redaction is the last filter before the output", Controls: []string{"C1.1"}, Subject: fluentBit + "/values.yaml"},
		[]string{"multiline", "kubernetes", "lua"}, names)
}

func TestLogsAreKeptForNinetyDays(t *testing.T) {
	t.Parallel()
	var values struct {
		Loki struct {
			Storage   struct{ Type string }
			Compactor struct {
				RetentionEnabled bool `json:"retention_enabled"`
			}
			Limits struct {
				RetentionPeriod string `json:"retention_period"`
			} `json:"limits_config"`
		}
	}
	text, err := os.ReadFile(repository + "/gitops/addons/loki/values.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &values))
	l := values.Loki
	checks(t, "alerts").Equal(check.Check{ID: "alerts.logs-kept", Title: "Logs are kept in S3 for 90 days, and the compactor deletes older ones", Controls: []string{"CC7.2", "C1.2"}, Subject: "gitops/addons/loki/values.yaml"},
		"s3, 2160h, compactor true", fmt.Sprintf("%s, %s, compactor %t", l.Storage.Type, l.Limits.RetentionPeriod, l.Compactor.RetentionEnabled))
}
