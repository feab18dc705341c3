package pipelines_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/pipelines"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// secretKey stands for the key in a secret; no line of a log may hold it.
const secretKey = "-----BEGIN PRIVATE KEY-----\nnot-a-key-but-secret\n-----END PRIVATE KEY-----"

func silent(o pipelines.Outcome) bool {
	return !strings.Contains(o.Printed, "not-a-key-but-secret") && !strings.Contains(o.Summary, "not-a-key-but-secret") && !strings.Contains(fmt.Sprint(o.Outputs, o.Env), "not-a-key-but-secret")
}

func TestTheSigningKeyIsKeptClose(t *testing.T) {
	const put, run, away, join = "nightly.yml part/Put the key in its place", "nightly.yml part/Run", "nightly.yml part/Take the key away", "nightly.yml whole/Join the parts"
	p := newPlace(t)
	p.env("KEY", secretKey, "SHARD", "2/4", "FINTRACK_PUSHGATEWAY", "", "PUBLIC_KEY", "public")
	p.write("scripts/nightly", "#!/bin/bash\ncat \"$FINTRACK_EVIDENCE_KEY\" | wc -c\necho \"shard $SHARD\"\n")
	p.write("scripts/fintrack", "#!/bin/bash\necho \"$@\" | sed \"s|$RUNNER_TEMP|TEMP|g\"\n[[ -s $RUNNER_TEMP/evidence.key ]]\nmkdir -p \"$RUNNER_TEMP/bundle\"\necho this >\"$RUNNER_TEMP/bundle/manifest.json\"\nexit \"${VERDICT:-0}\"\n")
	for _, s := range []string{"nightly", "fintrack"} {
		require.NoError(t, os.Chmod(filepath.Join(p.Dir, "scripts", s), 0o755))
	}
	key := filepath.Join(p.Temp, "evidence.key")

	o := p.run(put)
	info, err := os.Stat(key)
	require.NoError(t, err)
	checks(t).That(promise("key-file-closed", "The signing key is in a file that its owner alone reads", put, "umask 077", "CC6.1", "CC8.1"),
		o.Exit == 0 && info.Mode().Perm() == 0o600 && silent(o), "mode 600, nothing printed", info.Mode().String()+" "+said(o))
	o = p.run(run)
	checks(t).That(promise("nightly-part", "A part of the night runs its share and signs with that key", run, "", "CC8.1"),
		o.Exit == 0 && strings.Contains(o.Printed, "shard 2/4") && silent(o), "shard 2/4", said(o))
	o = p.run(away)
	_, err = os.Stat(key)
	checks(t).That(promise("key-taken-away", "The signing key is gone after the run", away, "", "CC6.1"),
		o.Exit == 0 && os.IsNotExist(err), "no file", fmt.Sprint(err, said(o)))

	require.NoError(t, os.MkdirAll(filepath.Join(p.Dir, "parts/part-1/evidence/latest"), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(p.Dir, "parts/part-2/evidence/latest"), 0o755))
	o = p.run(join)
	_, err = os.Stat(key)
	want := "evidence merge parts/part-1/evidence/latest parts/part-2/evidence/latest --verify-with TEMP/evidence.pub --key TEMP/evidence.key --output TEMP/bundle"
	checks(t).That(promise("parts-joined", "The parts' bundles are verified and joined, and the key is gone afterwards", join, "", "CC8.1"),
		o.Exit == 0 && strings.TrimSpace(o.Printed) == want && os.IsNotExist(err) && silent(o), want, said(o))

	kept := func() string {
		text, err := os.ReadFile(filepath.Join(p.Dir, "previous/manifest.json"))
		require.NoError(t, err)
		return string(text)
	}
	p.write("previous/manifest.json", "the night before")
	p.write("previous/gone.json", "{}")
	p.env("VERDICT", "1")
	o = p.run(join)
	_, err = os.Stat(filepath.Join(p.Dir, "previous/gone.json"))
	checks(t).That(promise("nights-chained", "A night's bundle follows that of the night before, and is kept for the next one however it stands", join, "", "CC8.1"),
		o.Exit == 1 && strings.TrimSpace(o.Printed) == want+" --previous previous" && kept() == "this\n" && os.IsNotExist(err), want+" --previous previous, and a failed step", said(o)+kept())
	p.env("VERDICT", "0")

	p.env("KEY", "")
	o = p.run(put)
	checks(t).That(promise("nightly-needs-a-key", "Without a key the night does not run, rather than unsigned", put, "", "CC8.1"),
		o.Exit != 0 && strings.Contains(o.Printed, "no secret EVIDENCE_KEY"), "refused", said(o))
}

