// Package wellformed asks actionlint whether GitHub would take the workflows: their
// syntax, their expressions, what jobs hand on, the inputs of actions and of called
// workflows, and the shell of their steps.
//
// It is apart from pipelines because it reads a checkout and starts shellcheck.
package wellformed

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/fintrack/platform/test/kit/pipelines"
	"github.com/rhysd/actionlint"
)

// Report is what actionlint says of all workflows of a checkout.
type Report struct {
	// Findings are its errors; Rule is the name of actionlint's own rule.
	Findings []pipelines.Finding
	// Known are the actions whose declared inputs and outputs actionlint has and held
	// against the workflows, Unknown are the others; both as owner/name@vN.
	Known, Unknown []string
}

// pinned is an action pinned to a commit, with its version behind it.
var pinned = regexp.MustCompile(`(?m)^(\s*(?:- )?uses: )([\w.-]+/[\w.-]+)@[0-9a-f]{40} # v(\d+)\.\d+\.\d+\b`)

// Judge runs actionlint over the checkout in root. Shellcheck is the program that judges
// the shell of steps; where it is empty no shell is judged. Actions are pinned to
// commits, of which actionlint knows no inputs: it is shown the version that stands
// behind the commit instead. What .github/actionlint.yaml ignores is reported all the
// same.
func Judge(root, shellcheck string) (Report, error) {
	var r Report
	project, err := actionlint.NewProject(root)
	if err != nil {
		return r, fmt.Errorf("workflows of %s: %w", root, err)
	}
	if c := project.Config(); c != nil {
		c.Paths = nil
	}
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{
		Shellcheck: shellcheck, WorkingDir: root, Color: actionlint.ColorOptionKindNever,
	})
	if err != nil {
		return r, err
	}
	workflows, err := pipelines.Read(os.DirFS(root))
	if err != nil {
		return r, err
	}
	used := map[string]bool{}
	for _, w := range workflows {
		text := pinned.ReplaceAllFunc(w.Text, func(line []byte) []byte {
			m := pinned.FindSubmatch(line)
			action := fmt.Sprintf("%s@v%s", m[2], m[3])
			_, used[action] = actionlint.PopularActions[action]
			return append(bytes.Clone(m[1]), action...)
		})
		found, err := linter.Lint(filepath.Join(root, filepath.FromSlash(w.File)), text, project)
		if err != nil {
			return r, fmt.Errorf("%s: %w", w.File, err)
		}
		for _, e := range found {
			r.Findings = append(r.Findings, pipelines.Finding{File: w.File, Line: e.Line, Rule: e.Kind, What: e.Message})
		}
	}
	for _, action := range slices.Sorted(maps.Keys(used)) {
		if used[action] {
			r.Known = append(r.Known, action)
		} else {
			r.Unknown = append(r.Unknown, action)
		}
	}
	return r, nil
}
