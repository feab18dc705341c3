package admission

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/open-policy-agent/gatekeeper/v3/pkg/gator"
	"github.com/open-policy-agent/gatekeeper/v3/pkg/gator/verify"
)

// CaseResult is how one case of a policy's suite went.
type CaseResult struct {
	Policy, Case string
	// Err is nil when the policy said what the case expects.
	Err  error
	Took time.Duration
}

// RunSuites runs the suites of all policies (Gatekeeper's documentation, "The gator
// CLI", gator verify). A case that was not run is an error, and so is a folder
// without a suite.
func RunSuites(ctx context.Context, policies fs.FS) ([]CaseResult, error) {
	files, err := fs.Glob(policies, "*/suite.yaml")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no suite.yaml below the policies")
	}
	var suites []*verify.Suite
	for _, f := range files {
		read, err := verify.ReadSuites(policies, f, f, false)
		if err != nil {
			return nil, fmt.Errorf("read the suites of the policies: %w", err)
		}
		if len(read) == 0 {
			return nil, fmt.Errorf("%s is no Suite of test.gatekeeper.sh", f)
		}
		suites = append(suites, read...)
	}
	runner, err := verify.NewRunner(policies, func(opts ...gator.Opt) (gator.Client, error) { return gator.NewOPAClient(false, opts...) })
	if err != nil {
		return nil, err
	}
	every, err := verify.NewFilter("")
	if err != nil {
		return nil, err
	}
	var out []CaseResult
	for _, s := range suites {
		result := runner.Run(ctx, every, s)
		if result.Error != nil {
			return nil, fmt.Errorf("%s: %w", s.AbsolutePath, result.Error)
		}
		for _, test := range result.TestResults {
			if test.Error != nil {
				return nil, fmt.Errorf("policy %s: %w", test.Name, test.Error)
			}
			if test.Skipped || len(test.CaseResults) == 0 {
				return nil, fmt.Errorf("policy %s: none of its cases was run", test.Name)
			}
			for _, c := range test.CaseResults {
				if c.Skipped {
					c.Error = fmt.Errorf("the case was not run")
				}
				out = append(out, CaseResult{Policy: test.Name, Case: c.Name, Err: c.Error, Took: time.Duration(c.Runtime)})
			}
		}
	}
	return out, nil
}
