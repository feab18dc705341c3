package argocd_test

import (
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/gitops/argocd"
	"github.com/stretchr/testify/require"
)

func TestAFailedSyncIsTriedAgainOrNot(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	failed := argocd.Operation{Phase: "Running", Retries: 1, Finished: at}
	after := func(d time.Duration, retries int, phase string) argocd.Operation {
		return argocd.Operation{Phase: phase, Message: "m", Retries: retries, Finished: at.Add(d)}
	}
	for name, c := range map[string]struct {
		failed, now argocd.Operation
		declared    time.Duration
		says        string
	}{
		"after the pause":                  {failed, after(30*time.Second, 1, "Succeeded"), 30 * time.Second, ""},
		"later than the pause":             {failed, after(45*time.Second, 1, "Succeeded"), 30 * time.Second, ""},
		"at once":                          {failed, after(time.Second, 1, "Succeeded"), 30 * time.Second, "tried again after 1s, declared is 30s"},
		"a new sync, and no try again":     {failed, after(40*time.Second, 0, "Succeeded"), 30 * time.Second, "it was tried again 0 times"},
		"again and again":                  {failed, after(90*time.Second, 2, "Succeeded"), 30 * time.Second, "it was tried again 2 times"},
		"it is still the failed one":       {failed, failed, 30 * time.Second, "the second try is Running"},
		"all tries are used up":            {failed, after(40*time.Second, 1, "Failed"), 30 * time.Second, "the second try is Failed: m"},
		"the first try never ended":        {argocd.Operation{Phase: "Running"}, after(40*time.Second, 1, "Succeeded"), 30 * time.Second, "did not end"},
		"no pause is declared to hold for": {failed, after(0, 1, "Succeeded"), 0, "no pause is declared"},
	} {
		t.Run(name, func(t *testing.T) {
			got := argocd.Retried(c.failed, c.now, c.declared)
			if c.says == "" {
				require.Empty(t, got)
				return
			}
			require.Contains(t, got, c.says)
		})
	}
}
