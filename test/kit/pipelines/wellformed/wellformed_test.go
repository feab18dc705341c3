package wellformed_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/pipelines/wellformed"
	"github.com/stretchr/testify/require"
)

const caller = `name: caller
on:
  push:
    branches: [main]
jobs:
  one:
    runs-on: ubuntu-24.04
    outputs:
      tag: ${{ steps.tag.outputs.tag }}
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          fetch-depth: 0
      - id: tag
        run: |
          echo "tag=one" >>"$GITHUB_OUTPUT"
      - uses: somebody/action@11bd71901bbe5b1630ceea73d27597364c9af683 # v2.0.1
  two:
    needs: one
    uses: ./.github/workflows/called.yml
    with:
      service: ${{ needs.one.outputs.tag }}
`

const called = `name: called
on:
  workflow_call:
    inputs:
      service:
        description: its name
        required: true
        type: string
jobs:
  only:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "$SERVICE"
        env:
          SERVICE: ${{ inputs.service }}
`

// checkout is a folder with the two workflows, after a replacement in the caller.
func checkout(t *testing.T, old, new string) string {
	t.Helper()
	require.Contains(t, caller, old)
	root := t.TempDir()
	dir := filepath.Join(root, ".github", "workflows")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "caller.yml"), []byte(strings.Replace(caller, old, new, 1)), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "called.yml"), []byte(called), 0o644))
	return root
}

func judge(t *testing.T, root, shellcheck string) (wellformed.Report, string) {
	t.Helper()
	r, err := wellformed.Judge(root, shellcheck)
	require.NoError(t, err)
	var lines []string
	for _, f := range r.Findings {
		lines = append(lines, f.String())
	}
	return r, strings.Join(lines, "\n")
}

func TestWellFormedWorkflowsHaveNoFinding(t *testing.T) {
	t.Parallel()
	r, found := judge(t, checkout(t, "", ""), "")
	require.Empty(t, found)
	require.Equal(t, []string{"actions/checkout@v4"}, r.Known)
	require.Equal(t, []string{"somebody/action@v2"}, r.Unknown)
}

func TestWhatGitHubWouldRefuseIsFoundInItsLine(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ old, new, want string }{
		"an event that does not exist":            {"  push:\n", "  pushed:\n", "caller.yml:3: events:"},
		"a runner that GitHub does not have":      {"ubuntu-24.04", "ubuntu-31.04", "caller.yml:7: runner-label:"},
		"an output that no step has":              {"steps.tag.outputs.tag", "steps.tags.outputs.tag", `caller.yml:9: expression: property "tags" is not defined`},
		"an input that the pinned action lacks":   {"fetch-depth", "fetch-deep", `caller.yml:13: action: input "fetch-deep" is not defined in action "actions/checkout@v4"`},
		"a job that does not exist":               {"needs: one", "needs: none", "job-needs:"},
		"an input that the called workflow lacks": {"      service:", "      services:", "workflow-call:"},
		"a key that jobs do not have":             {"    needs: one", "    need: one", "syntax-check:"},
		"an expression that does not end":         {"needs.one.outputs.tag }}", "needs.one.outputs.tag }", "expression:"},
		"words of others in a script":             {`echo "tag=one"`, `echo "${{ github.event.head_commit.message }}"`, "is potentially untrusted"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, found := judge(t, checkout(t, c.old, c.new), "")
			require.Contains(t, found, c.want)
		})
	}
}

// shellcheck stands in for the program, which is not on every machine: it finds the one
// fault of the test below, as the program does. The suite itself runs the program.
const shellcheck = `#!/bin/bash
if grep -q '>>$GITHUB_OUTPUT'; then
  echo '[{"file":"-","line":1,"endLine":1,"column":18,"endColumn":32,"level":"info","code":2086,"message":"Double quote"}]'
  exit 1
fi
echo '[]'
`

func TestTheShellOfStepsIsJudged(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "shellcheck")
	require.NoError(t, os.WriteFile(program, []byte(shellcheck), 0o755))
	_, found := judge(t, checkout(t, "", ""), program)
	require.Empty(t, found)
	root := checkout(t, `>>"$GITHUB_OUTPUT"`, `>>$GITHUB_OUTPUT`)
	_, found = judge(t, root, program)
	require.Contains(t, found, "caller.yml:15: shellcheck:")
	require.Contains(t, found, "SC2086")
	_, found = judge(t, root, "")
	require.Empty(t, found, "without shellcheck no shell is judged")
}

func TestTheConfigurationSilencesNothing(t *testing.T) {
	t.Parallel()
	root := checkout(t, "ubuntu-24.04", "ubuntu-31.04")
	config := "paths:\n  '**':\n    ignore: ['.*']\nself-hosted-runner:\n  labels: [%s]\n"
	write := func(label string) {
		require.NoError(t, os.WriteFile(filepath.Join(root, ".github", "actionlint.yaml"), []byte(strings.Replace(config, "%s", label, 1)), 0o644))
	}
	write("fintrack")
	_, found := judge(t, root, "")
	require.Contains(t, found, "runner-label")
	write("ubuntu-31.04")
	_, found = judge(t, root, "")
	require.Empty(t, found, "a runner of our own is known by its label")
}

func TestACheckoutWithoutWorkflowsIsAnError(t *testing.T) {
	t.Parallel()
	_, err := wellformed.Judge(t.TempDir(), "")
	require.ErrorContains(t, err, "holds no workflow")
}

// The gate of scripts/lint runs actionlint as a program; both must be of one version,
// or one of them would take what the other refuses.
func TestTheLibraryIsOfTheVersionOfTheGate(t *testing.T) {
	t.Parallel()
	version := regexp.MustCompile(`github\.com/rhysd/actionlint (v\S+)`)
	var found []string
	for _, name := range []string{"../../../../go.mod", "../../../../tools/lint/go.mod"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		m := version.FindSubmatch(text)
		require.NotNil(t, m, name)
		found = append(found, string(m[1]))
	}
	require.Equal(t, found[0], found[1])
}
