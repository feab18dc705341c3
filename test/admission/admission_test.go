// Package admission_test runs the suites of the Gatekeeper policies, and judges by
// them what is deployed in each environment.
package admission_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/admission"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/gitops/handover"
	"github.com/fintrack/platform/test/kit/gitops/platform"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/stretchr/testify/require"
)

const root = "../.."

func TestMain(m *testing.M) { os.Exit(suite.Main(m, "policies", "offline")) }

func TestPolicies(t *testing.T) {
	checks := suite.Checks(t, "policies")
	folder := os.DirFS(root + "/policies/gatekeeper")

	c := check.Check{ID: "policies.complete", Title: "Every policy has a constraint, a suite, and samples of both kinds that the suite uses", Controls: []string{"CC6.8", "CC8.1"}, Subject: "policies/gatekeeper"}
	shape, err := admission.Shape(folder)
	if err != nil {
		checks.Err(c, "folders", err)
	} else {
		checks.That(c, len(shape) == 0, "no finding", gitops.Words(shape))
	}

	results, err := admission.RunSuites(t.Context(), folder)
	require.NoError(t, err)
	type outcome struct {
		cases int
		wrong []string
	}
	byPolicy, order := map[string]*outcome{}, []string{}
	for _, r := range results {
		o := byPolicy[r.Policy]
		if o == nil {
			o = &outcome{}
			byPolicy[r.Policy] = o
			order = append(order, r.Policy)
		}
		o.cases++
		if r.Err != nil {
			o.wrong = append(o.wrong, fmt.Sprintf("%s: %v", r.Case, r.Err))
		}
	}
	for _, p := range order {
		o := byPolicy[p]
		c := check.Check{ID: "policies." + p, Title: "The policy allows and refuses what its samples say", Controls: []string{"CC6.8"}, Subject: "policies/gatekeeper/" + p, Next: "look at the sample and at template.yaml"}
		observed := fmt.Sprintf("%d cases as expected", o.cases)
		if len(o.wrong) > 0 {
			observed = strings.Join(o.wrong, "; ")
		}
		checks.That(c, len(o.wrong) == 0, "every case as the suite says", observed)
	}
}

// TestDeployed judges every object of every environment.
func TestDeployed(t *testing.T) {
	checks := suite.Checks(t, "policies")
	m, err := platform.FindModules(t.Context(), root)
	require.NoError(t, err)
	environments, err := handover.Environments(root)
	require.NoError(t, err)
	for _, environment := range environments {
		c := check.Check{ID: "policies.deployed." + environment, Title: "No policy refuses what is deployed (" + environment + ")", Controls: []string{"CC6.8"}, Subject: "gitops"}
		p, err := platform.Render(root, environment, m.Charts)
		if err != nil {
			checks.Err(c, "objects", err)
			continue
		}
		found, constraints, err := admission.Judge(p.Tree.Objects)
		if err != nil {
			checks.Err(c, "no finding", err)
			continue
		}
		observed := gitops.Words(found)
		if len(found) == 0 {
			observed = fmt.Sprintf("none, %d constraints over %d objects", constraints, len(p.Tree.Objects))
		}
		checks.That(c, len(found) == 0 && constraints > 0, "no finding", observed)
	}
}
