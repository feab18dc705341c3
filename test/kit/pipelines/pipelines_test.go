package pipelines_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fintrack/platform/test/kit/pipelines"
	"github.com/stretchr/testify/require"
)

// good is a workflow that breaks no rule.
const good = `name: good
on:
  push:
    branches: [main]
concurrency:
  group: good
permissions: {}
defaults:
  run:
    shell: bash
jobs:
  one:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions:
      contents: read
      id-token: write
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: aws-actions/configure-aws-credentials@b47578312673ae6fa5b5096b330d9fbac3d116df # v4.2.1
        with:
          role-to-assume: arn:aws:iam::${{ vars.ACCOUNT }}:role/github-actions-ci
      - name: Say
        env:
          WORD: ${{ github.sha }}
          KEY: ${{ secrets.EVIDENCE_KEY }}
        run: |
          echo "$WORD"
`

func judge(t *testing.T, texts ...string) []string {
	t.Helper()
	var ws []pipelines.Workflow
	for _, text := range texts {
		w, err := pipelines.Parse("w.yml", []byte(text))
		require.NoError(t, err)
		ws = append(ws, w)
	}
	var out []string
	for _, f := range pipelines.Judge(ws) {
		out = append(out, f.String())
	}
	return out
}

func TestAGoodWorkflowBreaksNoRule(t *testing.T) {
	t.Parallel()
	require.Empty(t, judge(t, good))
}

func TestEachRuleIsBrokenByItsBreach(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ old, new, want string }{
		"an action by its tag":                    {"checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2", "checkout@v4", "w.yml:19: pinned: actions/checkout@v4: want owner/name@<40"},
		"a short commit":                          {"checkout@11bd71901bbe5b1630ceea73d27597364c9af683", "checkout@11bd719", "pinned"},
		"a pin without its version":               {" # v4.2.2", "", "want its version behind it"},
		"a pin with half a version":               {" # v4.2.2", " # v4", "want its version behind it"},
		"permissions for the whole workflow":      {"permissions: {}", "permissions: read-all", "w.yml:1: permissions: want permissions: {}"},
		"a job without permissions":               {"    permissions:\n      contents: read\n      id-token: write\n", "", "job one names no permissions"},
		"a job with all permissions":              {"    permissions:\n      contents: read\n      id-token: write\n", "    permissions: write-all\n", "job one takes write-all"},
		"a job that writes":                       {"contents: read", "contents: write", "job one writes contents"},
		"a job that reads more than it uses":      {"contents: read", "contents: read\n      packages: read", "job one takes packages, which no step uses"},
		"a job that reads and checks out nothing": {"actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2", "actions/other@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2", "job one may read the repository and checks nothing out"},
		"a checkout without its permission":       {"      contents: read\n", "", "job one checks out without contents: read"},
		"AWS without a token":                     {"      id-token: write\n", "", "oidc: job one goes to AWS without id-token"},
		"a role by a secret ARN":                  {"arn:aws:iam::${{ vars.ACCOUNT }}:role/github-actions-ci", "${{ vars.ROLE }}", "want arn:aws:iam::<account>:role/<name>"},
		"a key of AWS as a secret":                {"secrets.EVIDENCE_KEY", "secrets.AWS_SECRET_ACCESS_KEY", "w.yml:28: cloud-keys: the secret AWS_SECRET_ACCESS_KEY"},
		"a key of AWS as an input":                {"role-to-assume: arn", "aws-access-key-id: arn", "a static key of AWS"},
		"a secret as an input":                    {"persist-credentials: false", "persist-credentials: false\n          token: ${{ secrets.PAT }}", "secrets: the input token of actions/checkout is a secret"},
		"a secret for the whole job":              {"    timeout-minutes: 5\n", "    timeout-minutes: 5\n    env:\n      KEY: ${{ secrets.EVIDENCE_KEY }}\n", "KEY is in the environment of the job one"},
		"a secret by an expression":               {"secrets.EVIDENCE_KEY", "secrets[matrix.key]", "a secret is chosen by an expression"},
		"an expression in a script":               {`echo "$WORD"`, `echo "${{ github.head_ref }}"`, "injection: an expression inside a script"},
		"the code of a fork with our rights":      {"  push:\n    branches: [main]\n", "  pull_request_target:\n", "triggers: pull_request_target"},
		"a run after another workflow":            {"  push:\n    branches: [main]\n", "  workflow_run:\n", "triggers: workflow_run"},
		"a job without a time limit":              {"    timeout-minutes: 5\n", "", "bounded: job one has no timeout-minutes"},
		"a workflow without a concurrency group":  {"concurrency:\n  group: good\n", "", "bounded: has no concurrency group"},
		"a checkout that leaves its token":        {"persist-credentials: false", "fetch-depth: 0", "checkout: want persist-credentials: false"},
		"scripts without pipefail":                {"defaults:\n  run:\n    shell: bash\n", "", "shell: want defaults"},
		"a step in another shell":                 {"      - name: Say\n", "      - name: Say\n        shell: sh\n", "shell: runs in sh"},
		"a token that nothing uses":               {"aws-actions/configure-aws-credentials@b47578312673ae6fa5b5096b330d9fbac3d116df # v4.2.1", "actions/other@b47578312673ae6fa5b5096b330d9fbac3d116df # v4.2.1", "may ask for OIDC tokens and does not go to AWS"},
	}
	broken := map[string]bool{}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, good, c.old)
			found := judge(t, strings.Replace(good, c.old, c.new, 1))
			require.True(t, slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, c.want) }), "want %q in %q", c.want, found)
			for _, f := range found {
				broken[strings.Split(f, ": ")[1]] = true
			}
		})
	}
	for _, r := range pipelines.Rules {
		require.True(t, broken[r.Name], "no case breaks the rule %s", r.Name)
	}
}

