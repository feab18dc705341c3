package alerts_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/check"
)

// minimumScore is the share of mistakes that the scenarios must notice.
const minimumScore = 0.95

func TestTheScenariosNoticeMistakesInTheRules(t *testing.T) {
	s := shared(t)
	verdicts := s.sim.Mutate(context.Background(), s.book.Rules, s.runs)
	killed := 0
	var said strings.Builder
	for _, v := range verdicts {
		if v.Killed != "" {
			killed++
			continue
		}
		fmt.Fprintf(&said, "survived: %s: %s: %s\n", v.Of.Place, v.Of.Name(), v.What)
	}
	score := float64(killed) / float64(len(verdicts))
	fmt.Fprintf(&said, "mutation: %d of %d mistakes in the rules noticed, %.1f %%\n", killed, len(verdicts), 100*score)
	report(t, said.String())
	checks(t, "alerts").That(check.Check{
		ID: "alerts.mutation-score", Title: "The scenarios notice mistakes in the rules", Controls: monitoring, Subject: addOn + "/scenarios",
		Next: "the test lists what survived: sharpen the scenario of that rule",
	}, score >= minimumScore && len(verdicts) > 200, "at least 95 % of more than 200 mistakes", fmt.Sprintf("%d of %d, %.1f %%", killed, len(verdicts), 100*score))
}
