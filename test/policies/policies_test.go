// Package policies_test judges the plan of every example of every module by the
// plan policies (policies/terraform).
package policies_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/policy"
	"github.com/stretchr/testify/require"
)

const (
	top   = "../.."
	rules = top + "/policies/terraform"
)

// needed is what an example needs beside what it is always given.
var needed = map[string]deploy.Needs{
	"secrets-manager/complete": {Vars: map[string]any{"password": "never-applied"}, Build: "lambda/build"},
}

func TestMain(m *testing.M) { deploy.Main(m) }

func TestPlansFollowThePolicies(t *testing.T) {
	compiled, err := policy.Load(t.Context(), os.DirFS(rules))
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(rules, "exceptions.yaml"))
	require.NoError(t, err)
	exceptions, err := policy.ReadExceptions(text, compiled.IDs(), time.Now())
	require.NoError(t, err)
	examples, err := filepath.Glob(filepath.Join(top, "modules", "*", "examples", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, examples)
	verdicts := make([]policy.Verdict, len(examples))
	t.Run("plans", func(t *testing.T) {
		for i, dir := range examples {
			example, module := filepath.Base(dir), filepath.Base(filepath.Dir(filepath.Dir(dir)))
			t.Run(module+"/"+example, func(t *testing.T) {
				plan := deploy.Planned(t, module, example, needed[module+"/"+example])
				v, err := compiled.Judge(t.Context(), plan)
				require.NoError(t, err)
				verdicts[i] = v
			})
		}
	})
	unjudged := 0
	for i, dir := range examples {
		example, module := filepath.Base(dir), filepath.Base(filepath.Dir(filepath.Dir(dir)))
		for _, v := range exceptions.Apply(module, example, verdicts[i].Violations) {
			t.Errorf("%s/%s: %s", module, example, v)
		}
		unjudged += len(verdicts[i].NotJudged)
		if len(verdicts[i].NotJudged) > 0 {
			t.Logf("%s/%s: not judged before an apply: %s", module, example, strings.Join(verdicts[i].NotJudged, ", "))
		}
	}
	for _, e := range exceptions.Unused() {
		t.Errorf("exception of %s for %s in %s: nothing needs it: take it out", e.Rule, e.Address, e.Module)
	}
	fmt.Printf("%d rules over %d plans; %d policy documents are known only after an apply and were not judged\n", len(compiled.IDs()), len(examples), unjudged)
}
