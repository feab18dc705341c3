package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deployed"
	"github.com/stretchr/testify/require"
)

// call runs the command line and returns what it printed and its exit code.
func call(t *testing.T, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	cmd := command()
	cmd.SetOut(&out)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(t.Context())
	if err != nil {
		out.WriteString(err.Error())
	}
	return out.String(), exitCode(err)
}

func journal(t *testing.T, dir string, at time.Time, verdict check.Verdict, id string) string {
	t.Helper()
	text, err := json.Marshal(check.Result{
		Check:   check.Check{ID: id, Title: "It holds", Controls: []string{"CC8.1"}, Subject: "it"},
		Verdict: verdict, Expected: "true", Observed: "true", Environment: "emulated", Suite: "demo", Time: at,
	})
	require.NoError(t, err)
	name := filepath.Join(dir, id+".jsonl")
	require.NoError(t, os.WriteFile(name, append(text, '\n'), 0o644))
	return name
}

// workshop is a folder with a key pair.
func workshop(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	out, code := call(t, "key", dir)
	require.Zero(t, code, out)
	return dir
}

// later is after every commit and after every beginning of a run.
var later = time.Now().Add(24 * time.Hour).UTC()

func TestAKeyIsNeverOverwritten(t *testing.T) {
	dir := workshop(t)
	before, err := os.ReadFile(filepath.Join(dir, "evidence.key"))
	require.NoError(t, err)
	_, code := call(t, "key", dir)
	require.Equal(t, 2, code)
	after, err := os.ReadFile(filepath.Join(dir, "evidence.key"))
	require.NoError(t, err)
	require.Equal(t, before, after)
	info, err := os.Stat(filepath.Join(dir, "evidence.key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestResultsOlderThanTheCommitAreRefused(t *testing.T) {
	dir := workshop(t)
	old := journal(t, dir, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), check.Pass, "demo.old")
	out, code := call(t, "build", old, "--key", dir+"/evidence.key", "-o", dir+"/b", "--allow-modified")
	require.Equal(t, 2, code)
	require.Contains(t, out, "it proves nothing of it")
	require.NoDirExists(t, dir+"/b")
}

func TestARunThatBeganOnAnotherStateIsRefused(t *testing.T) {
	dir := workshop(t)
	begun := filepath.Join(dir, "begun.json")
	out, code := call(t, "begin", begun)
	require.Zero(t, code, out)
	rs := journal(t, dir, later, check.Pass, "demo.one")
	text, err := os.ReadFile(begun)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(begun, bytes.Replace(text, []byte(`"commit": "`), []byte(`"commit": "0`), 1), 0o644))
	out, code = call(t, "build", rs, "--key", dir+"/evidence.key", "-o", dir+"/b", "--allow-modified", "--begun", begun)
	require.Equal(t, 2, code)
	require.Contains(t, out, "the checkout changed during the run")
}

func TestAnIncompleteBundleIsWrittenAndDoesNotPass(t *testing.T) {
	dir := workshop(t)
	rs := journal(t, dir, later, check.Pass, "demo.one")
	out, code := call(t, "build", rs, "--key", dir+"/evidence.key", "-o", dir+"/b", "--allow-modified")
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "mapped check did not run")
	require.FileExists(t, dir+"/b/index.html")
	out, code = call(t, "verify", dir+"/b", "--key", dir+"/evidence.pub", "--allow-modified")
	require.Equal(t, 1, code)
	require.Contains(t, out, "criterion without an executed check: CC6.1")
	out, code = call(t, "build", rs, "--key", dir+"/evidence.key", "-o", dir+"/b", "--allow-modified")
	require.Equal(t, 2, code, "a bundle is never overwritten: %s", out)
}

