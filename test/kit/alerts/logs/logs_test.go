package logs_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fintrack/platform/test/kit/alerts/logs"
)

func TestAScriptThatDoesNotChangeRecordsIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ script, says string }{
		"a script that does not parse":    {"function redact(", "load the script"},
		"a script without redact":         {"function other() end", "no function redact"},
		"a code that drops the record":    {"function redact(t, s, r) return -1, s, r end", "code -1"},
		"an answer that is not a record":  {"function redact(t, s, r) return 2, s, 'x' end", "returns a string"},
		"a script that fails at run time": {"function redact(t, s, r) return nil + 1 end", "redact"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := logs.Redact(c.script, map[string]any{"log": "x"})
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestParsersThatCannotBeReadAreRefusedWithTheirLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"a lookahead, which RE2 has not": {"[MULTILINE_PARSER]\n  rule \"start_state\" \"/^(?!x)/\" \"a\"", "line 2"},
		"a rule with two parts":          {"[MULTILINE_PARSER]\n  rule \"start_state\" \"/^x/\"", "want \"state\""},
		"another type":                   {"[MULTILINE_PARSER]\n  type endswith", "want regex"},
		"an unknown setting":             {"[MULTILINE_PARSER]\n  parser x", "unknown setting parser"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := logs.ParseMultiline("values.yaml", c.text)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func FuzzParseMultiline(f *testing.F) {
	f.Add("[MULTILINE_PARSER]\n  name a\n  rule \"start_state\" \"/^x/\" \"y\"", "x\ny")
	f.Fuzz(func(t *testing.T, text, line string) {
		parsers, err := logs.ParseMultiline("f", text)
		if err != nil {
			return
		}
		for _, p := range parsers {
			if got := p.Join([]string{line, line}); len(got) == 0 || len(got) > 2 {
				t.Fatalf("two lines became %d records", len(got))
			}
		}
	})
}
