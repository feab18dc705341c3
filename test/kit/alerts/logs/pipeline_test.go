package logs_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fintrack/platform/test/kit/alerts/logs"
)

const passOn = "function pass(t, s, r) return 2, s, r end"

func config(change func(*logs.Config)) logs.Config {
	c := logs.Config{
		Inputs:        "[INPUT]\n  Name tail\n  multiline.parser cri\n",
		Filters:       "[FILTER]\n  Name multiline\n  multiline.key_content log\n  multiline.parser trace\n[FILTER]\n  Name kubernetes\n  Merge_Log On\n  Merge_Log_Key message\n[FILTER]\n  Name lua\n  script pass.lua\n  call pass\n",
		Outputs:       "[OUTPUT]\n  Name loki\n  Labels job=x, app=$kubernetes['labels']['app']\n  Remove_Keys kubernetes,stream,_p,time,message\n  Drop_Single_Key raw\n  Line_Format json\n",
		CustomParsers: "[MULTILINE_PARSER]\n  name trace\n  type regex\n  rule \"start_state\" \"/^Error/\" \"go\"\n  rule \"go\" \"/^ /\" \"go\"\n",
	}
	if change != nil {
		change(&c)
	}
	return c
}

func replace(text *string, old, with string) { *text = strings.Replace(*text, old, with, 1) }

func TestEachSettingChangesTheLineAsFluentBitDoes(t *testing.T) {
	t.Parallel()
	file := []string{`2026-03-10T12:00:00.5Z stdout F {"level":"info"}`}
	for name, c := range map[string]struct {
		change func(*logs.Config)
		want   string
	}{
		"the text left alone goes as it was written": {nil, `{"level":"info"}`},
		"drop_single_key on puts it into quotes":     {func(c *logs.Config) { replace(&c.Outputs, "raw", "On") }, `"{\"level\":\"info\"}"`},
		"without drop_single_key the key stays":      {func(c *logs.Config) { replace(&c.Outputs, "raw", "off") }, `{"log":"{\"level\":\"info\"}"}`},
		"a key too many keeps the record":            {func(c *logs.Config) { replace(&c.Outputs, "time,", "") }, `{"log":"{\"level\":\"info\"}","time":"2026-03-10T12:00:00.5Z"}`},
		"without keep_log the object is what is left": {func(c *logs.Config) {
			replace(&c.Filters, "Merge_Log On", "Merge_Log On\n  Keep_Log Off")
			replace(&c.Outputs, ",message", "")
		}, `{"level":"info"}`},
		"without merge_log_key the fields are in the record": {func(c *logs.Config) { replace(&c.Filters, "  Merge_Log_Key message\n", "") }, `{"level":"info","log":"{\"level\":\"info\"}"}`},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := logs.NewPipeline("f", config(c.change), map[string]string{"pass.lua": passOn})
			require.NoError(t, err)
			got, err := p.Ship(logs.Pod{Labels: map[string]string{"app": "a"}}, file)
			require.NoError(t, err)
			require.Len(t, got, 1)
			require.Equal(t, c.want, got[0].Line)
			require.Equal(t, map[string]string{"job": "x", "app": "a"}, got[0].Labels)
			require.Equal(t, time.Date(2026, 3, 10, 12, 0, 0, 5e8, time.UTC), got[0].Time)
		})
	}
}

func TestAConfigurationThatIsNotKnownIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*logs.Config)
		says   string
	}{
		"another filter":                {func(c *logs.Config) { replace(&c.Filters, "Name kubernetes", "Name grep") }, "f, filters: line 5: filter grep is not known here"},
		"another setting":               {func(c *logs.Config) { replace(&c.Outputs, "Line_Format", "Line_Fromat") }, "f, outputs: line 6: output loki has no setting line_fromat"},
		"a setting given twice":         {func(c *logs.Config) { replace(&c.Outputs, "Line_Format json", "Labels job=y") }, "line 6: labels is given again, first in line 3"},
		"a setting without a value":     {func(c *logs.Config) { replace(&c.Outputs, "Line_Format json", "Line_Format") }, "line_format has no value"},
		"a setting before all sections": {func(c *logs.Config) { c.Inputs = "Name tail\n" }, `f, inputs: line 1: "Name tail" stands before`},
		"two outputs":                   {func(c *logs.Config) { c.Outputs += c.Outputs }, "2 outputs"},
		"another format of containers":  {func(c *logs.Config) { replace(&c.Inputs, "cri", "docker") }, "format of cri"},
		"a parser that is not there":    {func(c *logs.Config) { replace(&c.Filters, "parser trace", "parser trcae") }, `no multiline parser "trcae" in customParsers, which has trace`},
		"a script that is not there":    {func(c *logs.Config) { replace(&c.Filters, "pass.lua", "past.lua") }, `no script "past.lua" is mounted; mounted are pass.lua`},
		"another format of lines":       {func(c *logs.Config) { replace(&c.Outputs, "json", "key_value") }, `line_format "key_value"`},
		"a label without a value":       {func(c *logs.Config) { replace(&c.Outputs, "job=x", "job") }, `label "job": want NAME=VALUE`},
		"a parser that does not parse":  {func(c *logs.Config) { replace(&c.CustomParsers, "regex", "endswith") }, "f, customParsers: line 3"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := logs.NewPipeline("f", config(c.change), map[string]string{"pass.lua": passOn})
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestThePartsOfALineArePutTogetherForEachStream(t *testing.T) {
	t.Parallel()
	p, err := logs.NewPipeline("f", config(nil), map[string]string{"pass.lua": passOn})
	require.NoError(t, err)
	got, err := p.Ship(logs.Pod{}, []string{
		"2026-03-10T12:00:01Z stdout P one ", "2026-03-10T12:00:02Z stderr F other", "2026-03-10T12:00:03Z stdout P and ", "2026-03-10T12:00:04Z stdout F two",
	})
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, []string{"other", "one and two"}, []string{got[0].Line, got[1].Line})
}

func TestAFileThatContainerdDidNotWriteIsRefused(t *testing.T) {
	t.Parallel()
	p, err := logs.NewPipeline("f", config(nil), map[string]string{"pass.lua": passOn})
	require.NoError(t, err)
	for line, says := range map[string]string{"hello": `line 1: "hello" is not TIME`, "yesterday stdout F x": "cannot parse"} {
		_, err := p.Ship(logs.Pod{}, []string{line})
		require.ErrorContains(t, err, says)
	}
	p, err = logs.NewPipeline("f", config(nil), map[string]string{"pass.lua": "function pass(t, s, r) return -1, s, r end"})
	require.NoError(t, err)
	_, err = p.Ship(logs.Pod{}, []string{"2026-03-10T12:00:00Z stdout F x"})
	require.ErrorContains(t, err, "code -1")
}

func FuzzShip(f *testing.F) {
	f.Add(`{"level":"info","list":[1,"a",{"b":null}]}`)
	f.Add("Error: x")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := logs.NewPipeline("f", config(nil), map[string]string{"pass.lua": passOn})
		require.NoError(t, err)
		got, err := p.Ship(logs.Pod{}, []string{"2026-03-10T12:00:00Z stdout F " + text})
		if strings.Contains(text, "\n") {
			return
		}
		if err != nil || len(got) != 1 || got[0].Line != text {
			t.Fatalf("%q became %+v, %v", text, got, err)
		}
	})
}

func TestADayIsWrittenInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	day, err := logs.ParseDay("day.yaml", []byte("pods: {a: {namespace: n}}\nlines:\n- {pod: a, every: 12h, log: 'tick $n'}\n- {pod: a, at: 6h, log: \"one\\ntwo\"}\n"))
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"a": {
		"2026-03-10T00:00:00Z stdout F tick 1", "2026-03-10T06:00:00Z stdout F one",
		"2026-03-10T06:00:00.000000001Z stdout F two", "2026-03-10T12:00:00Z stdout F tick 2",
	}}, day.Files(time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)))
}

func TestADayThatCannotBeWrittenIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ lines, says string }{
		"an unknown pod":       {"{pod: b, at: 1h, log: x1}", `line 3: unknown pod "b"; known are a`},
		"neither at nor every": {"{pod: a, log: x1}", "line 3: want one of at and every"},
		"both at and every":    {"{pod: a, at: 1h, every: 1h, log: x1}", "want one of at and every"},
		"a time after the day": {"{pod: a, at: 25h, log: x1}", "between 0 and 24h"},
		"too often":            {"{pod: a, every: 1ms, log: x1}", "want 1s or more"},
		"no duration":          {"{pod: a, at: soon, log: x1}", "invalid duration"},
		"a number":             {"{pod: a, at: 5, log: x1}", "want text such as"},
		"an unknown key":       {"{pod: a, at: 1h, text: x1}", `unknown field "text"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := logs.ParseDay("day.yaml", []byte("pods: {a: {namespace: n}}\nlines:\n- "+c.lines+"\n"))
			require.ErrorContains(t, err, "day.yaml")
			require.ErrorContains(t, err, c.says)
		})
	}
}

func FuzzParseDay(f *testing.F) {
	f.Add("pods: {a: {namespace: n}}\nlines:\n- {pod: a, every: 12h, log: 'tick $n'}\n")
	f.Fuzz(func(t *testing.T, text string) {
		day, err := logs.ParseDay("f", []byte(text))
		if err != nil || len(day.Lines) > 5 {
			return
		}
		if _, err := json.Marshal(day.Files(time.Unix(0, 0))); err != nil {
			t.Fatal(err)
		}
	})
}
