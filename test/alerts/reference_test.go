package alerts_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fintrack/platform/test/kit/alerts"
	"github.com/fintrack/platform/test/kit/alerts/reference"
)

// TestTheFastEngineAgreesWithPrometheus compares the two engines on every rule
// that a scenario evaluates. Scenarios of up to a few hours are compared in every
// run; FINTRACK_ALERTS_REFERENCE=all compares the days as well, which takes minutes.
func TestTheFastEngineAgreesWithPrometheus(t *testing.T) {
	s := shared(t)
	all := os.Getenv("FINTRACK_ALERTS_REFERENCE") == "all"
	c := checks(t, "alerts")
	found := make([][]string, len(s.runs))
	errs := make([]error, len(s.runs))
	compared, evaluated := 0, 0
	for _, run := range s.runs {
		if all || run.Scenario.Duration <= 3*time.Hour {
			compared++
			evaluated += len(run.Evaluated)
		}
	}
	dirs := make([]string, len(s.runs))
	for i := range dirs {
		dirs[i] = t.TempDir()
	}
	alerts.SideBySide(len(s.runs), func(i int) {
		run := s.runs[i]
		if !all && run.Scenario.Duration > 3*time.Hour {
			return
		}
		want, err := reference.Run(context.Background(), dirs[i], s.book.Rules, run.Scenario, run.Evaluated)
		if err != nil {
			errs[i] = err
			return
		}
		found[i] = reference.Differences(want, run.Instances)
	})
	var list []string
	for i, run := range s.runs {
		require.NoError(t, errs[i], run.Scenario.Name)
		for _, d := range found[i] {
			list = append(list, run.Scenario.Name+": "+d)
		}
	}
	report(t, fmt.Sprintf("reference: %d of %d scenarios compared with Prometheus' own rule engine, %d rules evaluated in them, %d differences", compared, len(s.runs), evaluated, len(list)))
	problems(c, "alerts.engine-agrees", "The fast engine agrees with Prometheus' own rule engine", "test/kit/alerts",
		"mend test/kit/alerts/evaluate.go: the reference is right", nil, list)
}
