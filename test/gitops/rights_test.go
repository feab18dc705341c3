package gitops_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/access"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/iam"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/stretchr/testify/require"
)

// TestRights holds the rights that accounts of the cluster are meant to have against the
// reasons that are written for the dangerous ones. That they have these and no others is
// asked of an API server (test/cluster).
func TestRights(t *testing.T) {
	const file = "policies/intent/access.yaml"
	text, err := os.ReadFile(filepath.Join(root, file))
	require.NoError(t, err)
	known, err := iam.KnownActions()
	require.NoError(t, err)
	intent, err := access.Parse(file, text, known)
	require.NoError(t, err)
	dangers := 0
	for _, account := range intent.Cluster {
		dangers += len(account.Dangers())
	}
	checks := suite.Checks(t, "gitops")
	record := func(id, title string, found []string) {
		observed := fmt.Sprintf("none, over %s of %s", plural(dangers, "dangerous right"), plural(len(intent.Cluster), "account"))
		if found != nil {
			observed = strings.Join(found, "\n            ")
		}
		checks.That(check.Check{ID: "gitops." + id, Title: title, Subject: file, Controls: []string{"CC6.1", "CC6.3"}}, found == nil && dangers > 0, "no finding", observed)
	}
	missing, stale := intent.Unjustified()
	record("rights-justified", "Every right by which an account could gain more has a written reason", missing)
	record("reasons-current", "Every such reason is for a right that the account has", stale)
}