func TestACallerHandsOnWhatTheCalledAskForAndNoMore(t *testing.T) {
	t.Parallel()
	called, err := pipelines.Parse(".github/workflows/called.yml", []byte(good))
	require.NoError(t, err)
	caller := func(permissions string) string {
		text := "name: x\non: [push]\nconcurrency: x\npermissions: {}\ndefaults:\n  run:\n    shell: bash\njobs:\n  a:\n    permissions:\n" + permissions + "    uses: ./.github/workflows/called.yml\n"
		w, err := pipelines.Parse("w.yml", []byte(text))
		require.NoError(t, err)
		var found []string
		for _, f := range pipelines.Judge([]pipelines.Workflow{called, w}) {
			found = append(found, f.String())
		}
		return strings.Join(found, "\n")
	}
	require.Empty(t, caller("      contents: read\n      id-token: write\n"))
	require.Contains(t, caller("      contents: read\n"), "job a hands on contents: read, and the jobs of .github/workflows/called.yml ask for contents: read, id-token: write")
}

func TestOneActionHasOneCommit(t *testing.T) {
	t.Parallel()
	other := strings.Replace(good, "11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2", "aaaaaaaaaabbe5b1630ceea73d27597364c9af68 # v4.2.1", 1)
	require.Contains(t, strings.Join(judge(t, good, other), "\n"), "actions/checkout is pinned to aaaa")
}

func TestAllSecretsHandedOnIsABreach(t *testing.T) {
	t.Parallel()
	text := "name: x\non: [push]\nconcurrency: x\npermissions: {}\ndefaults:\n  run:\n    shell: bash\njobs:\n  a:\n    permissions: {}\n    uses: ./.github/workflows/b.yml\n    secrets: inherit\n"
	require.Contains(t, strings.Join(judge(t, text), "\n"), "hands on all secrets")
}

func TestWhatIsNoWorkflowIsAnErrorWithItsPlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                               "w.yml is empty",
		"a: [":                           "w.yml: yaml",
		"name: x\n":                      "w.yml:1: has no events or no jobs",
		"on: push\njobs: [a]\n":          "w.yml:2: jobs must be a mapping",
		"x: &a {}\non: push\njobs: *a\n": "uses an alias",
	} {
		_, err := pipelines.Parse("w.yml", []byte(text))
		require.ErrorContains(t, err, want, text)
	}
	_, err := pipelines.Read(fstest.MapFS{})
	require.ErrorContains(t, err, "holds no workflow")
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("on: push\njobs:\n  a: {steps: [1, {run: x}]}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		w, err := pipelines.Parse("w.yml", text)
		if err == nil {
			pipelines.Judge([]pipelines.Workflow{w})
			w.Steps()
		}
	})
}

