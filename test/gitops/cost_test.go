package gitops_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/gitops/prices"
	"sigs.k8s.io/yaml"
)

// assumed is what cost.yaml says.
type assumed struct {
	Region string     `json:"region"`
	Claim  float64    `json:"claim"`
	Day    gitops.Day `json:"day"`
}

// cost holds the platform's claim, which is of prod, against the cost model.
func (s *prover) cost() {
	if s.environment != "prod" {
		return
	}
	c := s.check("compute-saving", "Spot machines and consolidation save what the platform says, by the cost model", "gitops/addons/karpenter", "test/gitops/cost.yaml has what the model assumes")
	a, got, err := s.estimate()
	if err != nil {
		s.checks.Err(c, "an estimate", err)
		return
	}
	month := gitops.HoursOfMonth / 24.0
	s.checks.That(c, got.Saving() >= a.Claim, fmt.Sprintf("%.0f %% less than machines on demand for the busiest hour", 100*a.Claim),
		fmt.Sprintf("%.0f %% less, while a spot machine costs %.2f of the price on demand; the claim holds up to %.2f. A month: $%.0f; on demand with consolidation $%.0f, without $%.0f; %d to %d machines",
			100*got.Saving(), a.Day.Spot, got.Dearest(a.Claim), got.Spot*month, got.Consolidated*month, got.Still*month, got.Fewest, got.Most))
	s.checks.NotProven(s.check("spot-price", "A spot machine costs at the most what the saving needs", "gitops/addons/karpenter", ""),
		"aws", fmt.Sprintf("the price of spot machines in %s: at the most %.2f of the price on demand", a.Region, got.Dearest(a.Claim)))
}

func (s *prover) estimate() (a assumed, got gitops.Cost, err error) {
	text, err := os.ReadFile("cost.yaml")
	if err != nil {
		return a, got, err
	}
	if err := yaml.UnmarshalStrict(text, &a); err != nil {
		return a, got, fmt.Errorf("cost.yaml: %w", err)
	}
	source, err := os.ReadFile(filepath.Join(s.pinned.Dirs[prices.Module], prices.File))
	if err != nil {
		return a, got, err
	}
	onDemand, err := prices.Read(source, a.Region)
	if err != nil {
		return a, got, err
	}
	got, err = s.Tree.Cost("fintrack", onDemand, a.Day)
	return a, got, err
}
