package pipelines_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/pipelines"
	"github.com/fintrack/platform/test/kit/pipelines/wellformed"
	"github.com/stretchr/testify/require"
)

func TestWorkflowsKeepOurRules(t *testing.T) {
	byRule := map[string][]string{}
	for _, f := range pipelines.Judge(suite.workflows) {
		byRule[f.Rule] = append(byRule[f.Rule], f.String())
	}
	for _, r := range pipelines.Rules {
		checks(t).That(promise("rule-"+r.Name, r.Demands, pipelines.Dir, "mend the lines that are named", "CC8.1", "CC6.1"),
			len(byRule[r.Name]) == 0, fmt.Sprintf("no breach in %d workflows", len(suite.workflows)),
			fmt.Sprintf("%d breaches %s", len(byRule[r.Name]), strings.Join(byRule[r.Name], "; ")))
	}
}

func TestActionlintAcceptsTheWorkflows(t *testing.T) {
	shellcheck, missing := exec.LookPath("shellcheck")
	if missing != nil {
		shellcheck = ""
	}
	report, err := wellformed.Judge(suite.run.Paths.Root, shellcheck)
	require.NoError(t, err)
	var form, shell []string
	for _, f := range report.Findings {
		if f.Rule == "shellcheck" {
			shell = append(shell, f.String())
		} else {
			form = append(form, f.String())
		}
	}
	clean := fmt.Sprintf("no finding in %d workflows", len(suite.workflows))
	count := func(found []string) string {
		return fmt.Sprintf("%d findings %s", len(found), strings.Join(found, "; "))
	}
	checks(t).That(promise("actionlint", "Workflows are well formed: syntax, expressions, what jobs hand on, inputs of called workflows", pipelines.Dir, "mend the lines that are named", "CC8.1"),
		len(form) == 0, clean, count(form))
	sound := promise("actionlint-shell", "The shell of every step passes shellcheck", pipelines.Dir, "mend the lines that are named", "CC8.1")
	if missing == nil {
		checks(t).That(sound, len(shell) == 0, clean, count(shell))
	} else {
		checks(t).NotProven(sound, "shellcheck", "shellcheck is not on this machine")
	}
	checks(t).That(promise("action-inputs", "What a workflow hands to an action and takes from it, the action declares", strings.Join(report.Known, ", "), "mend the lines that are named", "CC8.1"),
		len(report.Known) > 0 && len(form) == 0, "no finding about "+fmt.Sprint(len(report.Known))+" actions", count(form))
	if len(report.Unknown) > 0 {
		checks(t).NotProven(promise("action-inputs-unknown", "Actions that actionlint does not know declare what they are handed, too", strings.Join(report.Unknown, ", "), "read action.yml at the pinned commit", "CC8.1"),
			"github", "actionlint has no list of their inputs")
	}
}

func TestRolesAdmitTheirWorkflowsAlone(t *testing.T) {
	root := os.DirFS(suite.run.Paths.Root)
	text, err := os.ReadFile(filepath.Join(suite.run.Paths.Root, "policies/intent/pipelines.yaml"))
	require.NoError(t, err)
	intent, err := pipelines.ReadIntent("policies/intent/pipelines.yaml", text)
	require.NoError(t, err)
	trusts, err := pipelines.TrustPolicies(root, "prod")
	require.NoError(t, err)
	asked, err := pipelines.Assumptions(suite.workflows)
	require.NoError(t, err)
	require.NotEmpty(t, asked)
	used := map[string]bool{}
	for _, a := range asked {
		used[a.Role] = true
		name := strings.TrimSuffix(filepath.Base(a.File), ".yml") + "-" + a.Job
		subject := fmt.Sprintf("%s:%d, %s", a.File, a.Line, a.Role)
		trust, ok := trusts[a.Role]
		checks(t).That(promise("role-exists."+name, "The role that the job asks for exists", subject, "declare it in terraform/security/github.tf", "CC6.1", "CC6.2"),
			ok, "a role of terraform/security", fmt.Sprintf("found: %t", ok))
		if !ok {
			continue
		}
		rightful, err := intent.Rightful(a)
		require.NoError(t, err)
		admitted, why := pipelines.Admits(pipelines.Account, trust, rightful)
		checks(t).That(promise("role-admits."+name, "The role's trust policy admits the job", subject, "compare the trust policy with the claims", "CC6.1", "CC6.3"),
			admitted, rightful.Subject()+" is admitted", why)
		var wrong, refused []string
		for _, o := range pipelines.Others(rightful, intent.IsShared(a.Role)) {
			if ok, _ := pipelines.Admits(pipelines.Account, trust, o.Claims); ok {
				wrong = append(wrong, o.Who+" ("+o.Claims.Subject()+")")
			} else {
				refused = append(refused, o.Who)
			}
		}
		checks(t).That(promise("role-refuses."+name, "The role's trust policy refuses forks, other branches, pull requests and whoever else asks", subject, "narrow the trust policy", "CC6.1", "CC6.3", "CC6.6"),
			len(wrong) == 0, "refused: "+strings.Join(append(slices.Clone(refused), wrong...), ", "), "refused: "+strings.Join(refused, ", ")+"; admitted: "+strings.Join(wrong, ", "))
	}
	var idle []string
	for role := range trusts {
		if !used[role] {
			idle = append(idle, role)
		}
	}
	checks(t).That(promise("no-idle-role", "Every role that GitHub may take is used by a workflow", "terraform/security/github.tf", "take the role away", "CC6.3"),
		len(idle) == 0, "none", fmt.Sprintf("%d unused %s", len(idle), strings.Join(idle, ", ")))
}
