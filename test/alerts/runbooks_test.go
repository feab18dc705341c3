package alerts_test

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

const (
	runbooks   = repository + "/docs/runbooks"
	runbookURL = "https://github.com/fintrack/platform/blob/main/docs/runbooks/"
)

// Whoever is woken follows the link of the alert; the list of pages says when it comes.
func TestEachAlertHasARunbookPage(t *testing.T) {
	t.Parallel()
	s := shared(t)
	index, err := os.ReadFile(runbooks + "/README.md")
	require.NoError(t, err)
	var list []string
	pages := map[string]bool{"README.md": true}
	for _, r := range s.book.Rules.Alerts {
		page, ok := strings.CutPrefix(r.Annotations["runbook_url"], runbookURL)
		if !ok {
			list = append(list, fmt.Sprintf("%s: %s: runbook_url %q: want %sPAGE.md", r.Place, r.Alert, r.Annotations["runbook_url"], runbookURL))
			continue
		}
		pages[page] = true
		text, err := os.ReadFile(filepath.Join(runbooks, path.Base(page)))
		if err != nil {
			list = append(list, fmt.Sprintf("%s: %s: no page docs/runbooks/%s", r.Place, r.Alert, page))
		} else if !strings.HasPrefix(string(text), "# "+r.Alert+"\n") {
			list = append(list, fmt.Sprintf("%s: %s: docs/runbooks/%s is headed otherwise", r.Place, r.Alert, page))
		}
		row := fmt.Sprintf("| [%s](%s) | %s | %s |", r.Alert, page, r.Labels["severity"], after(model.Duration(r.For)))
		if !strings.Contains(string(index), row+"\n") {
			list = append(list, "docs/runbooks/README.md has no row "+row)
		}
	}
	files, err := filepath.Glob(runbooks + "/*.md")
	require.NoError(t, err)
	for _, f := range files {
		if !pages[filepath.Base(f)] {
			list = append(list, "docs/runbooks/"+filepath.Base(f)+" is the page of no alert")
		}
	}
	problems(checks(t, "alerts"), "alerts.runbooks", "Each alert has a runbook page, and the list of pages says how severe it is and when it fires",
		"docs/runbooks", "write the page and its row in docs/runbooks/README.md", monitoring, list)
}

func after(d model.Duration) string {
	if d == 0 {
		return "at once"
	}
	return d.String()
}
