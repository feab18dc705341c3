package alerts_test

import (
	"fmt"
	"os"
	"reflect"
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

type fluentBitValues struct {
	Config struct{ Service, Inputs, Filters, Outputs, CustomParsers string }
}

func TestCardAndAccountNumbersLeaveNoNode(t *testing.T) {
	t.Parallel()
	var script struct{ Data map[string]string }
	text, err := os.ReadFile(fluentBit + "/manifests/lua.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal(text, &script))
	var samples []struct {
		Name    string
		In, Out map[string]any
	}
	readYAML(t, fluentBit+"/samples/redaction.yaml", &samples)
	require.GreaterOrEqual(t, len(samples), 10)
	var list []string
	for _, s := range samples {
		got, err := logs.Redact(script.Data["redact.lua"], s.In)
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
		"kind", "the filters are run here in another Lua engine and another regular expression engine than Fluent Bit's own")
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
