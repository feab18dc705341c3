package pipelines

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Place is where a step runs: a folder that stands for the checkout, a folder with
// programs that stand before the machine's own, and the variables it is given.
type Place struct {
	Dir, Temp string
	// Programs, when not empty, is first on PATH.
	Programs string
	Env      map[string]string
}

// Outcome is what a step did.
type Outcome struct {
	Exit int
	// Printed is what it wrote to both outputs, as written.
	Printed string
	// Outputs and Env are what it wrote for later steps, Summary what for the reader.
	Outputs, Env map[string]string
	Summary      string
}

// Run runs a step's script as GitHub's runner does with shell: bash ("Workflow syntax
// for GitHub Actions", jobs.<job_id>.steps[*].shell). Variables that the step names
// and that the place does not give are an error: the script would see them empty.
func Run(ctx context.Context, s Step, p Place) (Outcome, error) {
	for _, name := range s.Env {
		if _, ok := p.Env[name]; !ok {
			return Outcome{}, fmt.Errorf("%s:%d: %s sets %s, and it was given no value", s.File, s.Line, s.ID(), name)
		}
	}
	dir, err := os.MkdirTemp(p.Temp, "step-*")
	if err != nil {
		return Outcome{}, err
	}
	script := filepath.Join(dir, "script.sh")
	if err := os.WriteFile(script, []byte(s.Script), 0o600); err != nil {
		return Outcome{}, err
	}
	files := map[string]string{"GITHUB_OUTPUT": "output", "GITHUB_ENV": "env", "GITHUB_STEP_SUMMARY": "summary"}
	env := []string{"HOME=" + dir, "RUNNER_TEMP=" + p.Temp, "CI=true", "LANG=C.UTF-8", "PATH=" + strings.TrimPrefix(p.Programs+":"+os.Getenv("PATH"), ":")}
	for variable, name := range files {
		files[variable] = filepath.Join(dir, name)
		if err := os.WriteFile(files[variable], nil, 0o600); err != nil {
			return Outcome{}, err
		}
		env = append(env, variable+"="+files[variable])
	}
	for k, v := range p.Env {
		env = append(env, k+"="+v)
	}
	var printed bytes.Buffer
	cmd := exec.CommandContext(ctx, "bash", "--noprofile", "--norc", "-eo", "pipefail", script)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.Dir, env, &printed, &printed
	err = cmd.Run()
	out := Outcome{Printed: printed.String()}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		out.Exit = exit.ExitCode()
	} else if err != nil {
		return out, err
	}
	if out.Outputs, err = pairs(files["GITHUB_OUTPUT"]); err != nil {
		return out, err
	}
	if out.Env, err = pairs(files["GITHUB_ENV"]); err != nil {
		return out, err
	}
	summary, err := os.ReadFile(files["GITHUB_STEP_SUMMARY"])
	out.Summary = string(summary)
	return out, err
}

// pairs reads NAME=value lines.
func pairs(name string) (map[string]string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
		if line == "" {
			continue
		}
		k, v, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("%s: %q is no NAME=value", filepath.Base(name), line)
		}
		out[k] = v
	}
	return out, nil
}

// Shown is what a reader of the log sees: lines that name what to mask are taken
// away, and what they name is *** from there on; known secrets are masked anywhere.
func (o Outcome) Shown(secrets ...string) string {
	masks := append([]string(nil), secrets...)
	var out strings.Builder
	for _, line := range strings.SplitAfter(o.Printed, "\n") {
		if v, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "::add-mask::"); ok {
			masks = append(masks, v)
			continue
		}
		for _, m := range masks {
			if m != "" {
				line = strings.ReplaceAll(line, m, "***")
			}
		}
		out.WriteString(line)
	}
	return out.String()
}

// readable is from how many characters on a line of a secret counts: shorter ones are
// in any text.
const readable = 6

// Leaks says where a step told a secret that it was given, whole or in one of its lines:
// in what it printed, in its summary, or to the steps after it. GitHub masks a secret
// that is printed as it is, and nothing that was made of one, so none may be.
func (o Outcome) Leaks(s Step, p Place) (out []string) {
	places := map[string]string{"the log": o.Printed, "the summary": o.Summary}
	for k, v := range o.Outputs {
		places["the output "+k] = v
	}
	for k, v := range o.Env {
		places["the variable "+k] = v
	}
	for _, name := range s.Secrets {
		for where, text := range places {
			for _, line := range strings.Split(p.Env[name], "\n") {
				if len(line) >= readable && strings.Contains(text, line) {
					out = append(out, fmt.Sprintf("%s: %s is in %s", s.ID(), name, where))
					break
				}
			}
		}
	}
	slices.Sort(out)
	return out
}
