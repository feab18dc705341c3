package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/shard"
)

// Files is a bundle, or part of one: contents by slash-separated names.
type Files map[string][]byte

// The names in a bundle. Artefacts that were handed in lie below Artefacts.
const (
	ChecksFile    = "checks.jsonl"
	ControlsFile  = "controls.yaml"
	ResourcesFile = "resources.json"
	RunFile       = "run.json"
	JUnitFile     = "junit.xml"
	OSCALFile     = "oscal.json"
	PageFile      = "index.html"
	ManifestFile  = "manifest.json"
	StatementFile = "statement.dsse.json"
	Artefacts     = "artefacts/"
)

// Run says what was checked and with what.
type Run struct {
	// ID names the bundle: the time of its first check and its commit.
	ID string `json:"id"`
	// Commit is the commit that was checked, 40 hexadecimal digits.
	Commit string `json:"commit"`
	// Modified says that the checkout held changes that no commit holds.
	Modified bool `json:"modified,omitempty"`
	// Shard is "k/n" when this is a part of a run, empty for a whole one.
	Shard string `json:"shard,omitempty"`
	// Series names the runs that this one is compared with, as nightly or release: others
	// have other steps. Each series is a chain of its own.
	Series string `json:"series,omitempty"`
	// Started and Ended are the times of the first and the last check.
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended"`
	// Environments are the kinds of environment that answered.
	Environments []string `json:"environments"`
	Trees        []Tree   `json:"trees"`
	Tools        []Tool   `json:"tools"`
	// Steps says by which step of scripts/ each run of a suite was made, by the run's id.
	Steps map[string]string `json:"steps,omitempty"`
	Flaky []Flaky           `json:"flaky,omitempty"`
	// Gaps are why the results are not complete; judged for whole runs only.
	Gaps []Gap `json:"gaps,omitempty"`
}

// Tree is a part of the checkout and the hash of its files (dirHash of the
// in-toto DigestSet specification).
type Tree struct {
	Name    string `json:"name"`
	DirHash string `json:"dir_hash"`
}

// Tool is a program that the checks stood on.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// SHA256 is the digest of the program, or of the file that pins it.
	SHA256 string `json:"sha256"`
}

// Flaky is a check, or a step of the run, that gave different outcomes on the same
// commit. Its result is the first outcome; both stand here.
type Flaky struct {
	Step string `json:"step"`
	// Check is its id; empty when the step itself differed and no check of it did.
	Check string `json:"check,omitempty"`
	// Outcomes are verdicts, or exit codes, in the order of the attempts.
	Outcomes []string `json:"outcomes"`
}

// Inputs are all that a bundle is made of. The same inputs give the same bundle,
// to the byte, with the same key.
type Inputs struct {
	Commit   string
	Modified bool
	Shard    string
	Series   string
	Results  []check.Result
	// Controls is the text of policies/intent/controls.yaml.
	Controls  []byte
	Resources []Resource
	Trees     []Tree
	Tools     []Tool
	// Steps are those of Run, nil where no steps were run.
	Steps map[string]string
	Flaky []Flaky
	// Artefacts are pictures and tables by kind; see ArtefactKinds.
	Artefacts map[string]Artefact
	// Previous is the bundle before this one, nil for the first.
	Previous Files
	// Sensitive are values that no bundle may hold.
	Sensitive []string
}

// Artefact is a file that another suite made.
type Artefact struct {
	// Name is its file name; its ending says how the page shows it.
	Name string
	Data []byte
}

var commitShape = regexp.MustCompile(`^[0-9a-f]{40}$`)

// describe makes the Run of the inputs.
func describe(in Inputs) (Run, error) {
	if !commitShape.MatchString(in.Commit) {
		return Run{}, fmt.Errorf("commit %q: want 40 hexadecimal digits", in.Commit)
	}
	if in.Shard != "" {
		if _, _, err := shard.Parse(in.Shard); err != nil {
			return Run{}, err
		}
	}
	if len(in.Results) == 0 {
		return Run{}, fmt.Errorf("no results: there is no evidence of nothing")
	}
	r := Run{Commit: in.Commit, Modified: in.Modified, Shard: in.Shard, Series: in.Series, Trees: in.Trees, Tools: in.Tools, Steps: in.Steps, Flaky: in.Flaky}
	for _, x := range in.Results {
		if x.Time.IsZero() || x.Environment == "" || x.Suite == "" {
			return Run{}, fmt.Errorf("check %s: no time, environment or suite", x.ID)
		}
		if r.Started.IsZero() || x.Time.Before(r.Started) {
			r.Started = x.Time.UTC()
		}
		if x.Time.After(r.Ended) {
			r.Ended = x.Time.UTC()
		}
		if !slices.Contains(r.Environments, x.Environment) {
			r.Environments = append(r.Environments, x.Environment)
		}
	}
	slices.Sort(r.Environments)
	r.ID = r.Started.Format("20060102-150405") + "-" + in.Commit[:7]
	if in.Shard != "" {
		r.ID += "-" + strings.ReplaceAll(in.Shard, "/", "of")
	}
	return r, nil
}

// ordered returns the results by suite, then in the order of their making.
func ordered(rs []check.Result) []check.Result {
	rs = slices.Clone(rs)
	slices.SortStableFunc(rs, func(a, b check.Result) int {
		if c := strings.Compare(a.Suite, b.Suite); c != 0 {
			return c
		}
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return rs
}

func journal(rs []check.Result) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, r := range rs {
		if err := enc.Encode(r); err != nil {
			return nil, fmt.Errorf("check %s: %w", r.ID, err)
		}
	}
	return b.Bytes(), nil
}

func indented(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return b.Bytes(), err
}