func step(script string, env ...string) pipelines.Step {
	return pipelines.Step{File: "w.yml", Line: 1, Job: "j", Name: "s", Script: script, Env: env}
}

func TestAStepRunsAsTheRunnerRunsIt(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	at := pipelines.Place{Dir: temp, Temp: temp, Env: map[string]string{"WORD": "hello"}}
	run := func(s pipelines.Step) pipelines.Outcome {
		o, err := pipelines.Run(context.Background(), s, at)
		require.NoError(t, err)
		return o
	}
	o := run(step("echo \"$WORD\"; echo a=b >>\"$GITHUB_OUTPUT\"; echo C=d=e >>\"$GITHUB_ENV\"; echo done >>\"$GITHUB_STEP_SUMMARY\"", "WORD"))
	require.Equal(t, pipelines.Outcome{Printed: "hello\n", Outputs: map[string]string{"a": "b"}, Env: map[string]string{"C": "d=e"}, Summary: "done\n"}, o)
	require.Equal(t, 1, run(step("false | true\necho on")).Exit, "a failing pipe fails the step")
	require.Equal(t, 7, run(step("exit 7")).Exit)
	_, err := pipelines.Run(context.Background(), step("true", "MISSING"), at)
	require.ErrorContains(t, err, "w.yml:1: w.yml j/s sets MISSING, and it was given no value")

	programs := filepath.Join(temp, "programs")
	require.NoError(t, os.Mkdir(programs, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(programs, "aws"), []byte("#!/bin/sh\necho stand-in \"$@\"\n"), 0o755))
	at.Programs = programs
	require.Equal(t, "stand-in s3 ls\n", run(step("aws s3 ls")).Printed)
}

func TestAMaskHidesWhatFollows(t *testing.T) {
	t.Parallel()
	o := pipelines.Outcome{Printed: "before s3cret\n::add-mask::s3cret\nafter s3cret\nkey k1\n"}
	require.Equal(t, "before s3cret\nafter ***\nkey ***\n", o.Shown("k1"))
}

func TestASecretThatAStepTellsIsFoundWhereverItTellsIt(t *testing.T) {
	t.Parallel()
	const key = "-----BEGIN-----\nfirst line of it\nsecond line\n-----END-----"
	cases := map[string]struct {
		script string
		want   []string
	}{
		"it is kept":                         {`[[ -n $KEY ]] && echo "there is a key"`, nil},
		"it is printed":                      {`echo "$KEY"`, []string{"w.yml one/Say: KEY is in the log"}},
		"one line of it is printed":          {`tail -n 2 <<<"$KEY" | head -n 1`, []string{"w.yml one/Say: KEY is in the log"}},
		"it is printed by a step that fails": {`echo "$KEY" >&2; exit 1`, []string{"w.yml one/Say: KEY is in the log"}},
		"bash prints it with its commands":   {"set -x\ntrue \"$KEY\"", []string{"w.yml one/Say: KEY is in the log"}},
		"it is in the summary":               {`echo "$KEY" >>"$GITHUB_STEP_SUMMARY"`, []string{"w.yml one/Say: KEY is in the summary"}},
		"it is handed on":                    {`echo "a=$(sed -n 2p <<<"$KEY")" >>"$GITHUB_OUTPUT"; echo "B=$(sed -n 3p <<<"$KEY")" >>"$GITHUB_ENV"`, []string{"w.yml one/Say: KEY is in the output a", "w.yml one/Say: KEY is in the variable B"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := pipelines.Parse("w.yml", []byte(good))
			require.NoError(t, err)
			s, err := pipelines.FindStep([]pipelines.Workflow{w}, "w.yml one/Say")
			require.NoError(t, err)
			require.Equal(t, []string{"KEY"}, s.Secrets, "WORD is no secret")
			s.Script = c.script
			at := pipelines.Place{Dir: t.TempDir(), Temp: t.TempDir(), Env: map[string]string{"WORD": "shown", "KEY": key}}
			o, err := pipelines.Run(context.Background(), s, at)
			require.NoError(t, err)
			require.Equal(t, c.want, o.Leaks(s, at))
		})
	}
}
