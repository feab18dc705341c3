// Package pipelines reads GitHub workflows, judges them by our own rules, says which
// AWS role each job asks for and with which claims, and runs the shell of their steps.
//
// Rules are those of GitHub's documentation ("Security hardening for GitHub Actions",
// "About security hardening with OpenID Connect") made strict.
package pipelines

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Dir is where workflows are, from the top of the repository.
const Dir = ".github/workflows"

// Workflow is one file.
type Workflow struct {
	// File is its path from the top of the repository.
	File  string
	Text  []byte
	tree  tree
	lines []string
}

// Read reads all workflows of a repository. A file that does not parse is an error.
func Read(tree fs.FS) ([]Workflow, error) {
	var names []string
	for _, pattern := range []string{"*.yml", "*.yaml"} {
		found, err := fs.Glob(tree, Dir+"/"+pattern)
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s holds no workflow", Dir)
	}
	slices.Sort(names)
	var out []Workflow
	for _, name := range names {
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return nil, err
		}
		w, err := Parse(name, text)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

// Parse reads one workflow. Whether GitHub would take it is actionlint's to say,
// which scripts/lint runs; this reads what our rules are about.
func Parse(name string, text []byte) (Workflow, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return Workflow{}, fmt.Errorf("%s: %w", name, err)
	}
	w := Workflow{File: name, Text: text, lines: strings.Split(string(text), "\n")}
	r := &treeReader{file: name}
	if len(doc.Content) != 1 {
		return Workflow{}, fmt.Errorf("%s is empty", name)
	}
	w.tree = r.workflow(doc.Content[0])
	if err := errors.Join(r.errs...); err != nil {
		return Workflow{}, err
	}
	return w, nil
}

// Name is the file's name without its folder.
func (w Workflow) Name() string { return path.Base(w.File) }

// Step is a step that runs shell.
type Step struct {
	// File and Line say where its script begins.
	File string
	Line int
	// Job is the job's id, Name the step's name or, without one, its number there.
	Job, Name string
	Script    string
	// Env are the names of the variables that the step itself sets, Secrets of those
	// the ones whose value comes from a secret.
	Env, Secrets []string
	// If is its condition, as written.
	If string
}

// ID is "<file> <job>/<name>".
func (s Step) ID() string { return path.Base(s.File) + " " + s.Job + "/" + s.Name }

// Steps lists every step that runs shell, in the order of the file.
func (w Workflow) Steps() []Step {
	var out []Step
	for _, j := range w.tree.jobs {
		for i, s := range j.steps {
			if s.run.value == "" {
				continue
			}
			step := Step{File: w.File, Line: s.run.line, Job: j.id.value, Name: s.name, Script: s.run.value, If: s.condition}
			if step.Name == "" {
				step.Name = fmt.Sprint(i + 1)
			}
			for _, v := range s.env {
				step.Env = append(step.Env, v.name.value)
				if secretUse.MatchString(v.value.value) {
					step.Secrets = append(step.Secrets, v.name.value)
				}
			}
			slices.Sort(step.Env)
			out = append(out, step)
		}
	}
	return out
}

// FindStep finds a step by its ID; an unknown one lists what there is.
func FindStep(ws []Workflow, id string) (Step, error) {
	var known []string
	for _, w := range ws {
		for _, s := range w.Steps() {
			if s.ID() == id {
				return s, nil
			}
			known = append(known, s.ID())
		}
	}
	return Step{}, fmt.Errorf("no step %q; there are:\n  %s", id, strings.Join(known, "\n  "))
}