func TestWhatASuitePutBesideItsResultsIsOnThePage(t *testing.T) {
	dir := workshop(t)
	rs := journal(t, dir, later, check.Pass, "demo.one")
	require.NoError(t, check.Attach(rs, "access", ".csv", []byte("role,taken by\nledger,service account fintrack/ledger\n")))
	require.NoError(t, check.Attach(rs, "incident", ".svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)))
	named := filepath.Join(dir, "other.svg")
	require.NoError(t, os.WriteFile(named, []byte(`<svg xmlns="http://www.w3.org/2000/svg"><title>named</title></svg>`), 0o644))
	out, code := call(t, "build", rs, "--key", dir+"/evidence.key", "-o", dir+"/b", "--allow-modified", "--artefact", "incident="+named)
	require.Equal(t, 1, code, out)
	page, err := os.ReadFile(dir + "/b/index.html")
	require.NoError(t, err)
	require.Contains(t, string(page), "service account fintrack/ledger")
	kept, err := os.ReadFile(dir + "/b/artefacts/incident.svg")
	require.NoError(t, err)
	require.Contains(t, string(kept), "named", "what is named comes before what a suite left")
	require.NoFileExists(t, dir+"/b/artefacts/network.svg")
}

// applying is a journal of a suite that applied something, in a cache of its own.
func applying(t *testing.T, dir, observed string) (name, records string) {
	t.Helper()
	t.Setenv("FINTRACK_CACHE", filepath.Join(dir, "cache"))
	text, err := json.Marshal(check.Result{
		Check:   check.Check{ID: "demo.one", Title: "It holds", Controls: []string{"CC8.1"}, Subject: "it"},
		Verdict: check.Pass, Expected: "true", Observed: observed, Environment: "emulated", Run: "r1", Suite: "demo", Deployed: true, Time: later,
	})
	require.NoError(t, err)
	name = filepath.Join(dir, "deployed.jsonl")
	require.NoError(t, os.WriteFile(name, append(text, '\n'), 0o644))
	return name, filepath.Join(dir, "cache", "deployed")
}

func TestASensitiveOutputOfADeploymentIsRefused(t *testing.T) {
	dir := workshop(t)
	rs, records := applying(t, dir, "logs in with planted-password-1 today")
	build := func() (string, int) {
		return call(t, "build", rs, "--key", dir+"/evidence.key", "-o", dir+"/b", "--allow-modified")
	}
	require.NoError(t, deployed.Write(records, "r1", deployed.Record{"demo": {Sensitive: []string{"planted-password-1"}}}))
	out, code := build()
	require.Equal(t, 2, code, out)
	require.Contains(t, out, "checks.jsonl:1: a sensitive output")
	require.NotContains(t, out, "planted-password-1")
	require.NoDirExists(t, dir+"/b")
	require.NoError(t, deployed.Write(records, "r1", deployed.Record{"demo": {Sensitive: []string{"another-password"}}}))
	out, code = build()
	require.Equal(t, 1, code, "written, though not complete: %s", out)
	require.FileExists(t, dir+"/b/index.html")
}

func TestADeploymentOfWhichNobodyKnowsTheSensitiveOutputsIsRefused(t *testing.T) {
	dir := workshop(t)
	rs, records := applying(t, dir, "true")
	out, code := call(t, "build", rs, "--key", dir+"/evidence.key", "-o", dir+"/b", "--allow-modified")
	require.Equal(t, 2, code, out)
	require.Contains(t, out, records+" has no record of demo of run r1")
	require.NoDirExists(t, dir+"/b")
	require.NoError(t, deployed.Write(records, "r1", deployed.Record{"other": {}}))
	out, code = call(t, "build", rs, "--key", dir+"/evidence.key", "-o", dir+"/b", "--allow-modified")
	require.Equal(t, 2, code, out)
}

func TestPartsAreVerifiedAndJoined(t *testing.T) {
	dir := workshop(t)
	part := func(shard, id string) string {
		to := filepath.Join(dir, id)
		out, code := call(t, "build", journal(t, dir, later, check.Pass, id), "--key", dir+"/evidence.key", "-o", to, "--allow-modified", "--shard", shard)
		require.Zero(t, code, out)
		return to
	}
	one, two := part("1/2", "demo.one"), part("2/2", "demo.two")
	merge := func(to string, parts ...string) (string, int) {
		return call(t, append([]string{"merge", "--verify-with", dir + "/evidence.pub", "--key", dir + "/evidence.key", "-o", filepath.Join(dir, to)}, parts...)...)
	}
	out, code := merge("gap", one)
	require.Equal(t, 2, code)
	require.Contains(t, out, "part 2/2 is missing")
	out, code = merge("whole", one, two)
	require.Equal(t, 1, code, "joined, and judged as a whole: %s", out)
	require.Contains(t, out, "2 proven, 0 failed")
	require.NoError(t, os.WriteFile(filepath.Join(two, "junit.xml"), []byte("<testsuites/>"), 0o644))
	out, code = merge("forged", one, two)
	require.Equal(t, 1, code)
	require.Contains(t, out, "junit.xml: was changed")
}

func TestDiffAndPeriodReadBundles(t *testing.T) {
	dir := workshop(t)
	nights := filepath.Join(dir, "nights")
	out, code := call(t, "build", journal(t, dir, later, check.Pass, "demo.one"), "--key", dir+"/evidence.key", "-o", nights+"/1", "--allow-modified")
	require.Equal(t, 1, code, out)
	out, code = call(t, "build", journal(t, dir, later.AddDate(0, 0, 1), check.Fail, "demo.one"), "--key", dir+"/evidence.key", "-o", nights+"/2", "--allow-modified", "--previous", nights+"/1")
	require.Equal(t, 1, code, out)
	out, code = call(t, "diff", nights+"/1", nights+"/2")
	require.Zero(t, code)
	require.Contains(t, out, "CC8.1\n  broke")
	out, code = call(t, "period", nights, "--key", dir+"/evidence.pub")
	require.Equal(t, 1, code)
	require.Contains(t, out, "2 runs expected, 2 present, 2 with failures or gaps")
	require.Contains(t, out, "demo.one (emulated, CC8.1)")
	require.False(t, strings.Contains(out, "chain\n"), "the second follows the first: %s", out)
}

func TestBadInputIsRefusedByItsNameWithTheFix(t *testing.T) {
	dir := workshop(t)
	whole := filepath.Join(dir, "nights", "1")
	rs := journal(t, dir, later, check.Pass, "demo.one")
	out, code := call(t, "build", rs, "--key", dir+"/evidence.key", "-o", whole, "--allow-modified")
	require.Equal(t, 1, code, out)
	key, nights := dir+"/evidence.pub", filepath.Dir(whole)
	again := filepath.Join(dir, "again")
	require.NoError(t, os.CopyFS(filepath.Join(again, "1"), os.DirFS(whole)))
	require.NoError(t, os.CopyFS(filepath.Join(again, "2"), os.DirFS(whole)))
	stray := filepath.Join(dir, "stray")
	require.NoError(t, os.Mkdir(stray, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(stray, "note.txt"), nil, 0o644))
	cases := map[string]struct {
		args []string
		code int
		want string
	}{
		"an unknown command":                  {[]string{"perod"}, 2, `unknown command "perod"; there are begin, build, controls, diff, key, merge, period, public, verify`},
		"one bundle to compare":               {[]string{"diff", whole}, 2, "want: diff BEFORE AFTER"},
		"a file in the place of a bundle":     {[]string{"verify", rs, "--key", key}, 2, rs + " is no folder; a bundle is one"},
		"a folder that is not there":          {[]string{"diff", whole, dir + "/nothing"}, 2, dir + "/nothing: no such file"},
		"a private key to verify with":        {[]string{"period", nights, "--key", dir + "/evidence.key"}, 2, "want one PEM block PUBLIC KEY"},
		"a day that does not exist":           {[]string{"period", nights, "--key", key, "--from", "2026-13-01"}, 2, "--from 2026-13-01: want a day as YYYY-MM-DD"},
		"a period that ends before it begins": {[]string{"period", nights, "--key", key, "--from", "2026-12-05", "--to", "2026-12-01"}, 2, "2026-12-01 is before 2026-12-05"},
		"one bundle twice in a period":        {[]string{"period", again, "--key", key}, 2, "are the same bundle"},
		"something else among the bundles":    {[]string{"period", stray, "--key", key}, 2, "note.txt is no folder"},
		"a whole run among parts":             {[]string{"merge", whole, "--verify-with", key, "--key", dir + "/evidence.key", "-o", dir + "/m"}, 2, whole + " is a whole run"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			out, code := call(t, c.args...)
			require.Equal(t, c.code, code, out)
			require.Contains(t, out, c.want)
		})
	}
}

func TestTheLinkToTheLastBundleIsNoFurtherRun(t *testing.T) {
	dir := workshop(t)
	nights := filepath.Join(dir, "nights")
	for n, at := range []time.Time{later, later.AddDate(0, 0, 1)} {
		args := []string{"build", journal(t, dir, at, check.Pass, "demo.one"), "--key", dir + "/evidence.key", "-o", filepath.Join(nights, string(rune('1'+n))), "--allow-modified"}
		if n > 0 {
			args = append(args, "--previous", nights+"/1")
		}
		out, code := call(t, args...)
		require.Equal(t, 1, code, out)
	}
	require.NoError(t, os.Symlink("2", filepath.Join(nights, "latest")))
	out, _ := call(t, "period", nights, "--key", dir+"/evidence.pub")
	require.Contains(t, out, "2 runs expected, 2 present")
	require.NotContains(t, out, "chain\n")
	out, _ = call(t, "period", nights, "--key", dir+"/evidence.pub", "--from", later.AddDate(0, 0, 1).Format(time.DateOnly))
	require.Contains(t, out, "1 bundles of other days are left out")
	require.Contains(t, out, "1 runs expected, 1 present")
}

func TestDiffOfAChangedBundleIsRefusedWhenTheKeyIsGiven(t *testing.T) {
	dir := workshop(t)
	bundle := filepath.Join(dir, "b")
	out, code := call(t, "build", journal(t, dir, later, check.Pass, "demo.one"), "--key", dir+"/evidence.key", "-o", bundle, "--allow-modified")
	require.Equal(t, 1, code, out)
	out, code = call(t, "diff", bundle, bundle, "--key", dir+"/evidence.pub")
	require.Zero(t, code, out)
	require.NoError(t, os.WriteFile(filepath.Join(bundle, "junit.xml"), []byte("<testsuites/>"), 0o644))
	out, code = call(t, "diff", bundle, bundle, "--key", dir+"/evidence.pub")
	require.Equal(t, 1, code)
	require.Contains(t, out, "junit.xml: was changed")
}