func TestReleaseEvidenceIsVerified(t *testing.T) {
	const make, verify = "evidence.yml evidence/Run and write the bundle", "evidence.yml evidence/Verify what was written"
	p := newPlace(t)
	p.env("KEY", secretKey, "PUBLIC_KEY", "public", "COMMIT", strings.Repeat("a", 40))
	p.program("make", `[[ -s $FINTRACK_EVIDENCE_KEY ]]; [[ $1 != evidence ]] || exit "${VERDICT:-0}"`)
	o := p.run(make)
	_, err := os.Stat(filepath.Join(p.Temp, "evidence.key"))
	checks(t).That(promise("release-evidence", "A release makes its evidence, and the key is gone afterwards", make, "", "CC8.1"),
		o.Exit == 0 && p.calls("make") == "make evidence\n" && os.IsNotExist(err) && silent(o), "make evidence, no key left", said(o)+fmt.Sprint(err))
	p.env("VERDICT", "1")
	o = p.run(make)
	_, err = os.Stat(filepath.Join(p.Temp, "evidence.key"))
	checks(t).That(promise("release-evidence-fails", "A release whose evidence is not complete fails, and the key is gone all the same", make, "", "CC8.1"),
		o.Exit != 0 && os.IsNotExist(err), "a failed step, no key left", said(o)+fmt.Sprint(err))
	p.env("KEY", "")
	require.NotZero(t, p.run(make).Exit)

	p.write("scripts/fintrack", "#!/bin/bash\necho \"$@\" | sed \"s|$RUNNER_TEMP|TEMP|g\"\nexit ${VERDICT:-0}\n")
	require.NoError(t, os.Chmod(filepath.Join(p.Dir, "scripts/fintrack"), 0o755))
	p.env("VERDICT", "0")
	o = p.run(verify)
	want := "evidence verify .cache/evidence/latest --key TEMP/evidence.pub --commit " + strings.Repeat("a", 40)
	checks(t).That(promise("release-evidence-verified", "The bundle of a release is verified with the public key, for its commit", verify, "", "CC8.1"),
		o.Exit == 0 && strings.TrimSpace(o.Printed) == want, want, said(o))
	p.env("VERDICT", "1")
	require.NotZero(t, p.run(verify).Exit)
}

func TestTheJanitorSaysWhatIsLeft(t *testing.T) {
	const id = "janitor.yml janitor/Destroy what nobody needs"
	p := newPlace(t)
	p.write("scripts/janitor", "#!/bin/bash\nexit ${LEFT:-0}\n")
	p.write("scripts/fintrack", "#!/bin/bash\necho \"id suite\"\n")
	for _, s := range []string{"janitor", "fintrack"} {
		require.NoError(t, os.Chmod(filepath.Join(p.Dir, "scripts", s), 0o755))
	}
	o := p.run(id)
	p.env("LEFT", "3")
	left := p.run(id)
	checks(t).That(promise("janitor", "The janitor lists what is open, and fails when something cannot be removed", id, "", "CC6.1", "A1.1"),
		o.Exit == 0 && o.Summary == "id suite\n" && left.Exit == 3, "the ledger; exit code 3 when something is left", said(o)+said(left))
}

