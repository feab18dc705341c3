package pipelines

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Finding is one breach of a rule.
type Finding struct {
	File string
	Line int
	Rule string
	What string
}

func (f Finding) String() string { return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Rule, f.What) }

// Rules are all rules by name, each with what it demands.
var Rules = []struct{ Name, Demands string }{
	{"pinned", "Every action of somebody else is pinned to a full commit with its version as a comment, one commit each"},
	{"permissions", "Nothing is permitted for a whole workflow; each job names what it needs and no more, and writes nothing but OIDC tokens"},
	{"oidc", "A job asks for an OIDC token if and only if it goes to AWS, and goes there by a role"},
	{"cloud-keys", "No secret and no input is a key of a cloud"},
	{"secrets", "A secret goes into the environment of one step, never into a script, a job or another workflow as a whole"},
	{"injection", "No expression stands inside a script: values go through the environment"},
	{"triggers", "Nothing runs with this repository's rights on the code of a fork"},
	{"bounded", "Every job has a time limit, and a workflow that starts itself a concurrency group"},
	{"checkout", "A checkout leaves no token behind"},
	{"shell", "Scripts run in bash with errors and pipes failing"},
}

// Judge returns every breach of every rule in the workflows, in order.
func Judge(ws []Workflow) []Finding {
	j := &judge{all: ws, pins: map[string]string{}}
	for _, w := range ws {
		j.w = w
		j.workflow()
		for _, job := range w.tree.jobs {
			j.job(job)
		}
	}
	slices.SortStableFunc(j.found, func(a, b Finding) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return j.found
}

type judge struct {
	all   []Workflow
	w     Workflow
	pins  map[string]string // action → commit
	found []Finding
}

func (j *judge) add(line int, rule, format string, args ...any) {
	j.found = append(j.found, Finding{j.w.File, max(line, 1), rule, fmt.Sprintf(format, args...)})
}

func (j *judge) workflow() {
	t := j.w.tree
	called := false
	for _, e := range t.on {
		switch e.value {
		case "pull_request_target", "workflow_run", "issue_comment":
			j.add(e.line, "triggers", "%s runs with rights on code or words of others", e.value)
		case "workflow_call":
			called = true
		}
	}
	if t.permissions == nil || t.permissions.all != "" || len(t.permissions.scopes) > 0 {
		j.add(1, "permissions", "want permissions: {} for the workflow, and each job's own")
	}
	if !t.concurrency && !called {
		j.add(1, "bounded", "has no concurrency group")
	}
	if t.shell != "bash" {
		j.add(1, "shell", "want defaults: run: shell: bash, without which pipes do not fail")
	}
	j.noSecretsIn(t.env, "the workflow")
	j.cloudKeys()
}

// cloudKeys looks at the text, so that nothing between the lines is missed.
var (
	secretUse = regexp.MustCompile(`secrets\s*(?:\.\s*([A-Za-z_][A-Za-z0-9_-]*)|\[)`)
	cloudName = regexp.MustCompile(`(?i)(aws|azure|gcp|google|arm)_?.*(key|secret|token|credential|password)|access_?key|service_?account`)
	cloudForm = regexp.MustCompile(`(?i)aws-(access-key-id|secret-access-key|session-token)|\b(AKIA|ASIA)[A-Z0-9]{16}\b`)
)

func (j *judge) cloudKeys() {
	for i, line := range j.w.lines {
		pos := i + 1
		for _, m := range secretUse.FindAllStringSubmatch(line, -1) {
			switch {
			case m[1] == "":
				j.add(pos, "secrets", "a secret is chosen by an expression: name it")
			case cloudName.MatchString(m[1]):
				j.add(pos, "cloud-keys", "the secret %s is named like a key of a cloud: use a role", m[1])
			}
		}
		if cloudForm.MatchString(line) {
			j.add(pos, "cloud-keys", "a static key of AWS: use role-to-assume")
		}
	}
}

func (j *judge) job(job job) {
	if job.permissions == nil {
		j.add(job.id.line, "permissions", "job %s names no permissions", job.id.value)
	}
	j.noSecretsIn(job.env, "the job "+job.id.value)
	token := j.permissions(job)
	if job.uses.value != "" {
		if job.inherits {
			j.add(job.id.line, "secrets", "job %s hands on all secrets: name those that are needed", job.id.value)
		}
		j.pinned(job.uses)
		j.handsOn(job)
		return
	}
	if !job.timeout {
		j.add(job.id.line, "bounded", "job %s has no timeout-minutes; GitHub's own is six hours", job.id.value)
	}
	aws, checkout := false, false
	for _, s := range job.steps {
		aws = j.step(s) || aws
		checkout = checkout || s.action() == "actions/checkout"
	}
	switch reads := slices.ContainsFunc(job.scopes(), func(s string) bool { return s == "contents: read" }); {
	case reads && !checkout:
		j.add(job.id.line, "permissions", "job %s may read the repository and checks nothing out", job.id.value)
	case checkout && !reads:
		j.add(job.id.line, "permissions", "job %s checks out without contents: read", job.id.value)
	}
	switch {
	case aws && !token:
		j.add(job.id.line, "oidc", "job %s goes to AWS without id-token: write", job.id.value)
	case token && !aws:
		j.add(job.id.line, "oidc", "job %s may ask for OIDC tokens and does not go to AWS", job.id.value)
	}
}

// permissions reports whatever a job may write, and tells whether it may ask for an
// OIDC token.
func (j *judge) permissions(job job) (token bool) {
	p := job.permissions
	if p == nil {
		return false
	}
	if p.all != "" {
		j.add(job.id.line, "permissions", "job %s takes %s: name each scope", job.id.value, p.all)
	}
	for _, s := range p.scopes {
		switch {
		case s.name.value == "id-token" && s.value.value == "write":
			token = true
		case s.value.value == "write":
			j.add(s.name.line, "permissions", "job %s writes %s", job.id.value, s.name.value)
		case s.name.value != "contents":
			j.add(s.name.line, "permissions", "job %s takes %s, which no step uses", job.id.value, s.name.value)
		}
	}
	return token
}

// scopes are the permissions that a job names, as "scope: access", sorted.
func (j job) scopes() (out []string) {
	if j.permissions != nil {
		for _, s := range j.permissions.scopes {
			out = append(out, s.name.value+": "+s.value.value)
		}
	}
	slices.Sort(out)
	return out
}

// handsOn holds what a job permits to the workflow that it calls against what the jobs
// there ask for, all together.
func (j *judge) handsOn(caller job) {
	i := slices.IndexFunc(j.all, func(w Workflow) bool { return "./"+w.File == caller.uses.value })
	if i < 0 {
		return // somebody else's, or one that actionlint reports
	}
	var needed []string
	for _, x := range j.all[i].tree.jobs {
		needed = append(needed, x.scopes()...)
	}
	slices.Sort(needed)
	needed = slices.Compact(needed)
	if given := caller.scopes(); !slices.Equal(given, needed) {
		j.add(caller.id.line, "permissions", "job %s hands on %s, and the jobs of %s ask for %s", caller.id.value, strings.Join(given, ", "), j.all[i].File, strings.Join(needed, ", "))
	}
}

func (j *judge) noSecretsIn(env []pair, where string) {
	for _, v := range env {
		if secretUse.MatchString(v.value.value) {
			j.add(v.name.line, "secrets", "%s is in the environment of %s: give it to the step that needs it", v.name.value, where)
		}
	}
}

// step judges a step and tells whether it goes to AWS.
func (j *judge) step(s step) (aws bool) {
	if strings.Contains(s.run.value, "${{") {
		j.add(s.run.line, "injection", "an expression inside a script: put it into env and quote the variable")
	}
	if s.shell.value != "" && s.shell.value != "bash" {
		j.add(s.shell.line, "shell", "runs in %s", s.shell.value)
	}
	if s.uses.value == "" {
		return false
	}
	j.pinned(s.uses)
	name := s.action()
	if name == "actions/checkout" && s.input("persist-credentials") != "false" {
		j.add(s.uses.line, "checkout", "want persist-credentials: false")
	}
	for _, in := range s.with {
		if secretUse.MatchString(in.value.value) {
			j.add(in.name.line, "secrets", "the input %s of %s is a secret", in.name.value, name)
		}
	}
	if name != configureAWS {
		return false
	}
	if _, err := roleName(s.input("role-to-assume")); err != nil {
		j.add(s.uses.line, "oidc", "%v", err)
	}
	return true
}

var (
	pin     = regexp.MustCompile(`^([A-Za-z0-9_.-]+/[A-Za-z0-9_./-]+)@([0-9a-f]{40})$`)
	comment = regexp.MustCompile(`#\s*v\d+\.\d+\.\d+\b`)
)

func (j *judge) pinned(uses word) {
	if strings.HasPrefix(uses.value, "./") {
		return
	}
	m := pin.FindStringSubmatch(uses.value)
	if m == nil {
		j.add(uses.line, "pinned", "%s: want owner/name@<40 hexadecimal digits>", uses.value)
		return
	}
	if !comment.MatchString(j.w.lines[uses.line-1]) {
		j.add(uses.line, "pinned", "%s: want its version behind it, as # v1.2.3", uses.value)
	}
	if other, ok := j.pins[m[1]]; ok && other != m[2] {
		j.add(uses.line, "pinned", "%s is pinned to %s, and elsewhere to %s", m[1], m[2], other)
	}
	j.pins[m[1]] = m[2]
}
