package evidence

import (
	"fmt"
	"strings"

	"github.com/defenseunicorns/go-oscal/src/pkg/validation"
	oscal "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-1"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/google/uuid"
)

// oscalVersion is the version of OSCAL (NIST, Open Security Controls Assessment
// Language) whose schema the assessment results follow.
const oscalVersion = "1.2.1"

var namespace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/fintrack/platform/evidence"))

// identity is a UUID that depends on what it names alone.
func identity(parts ...string) string {
	return uuid.NewSHA1(namespace, []byte(strings.Join(parts, "\x00"))).String()
}

// assessmentResults writes the results as OSCAL: an observation for each check, an
// inventory item for each subject, a finding for each criterion. The plan that the
// results follow is the file of controls, which stands beside them.
func assessmentResults(run Run, standings []Standing, results []check.Result, controlsDigest string) ([]byte, error) {
	plan := identity(run.ID, "plan")
	include := make([]oscal.AssessedControlsSelectControlById, 0, len(standings))
	for _, s := range standings {
		include = append(include, oscal.AssessedControlsSelectControlById{ControlId: s.ID})
	}
	items, observations := inventory(run, results), observations(run, results)
	findings := findings(run, standings)
	end := run.Ended
	doc := oscal.OscalModels{AssessmentResults: &oscal.AssessmentResults{
		UUID: identity(run.ID, "assessment-results"),
		Metadata: oscal.Metadata{
			Title: "FinTrack platform, assessment of " + run.Commit, Version: run.ID,
			OscalVersion: oscalVersion, LastModified: run.Ended,
		},
		ImportAp: oscal.ImportAp{Href: "#" + plan},
		Results: []oscal.Result{{
			UUID: identity(run.ID, "result"), Title: "Run " + run.ID,
			Description: fmt.Sprintf("%s, in the environment %s", check.Tally(results), strings.Join(run.Environments, ", ")),
			Start:       run.Started, End: &end,
			LocalDefinitions: &oscal.LocalDefinitions{InventoryItems: &items},
			ReviewedControls: oscal.ReviewedControls{ControlSelections: []oscal.AssessedControls{{
				Description:     "SOC 2 trust services criteria in scope",
				IncludeControls: &include,
			}}},
			Observations: &observations, Findings: &findings,
		}},
		BackMatter: &oscal.BackMatter{Resources: &[]oscal.Resource{{
			UUID: plan, Title: "Which checks bear on which criterion, and what they cannot show",
			Rlinks: &[]oscal.ResourceLink{{Href: ControlsFile, MediaType: "application/yaml",
				Hashes: &[]oscal.Hash{{Algorithm: "SHA-256", Value: controlsDigest}}}},
		}}},
	}}
	b, err := indented(doc)
	if err != nil {
		return nil, fmt.Errorf("OSCAL: %w", err)
	}
	return b, ValidateOSCAL(b)
}

// ValidateOSCAL checks a document against the schema of the OSCAL version above.
func ValidateOSCAL(text []byte) error {
	v, err := validation.NewValidatorDesiredVersion(text, oscalVersion)
	if err != nil {
		return fmt.Errorf("OSCAL: %w", err)
	}
	if err := v.Validate(); err != nil {
		return fmt.Errorf("OSCAL %s: %w", oscalVersion, err)
	}
	return nil
}

func subjectID(run Run, r check.Result) string {
	return identity(run.ID, "subject", r.Suite, r.Subject)
}

func inventory(run Run, results []check.Result) (out []oscal.InventoryItem) {
	seen := map[string]bool{}
	for _, r := range results {
		id := subjectID(run, r)
		if !seen[id] {
			out = append(out, oscal.InventoryItem{UUID: id, Description: r.Subject + " (" + r.Suite + ")"})
		}
		seen[id] = true
	}
	return out
}

func observationID(run Run, r check.Result) string { return identity(run.ID, "check", r.Run, key(r)) }

func observations(run Run, results []check.Result) (out []oscal.Observation) {
	for _, r := range results {
		out = append(out, oscal.Observation{
			UUID: observationID(run, r), Title: r.ID, Collected: r.Time.UTC(), Methods: []string{"TEST"},
			Description: fmt.Sprintf("%s. Expected: %s. Observed: %s", r.Title, r.Expected, r.Observed),
			Subjects:    &[]oscal.SubjectReference{{SubjectUuid: subjectID(run, r), Type: "inventory-item"}},
			Props: &[]oscal.Property{
				{Name: "verdict", Ns: "https://github.com/fintrack/platform", Value: string(r.Verdict)},
				{Name: "environment", Ns: "https://github.com/fintrack/platform", Value: r.Environment},
			},
		})
	}
	return out
}

func findings(run Run, standings []Standing) (out []oscal.Finding) {
	for _, s := range standings {
		status := oscal.ObjectiveStatus{State: "not-satisfied", Reason: "fail", Remarks: s.Why}
		switch s.State {
		case Met:
			status = oscal.ObjectiveStatus{State: "satisfied", Reason: "pass"}
		case Partly:
			status.Reason = "other"
		}
		var related []oscal.RelatedObservation
		for _, r := range s.Results {
			related = append(related, oscal.RelatedObservation{ObservationUuid: observationID(run, r)})
		}
		f := oscal.Finding{
			UUID: identity(run.ID, "finding", s.ID), Title: s.ID + " " + s.Title,
			Description: s.Means + " What the checks cannot show: " + strings.Join(s.CannotShow, " "),
			Target:      oscal.FindingTarget{Type: "objective-id", TargetId: s.ID, Title: s.Title, Status: status},
		}
		if related != nil {
			f.RelatedObservations = &related
		}
		out = append(out, f)
	}
	return out
}
