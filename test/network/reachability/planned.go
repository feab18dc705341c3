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
		hold(checks, "network.planned-"+environment+"-", subject, answers[environment])
	}
	want := matrix(answers[environments[len(environments)-1]])
	for _, environment := range environments[:len(environments)-1] {
		checks.Equal(check.Check{ID: "network.planned-" + environment + "-alike", Title: "Tiers reach of each other in " + environment + " what they reach in " + environments[len(environments)-1], Subject: "terraform/environments", Controls: controls,
			Next: "an environment is a rehearsal only of what it shares: find the value that differs"}, want, matrix(answers[environment]))
	}
}

// Foretold holds what the plans of all layers, read as one, will let pass against the
// intent: everything that an applied environment is asked.
func Foretold(checks *check.Set, in intent.Intent, layers []planned.Layer) (reach.Estate, *reach.Model, error) {
	var names []string
	for _, l := range layers {
		names = append(names, l.Name)
	}
	subject := "plans of " + strings.Join(names, ", ")
	c := check.Check{ID: "network.plans-read", Title: "The layers' plans can be read in full as one estate", Subject: subject, Controls: controls, Next: "test/kit/reach/planned says which resources it knows, and what it follows"}
	estate, err := planned.On(reach.Estate{}, layers...)
	if err != nil {
		checks.Err(c, "plans of known resources", err)
		return estate, nil, err
	}
	m, err := reach.New(estate)
	if err != nil {
		checks.Err(c, "plans that fit together", err)
		return estate, nil, err
	}
	checks.That(c, len(estate.Subnets) > 0 && len(estate.Interfaces) > 0, "subnets, and something in them",
		fmt.Sprintf("%d VPCs, %d subnets, %d route tables, %d security groups, %d interfaces", len(estate.VPCs), len(estate.Subnets), len(estate.RouteTables), len(estate.Groups), len(estate.Interfaces)))
	hold(checks, "network.plans-", subject, in.Compare(m))
	return estate, m, nil
}

// foretold holds what the layers' plans said against what was applied by them: the
// reader of plans takes some things for granted, and this is its witness.
func foretold(checks *check.Set, in intent.Intent, layers []planned.Layer, there reach.Estate, applied *reach.Model) {
	c := check.Check{ID: "network.as-planned", Title: "Tiers and services reach of each other what the plans said", Subject: "terraform/networking, security, data and compute", Controls: controls, Next: "test/kit/reach/planned reads the plans otherwise than they were applied"}
	placed := c
	placed.ID, placed.Title = "network.placed-as-planned", "Services stand in the subnets that the plans said"
	estate, m, err := Foretold(checks, in, layers)
	if err != nil {
		checks.Err(c, "plans of known resources", err)
		checks.Err(placed, "plans of known resources", err)
		return
	}
	checks.Equal(c, matrix(in.Compare(applied)), matrix(in.Compare(m)))
	checks.Equal(placed, Places(in, there), Places(in, estate))
}

// Places tells in which subnets each service of an intent stands, a line a service,
// and where the internet has addresses for it.
func Places(in intent.Intent, e reach.Estate) string {
	subnets := map[string]string{}
	for _, s := range e.Subnets {
		subnets[s.ID] = s.Name
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(in.Services)) {
		var at []string
		for _, f := range e.Interfaces {
			if f.Kind != in.Services[name].Kind {
				continue
			}
			where := subnets[f.Subnet]
			if f.Public {
				where += " (public)"
			}
			at = append(at, where)
		}
		slices.Sort(at)
		out = append(out, fmt.Sprintf("%s: %s", name, strings.Join(slices.Compact(at), ", ")))
	}
	return strings.Join(out, "\n")
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

// matrix tells what members reach of each other, a line a pair, without their numbers,
// in which environments may differ, and without the ids of paths.
func matrix(findings []intent.Finding) string {
	if len(findings) == 0 {
		return "nothing is known"
	}
	var out []string
	for _, f := range findings {
		observed := f.Observed
		if !f.OK && f.Needs == "" {
			observed = "not as declared"
		}
		out = append(out, fmt.Sprintf("%s: %s", f.Slug, observed))
	}
	return strings.Join(out, "\n")
}
