package evidence

import (
	"encoding/json"
	"fmt"

	"github.com/fintrack/platform/test/kit/check"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// Types of the in-toto attestation framework (in-toto/attestation, spec v1; its
// predicate "Test Result" v0.1).
const (
	statementType = "https://in-toto.io/Statement/v1"
	predicateType = "https://in-toto.io/attestation/test-result/v0.1"
	payloadType   = "application/vnd.in-toto+json"
)

// statement is written field by field: the encoding of the attestation library
// differs from build to build on purpose, and a bundle must not.
type statement struct {
	Type          string       `json:"_type"`
	Subject       []descriptor `json:"subject"`
	PredicateType string       `json:"predicateType"`
	Predicate     testResult   `json:"predicate"`
}

type descriptor struct {
	Name        string            `json:"name"`
	Digest      map[string]string `json:"digest"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type testResult struct {
	Result        string       `json:"result"`
	Configuration []descriptor `json:"configuration"`
	PassedTests   []string     `json:"passedTests,omitempty"`
	WarnedTests   []string     `json:"warnedTests,omitempty"`
	FailedTests   []string     `json:"failedTests,omitempty"`
}

// subjects are what the statement speaks of: the bundle's manifest, the commit,
// the trees, the tools.
func subjects(run Run, manifestDigest string) []descriptor {
	out := []descriptor{
		{Name: ManifestFile, Digest: map[string]string{"sha256": manifestDigest}},
		{Name: "commit", Digest: map[string]string{"gitCommit": run.Commit}},
	}
	for _, t := range run.Trees {
		out = append(out, descriptor{Name: "tree:" + t.Name, Digest: map[string]string{"dirHash": t.DirHash}})
	}
	for _, t := range run.Tools {
		out = append(out, descriptor{Name: "tool:" + t.Name, Digest: map[string]string{"sha256": t.SHA256}, Annotations: map[string]string{"version": t.Version}})
	}
	return out
}

// outcome is FAILED when a check failed or one is missing, WARNED when something
// was not proven, and PASSED otherwise. A check that was not proven is warned of.
func outcome(run Run, results []check.Result, controlsDigest string) testResult {
	out := testResult{Result: "PASSED", Configuration: []descriptor{{Name: ControlsFile, Digest: map[string]string{"sha256": controlsDigest}}}}
	for _, r := range results {
		switch r.Verdict {
		case check.Pass:
			out.PassedTests = append(out.PassedTests, r.ID)
		case check.NotProven:
			out.WarnedTests = append(out.WarnedTests, r.ID)
		default:
			out.FailedTests = append(out.FailedTests, r.ID)
		}
	}
	switch {
	case len(out.FailedTests)+len(run.Gaps) > 0:
		out.Result = "FAILED"
	case len(out.WarnedTests)+len(run.Flaky) > 0:
		out.Result = "WARNED"
	}
	return out
}

// newStatement is the payload that is signed.
func newStatement(run Run, results []check.Result, manifestDigest, controlsDigest string) ([]byte, error) {
	b, err := json.Marshal(statement{
		Type: statementType, Subject: subjects(run, manifestDigest),
		PredicateType: predicateType, Predicate: outcome(run, results, controlsDigest),
	})
	if err != nil {
		return nil, fmt.Errorf("in-toto statement: %w", err)
	}
	return b, validStatement(b)
}

// validStatement asks the attestation library whether it is an in-toto v1 statement.
func validStatement(b []byte) error {
	var st intoto.Statement
	if err := protojson.Unmarshal(b, &st); err != nil {
		return fmt.Errorf("in-toto statement: %w", err)
	}
	if st.GetType() != statementType || st.GetPredicateType() != predicateType {
		return fmt.Errorf("in-toto statement: is %s with %s, want %s with %s", st.GetType(), st.GetPredicateType(), statementType, predicateType)
	}
	if err := st.Validate(); err != nil {
		return fmt.Errorf("in-toto statement: %w", err)
	}
	return nil
}
