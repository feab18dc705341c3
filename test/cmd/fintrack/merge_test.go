package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func journal(t *testing.T, lines ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "part.jsonl")
	require.NoError(t, os.WriteFile(name, []byte(strings.Join(lines, "\n")+"\n"), 0o644))
	return name
}

func line(suite, id, verdict string) string {
	return fmt.Sprintf(`{"id":%q,"title":"t","controls":["CC8.1"],"subject":"s","verdict":%q,"expected":"e","observed":"o","environment":"emulated","run":"r","suite":%q,"time":"2026-11-23T00:00:00Z","duration_ns":1}`, id, verdict, suite)
}

func merged(args ...string) (string, int) {
	cmd := command()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetArgs(append([]string{"merge"}, args...))
	err := cmd.Execute()
	if err != nil {
		fmt.Fprintln(&out, err)
	}
	return out.String(), exitCode(err)
}

func TestPartsAreMerged(t *testing.T) {
	one, two := journal(t, line("rds", "rds.a", "pass"), line("rds", "rds.b", "not proven here")), journal(t, line("vpc", "vpc.a", "pass"))
	whole := filepath.Join(t.TempDir(), "whole.jsonl")
	out, code := merged("-o", whole, one, two)
	require.Equal(t, 0, code, out)
	require.Contains(t, out, "2 parts: 2 proven, 0 failed, 1 not proven here")
	again, code := merged(whole)
	require.Equal(t, 0, code)
	require.Contains(t, again, "1 parts: 2 proven, 0 failed, 1 not proven here")
}

func TestAFailureInOnePartFailsTheWhole(t *testing.T) {
	out, code := merged(journal(t, line("rds", "rds.a", "pass")), journal(t, line("vpc", "vpc.a", "fail")))
	require.Equal(t, 1, code)
	require.Contains(t, out, "2 parts: 1 proven, 1 failed")
}

func TestWhatIsNoPartIsRefused(t *testing.T) {
	one := journal(t, line("rds", "rds.a", "pass"))
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"none":           {nil, "name the results of each part"},
		"a missing file": {[]string{"gone.jsonl"}, "gone.jsonl"},
		"a part twice":   {[]string{one, journal(t, line("rds", "rds.a", "pass"))}, "these are not parts of one run"},
		"an empty part":  {[]string{one, journal(t)}, "did not run to its end"},
		"a torn part":    {[]string{journal(t, `{"id":`)}, "part.jsonl"},
	} {
		t.Run(name, func(t *testing.T) {
			out, code := merged(c.args...)
			require.Equal(t, 2, code, out)
			require.Contains(t, out, c.says)
		})
	}
}
