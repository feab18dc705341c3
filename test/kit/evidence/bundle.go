package evidence

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/check"
)

// Manifest lists the files of a bundle. The statement signs the manifest.
type Manifest struct {
	Run    string  `json:"run"`
	Commit string  `json:"commit"`
	Shard  string  `json:"shard,omitempty"`
	Files  []Entry `json:"files"`
	// Previous is the bundle before this one; nil for the first of a chain.
	Previous *Link `json:"previous"`
}

// Entry is one file.
type Entry struct {
	Name   string `json:"name"`
	Size   int    `json:"size"`
	SHA256 string `json:"sha256"`
}

// Link names another bundle by its manifest.
type Link struct {
	Run    string `json:"run"`
	SHA256 string `json:"sha256"`
}

// ArtefactKinds are the pictures and tables that the page has a place for.
var ArtefactKinds = []ArtefactKind{
	{"network", "Network picture", "Who reaches whom, drawn from the same data that the network checks judge."},
	{"incident", "Alert incident", "One incident from the first sample to the message that a person got."},
	{"access", "Access matrix", "Which role may do what on which resource."},
}

// ArtefactKind is a place on the page.
type ArtefactKind struct{ Kind, Title, What string }

// Build makes a bundle and signs it. It refuses one that would hold a secret. A
// bundle of results that are not complete is made all the same, and says so: it is
// evidence that something is missing.
func Build(ctx context.Context, in Inputs, signer Signer) (Files, []Gap, error) {
	run, err := describe(in)
	if err != nil {
		return nil, nil, err
	}
	intent, err := ReadIntent(ControlsFile, in.Controls)
	if err != nil {
		return nil, nil, err
	}
	results := ordered(in.Results)
	previous, before, err := linkTo(in.Previous)
	if err != nil {
		return nil, nil, err
	}
	if in.Shard == "" {
		run.Gaps = Complete(intent, results, in.Resources, before)
	}
	files, err := printed(in, run, intent, results)
	if err != nil {
		return nil, nil, err
	}
	if err := RefuseSecrets(files, in.Sensitive); err != nil {
		return nil, nil, err
	}
	if files[ManifestFile], err = indented(list(run, files, previous)); err != nil {
		return nil, nil, err
	}
	st, err := newStatement(run, results, digest(files[ManifestFile]), digest(in.Controls))
	if err != nil {
		return nil, nil, err
	}
	if files[StatementFile], err = seal(ctx, signer, st); err != nil {
		return nil, nil, err
	}
	return files, run.Gaps, nil
}

// printed writes the results in each of their forms.
func printed(in Inputs, run Run, intent Intent, results []check.Result) (Files, error) {
	files := Files{ControlsFile: in.Controls}
	for kind, a := range in.Artefacts {
		if !slices.ContainsFunc(ArtefactKinds, func(k ArtefactKind) bool { return k.Kind == kind }) {
			return nil, fmt.Errorf("artefact %s: the page has places for network, incident and access", kind)
		}
		files[Artefacts+kind+strings.ToLower(path.Ext(a.Name))] = a.Data
	}
	standings := Standings(intent, results, run.Gaps)
	for name, write := range map[string]func() ([]byte, error){
		ChecksFile:    func() ([]byte, error) { return journal(results) },
		ResourcesFile: func() ([]byte, error) { return indented(in.Resources) },
		RunFile:       func() ([]byte, error) { return indented(run) },
		JUnitFile:     func() ([]byte, error) { return junitXML(run, results) },
		OSCALFile: func() ([]byte, error) {
			return assessmentResults(run, standings, results, digest(in.Controls))
		},
		PageFile: func() ([]byte, error) {
			return renderPage(run, intent, standings, results, in.Resources, in.Artefacts)
		},
	} {
		b, err := write()
		if err != nil {
			return nil, err
		}
		files[name] = b
	}
	return files, nil
}

func list(run Run, files Files, previous *Link) Manifest {
	m := Manifest{Run: run.ID, Commit: run.Commit, Shard: run.Shard, Previous: previous}
	for _, name := range sortedKeys(files) {
		m.Files = append(m.Files, Entry{Name: name, Size: len(files[name]), SHA256: digest(files[name])})
	}
	return m
}

// linkTo names the bundle before, and returns its results.
func linkTo(previous Files) (*Link, []check.Result, error) {
	if previous == nil {
		return nil, nil, nil
	}
	b, err := Open(previous)
	if err != nil {
		return nil, nil, fmt.Errorf("the bundle before: %w", err)
	}
	return &Link{Run: b.Run.ID, SHA256: digest(previous[ManifestFile])}, b.Results, nil
}

// Bundle is a bundle's content, read but not verified.
type Bundle struct {
	Files    Files
	Manifest Manifest
	Run      Run
	Results  []check.Result
	Intent   Intent
}

// Open reads a bundle. It does not verify it.
func Open(files Files) (*Bundle, error) {
	b := &Bundle{Files: files}
	err := errors.Join(strictly(files, ManifestFile, &b.Manifest), strictly(files, RunFile, &b.Run))
	if err != nil {
		return nil, err
	}
	if b.Results, err = check.ReadJournal(bytes.NewReader(files[ChecksFile])); err != nil {
		return nil, fmt.Errorf("%s: %w", ChecksFile, err)
	}
	if b.Intent, err = ReadIntent(ControlsFile, files[ControlsFile]); err != nil {
		return nil, err
	}
	return b, nil
}

func strictly(files Files, name string, into any) error {
	text, ok := files[name]
	if !ok {
		return fmt.Errorf("%s is missing", name)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func digest(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