func TestChangedModulesAreProven(t *testing.T) {
	const list, lint, prove, whole = "modules.yml changed/List the changed modules and what depends on them", "modules.yml lint/5", "modules.yml prove/5", "modules.yml modules/Every job must have passed; nothing to prove counts as passed"
	p := newPlace(t)
	p.git("init", "-q", "-b", "main")
	p.write("scripts/changed-modules", "#!/bin/bash\n[[ $2 == --json ]]\ngit rev-parse --quiet --verify \"$1^{commit}\" >/dev/null\necho '[\"rds\"]'\n")
	require.NoError(t, os.Chmod(filepath.Join(p.Dir, "scripts/changed-modules"), 0o755))
	p.git("add", "-A")
	p.git("commit", "-q", "-m", "one")
	p.env("BASE", strings.Repeat("0", 40))
	o := p.run(list)
	checks(t).That(promise("changed-modules", "A pull request proves the modules that it can affect; the first push of a branch has a base as well", list, "", "CC8.1"),
		o.Exit == 0 && o.Outputs["modules"] == `["rds"]`, `["rds"]`, said(o)+o.Outputs["modules"])

	p.env("MODULE", "rds")
	p.program("make", `[[ $1 != lint ]] || exit "${VERDICT:-0}"; [[ $1 != test-module || $MODULE == rds ]]`)
	require.Zero(t, p.run(lint).Exit)
	require.Zero(t, p.run(prove).Exit)
	p.env("VERDICT", "1")
	failed := p.run(lint)
	checks(t).That(promise("lint-fails", "A gate that fails fails the job", lint, "", "CC8.1"), failed.Exit != 0, "a failed step", said(failed))

	verdict := func(changed, lint, prove string) bool {
		p.env("CHANGED", changed, "LINT", lint, "PROVE", prove)
		return p.run(whole).Exit == 0
	}
	got := fmt.Sprint(verdict("success", "success", "success"), verdict("success", "success", "skipped"), verdict("success", "success", "failure"), verdict("success", "failure", "success"), verdict("cancelled", "success", "skipped"), verdict("success", "skipped", "success"))
	checks(t).Equal(promise("one-verdict", "The one verdict that a branch requires is good only when every job is", whole, "", "CC8.1"), "true true false false false false", got)
}

func TestTheNightIsDividedWhole(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(suite.run.Paths.Root, pipelines.Dir, "nightly.yml"))
	require.NoError(t, err)
	var w struct {
		Jobs map[string]struct {
			Strategy struct {
				Matrix map[string][]int
			}
			Steps []struct {
				Name string
				Env  map[string]string
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &w))
	part := w.Jobs["part"]
	var parts, want []string
	for _, s := range part.Steps {
		for _, k := range part.Strategy.Matrix["part"] {
			if shard := s.Env["SHARD"]; shard != "" {
				parts = append(parts, strings.ReplaceAll(shard, "${{ matrix.part }}", fmt.Sprint(k)))
			}
		}
	}
	for k := range parts {
		want = append(want, fmt.Sprintf("%d/%d", k+1, len(parts)))
	}
	checks(t).That(promise("nightly-divided", "The jobs of the night are the parts 1 to n of n, each once", pipelines.Dir+"/nightly.yml", "name each part in the matrix", "CC8.1"),
		len(parts) > 1 && slices.Equal(parts, want), strings.Join(want, " "), strings.Join(parts, " "))
}

// TestZEveryStepRan comes last by its name, in which Go runs tests of a package's
// files in order; the files are read in order, and this one is the last.
func TestZEveryStepRan(t *testing.T) {
	var idle []string
	total := 0
	for _, w := range suite.workflows {
		for _, s := range w.Steps() {
			total++
			if !suite.ran[s.ID()] {
				idle = append(idle, s.ID())
			}
		}
	}
	checks(t).That(promise("every-script-runs", "The script of every step of every workflow was run", pipelines.Dir, "add a test that runs the step", "CC8.1"),
		len(idle) == 0, fmt.Sprintf("all %d steps", total), fmt.Sprintf("%d did not run %s", len(idle), strings.Join(idle, ", ")))
}

// TestZSecretsAreNeverTold comes after all runs, as the one above does.
func TestZSecretsAreNeverTold(t *testing.T) {
	var never []string
	runs, steps := 0, 0
	for _, w := range suite.workflows {
		for _, s := range w.Steps() {
			if len(s.Secrets) == 0 {
				continue
			}
			steps++
			runs += suite.secret[s.ID()]
			if suite.secret[s.ID()] == 0 {
				never = append(never, s.ID())
			}
		}
	}
	checks(t).That(promise("secrets-never-told", "No step tells a secret that it is given: in its log, its summary or to later steps, whether it fails or not", pipelines.Dir, "keep it in a file or a variable of the step", "CC6.1", "C1.1"),
		steps > 0 && len(never) == 0 && len(suite.leaks) == 0, fmt.Sprintf("each of %d steps ran with a planted secret, and told it nowhere", steps),
		fmt.Sprintf("%d runs with one; never: %s; told: %s", runs, strings.Join(never, ", "), strings.Join(suite.leaks, "; ")))
}
