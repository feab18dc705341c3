package reachability

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/reach"
	"github.com/fintrack/platform/test/kit/reach/intent"
	"github.com/fintrack/platform/test/kit/reach/planned"
)

// Planned holds what the plans of the network of several environments will let pass
// against the intent, and against each other. plans are by environment, as terraform
// show -json prints them.
func Planned(checks *check.Set, in intent.Intent, plans map[string][]byte) {
	answers := map[string][]intent.Finding{}
	environments := slices.Sorted(maps.Keys(plans))
	for _, environment := range environments {
		subject := "terraform/networking, planned for " + environment
		m, err := model(plans[environment])
		if err != nil {
			checks.Err(check.Check{ID: "network.planned-" + environment, Title: "The plan for " + environment + " can be read in full", Subject: subject, Controls: controls, Next: "test/kit/reach/planned says which resources it knows"}, "a plan of known resources", err)
			continue
		}
		answers[environment] = network(in, m)
		for _, f := range answers[environment] {
			checks.That(check.Check{ID: "network.planned-" + environment + "-" + f.Slug, Title: f.Title, Subject: subject, Controls: controls,
				Next: "mend the rule that the path names, or declare the path with its reason in " + File}, f.OK, f.Expected, f.Observed)
		}
	}
	want := matrix(answers[environments[len(environments)-1]])
	for _, environment := range environments[:len(environments)-1] {
		checks.Equal(check.Check{ID: "network.planned-" + environment + "-alike", Title: "Tiers reach of each other in " + environment + " what they reach in " + environments[len(environments)-1], Subject: "terraform/environments", Controls: controls,
			Next: "an environment is a rehearsal only of what it shares: find the value that differs"}, want, matrix(answers[environment]))
	}
}

// foretold holds what a plan said of tiers against what was applied by it: the reader
// of plans takes some things for granted, and this is its witness.
func foretold(checks *check.Set, in intent.Intent, plan []byte, applied *reach.Model) {
	c := check.Check{ID: "network.as-planned", Title: "Tiers reach of each other what the plan said", Subject: "terraform/networking", Controls: controls, Next: "test/kit/reach/planned reads the plan otherwise than it was applied"}
	m, err := model(plan)
	if err != nil {
		checks.Err(c, "a plan of known resources", err)
		return
	}
	checks.Equal(c, matrix(network(in, applied)), matrix(network(in, m)))
}

// network is all that a plan of the network alone can be asked: what tiers reach,
// and what security groups leave between them and the endpoints, the one service that
// it makes.
func network(in intent.Intent, m *reach.Model) []intent.Finding {
	endpoints := in.Of("endpoints")
	return slices.Concat(in.CompareRoutes(m), in.CompareTiers(m), endpoints.CompareServices(m), endpoints.CompareStrangers(m))
}

func model(plan []byte) (*reach.Model, error) {
	estate, err := planned.Read(plan)
	if err != nil {
		return nil, err
	}
	return reach.New(estate)
}

// matrix tells what tiers reach of each other, a line a pair, without the numbers of
// members, in which environments may differ.
func matrix(findings []intent.Finding) string {
	if len(findings) == 0 {
		return "nothing is known"
	}
	var out []string
	for _, f := range findings {
		out = append(out, fmt.Sprintf("%s: %s", f.Slug, f.Observed))
	}
	return strings.Join(out, "\n")
}
