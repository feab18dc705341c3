// Package credentials finds static credentials: whatever somebody could carry away
// and use later, such as an access key, a private key or a token. Texts are judged
// by the rules of gitleaks; configurations by the kinds of resources that are
// long-lived credentials by themselves.
package credentials

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/sources"
)

// Finding is a credential that was found. It never holds the credential itself.
type Finding struct {
	// Place says where: a file, a state, the name of a secret.
	Place string
	// Line counts from 1; 0 where lines mean nothing.
	Line int
	// Rule is the id of gitleaks' rule, or "long-lived-resource".
	Rule string
	// What says what it is.
	What string
}

func (f Finding) String() string {
	place := f.Place
	if f.Line > 0 {
		place += fmt.Sprintf(":%d", f.Line)
	}
	return place + ": " + f.Rule + ": " + f.What
}

// Scanner judges texts. It is not for concurrent use.
type Scanner struct {
	detector *detect.Detector
}

// NewScanner makes a scanner with gitleaks' own rules.
func NewScanner() (*Scanner, error) {
	d, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		return nil, fmt.Errorf("rules of gitleaks: %w", err)
	}
	return &Scanner{detector: d}, nil
}

// allow marks a line whose credential is a sample; gitleaks' own mark would be
// honoured in states and secrets as well, where nothing may be excused.
const allow = "gitleaks:allow"

// Text judges one text.
func (s *Scanner) Text(place, text string) []Finding {
	return s.judge(place, sources.Fragment{Raw: strings.ReplaceAll(text, allow, "")})
}

func (s *Scanner) judge(place string, f sources.Fragment) (out []Finding) {
	//lint:ignore SA1019 Detect of gitleaks 8 takes no other type
	for _, r := range s.detector.Detect(detect.Fragment(f)) {
		out = append(out, Finding{Place: place, Line: r.StartLine + 1, Rule: r.RuleID, What: r.Description})
	}
	return out
}

// Sample is a credential in a file that is none: a published example, a key that a
// test made for itself.
type Sample struct {
	// File is its path, Rule the id of the rule that finds it.
	File, Rule string
	// Why says why it opens nothing.
	Why string
}

// Tree judges files of a tree. Samples are excused; one that excuses nothing is a
// finding, so that the list stays true. Files that hold no text are passed over, and
// those that gitleaks passes over by their name: go.sum, lock files, pictures.
func (s *Scanner) Tree(tree fs.FS, files []string, samples []Sample) ([]Finding, error) {
	var out []Finding
	used := make([]bool, len(samples))
	for _, file := range files {
		b, err := fs.ReadFile(tree, file)
		if err != nil {
			return nil, fmt.Errorf("search for credentials: %w", err)
		}
		if !utf8.Valid(b) {
			continue
		}
		for _, f := range s.judge(file, sources.Fragment{Raw: strings.ReplaceAll(string(b), allow, ""), FilePath: file}) {
			i := slices.IndexFunc(samples, func(x Sample) bool { return x.File == f.Place && x.Rule == f.Rule })
			if i < 0 {
				out = append(out, f)
				continue
			}
			used[i] = true
		}
	}
	for i, x := range samples {
		if !used[i] {
			out = append(out, Finding{Place: x.File, Rule: x.Rule, What: "is excused as a sample and is not there: take it off the list"})
		}
	}
	return out, nil
}
