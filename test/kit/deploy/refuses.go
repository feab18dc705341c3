package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/sandbox"
	tt "github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	tfjson "github.com/hashicorp/terraform-json"
)

// Refusals are the inputs that a module must refuse.
type Refusals struct {
	Module string
	// Base holds the arguments of a valid call of the module, as HCL literals.
	Base  string
	Cases []Refusal
}

// Refusal is one bad input.
type Refusal struct {
	// Name says what is wrong with the input.
	Name string
	// Set replaces or adds arguments of Base: argument name to HCL expression.
	Set map[string]string
	// Message is part of the error that the person must see.
	Message string
}

// Refuses proves, by one plan over one call of the module for each case, that
// every bad input is refused with its message, that the base is accepted, and
// that no validation rule of the module goes without a case. It runs beside the
// other parallel tests of its program.
func Refuses(t *testing.T, r Refusals) {
	t.Helper()
	t.Parallel()
	h := current
	if h == nil {
		fail(t, nil, fmt.Errorf("%w: deploy.Main must run the tests of this package (func TestMain)", sandbox.ErrSetup))
	}
	if os.Getenv("STAGES") != "" || os.Getenv("RUN") != "" {
		t.Log("STAGES and RUN choose parts of the deployment: refusals are not run")
		return
	}
	s := sandbox.New(h.ctx, t)
	defer func() {
		if err := s.Release(); err != nil { // a plan creates nothing
			t.Error(err)
		}
	}()
	checks := check.NewSet(t, check.Labels{Environment: string(h.run.Environment), Run: h.run.ID, Suite: r.Module}, h.run.Journal)
	defer func() { h.collect(checks.Results()) }()

	end := h.progress.begin(r.Module, "refusals")
	found, rules, err := r.plan(h, t, s)
	end(err)
	if err != nil {
		fail(t, h, fmt.Errorf("refusals of module %s: %w", r.Module, err))
	}
	r.judge(checks, found, rules)
}

// diagnostic is an error of the plan with the case it belongs to.
type diagnostic struct {
	call   int // index of the case, or base
	text   string
	rule   string // "variables.tf:12" when a validation rule said it
	placed bool
}

func (r Refusals) plan(h *harness, t testing.TB, s *sandbox.Sandbox) ([]diagnostic, []string, error) {
	module, err := s.Source("modules/" + r.Module)
	if err != nil {
		return nil, nil, err
	}
	rules, err := validationRules(module)
	if err != nil {
		return nil, nil, err
	}
	dir := filepath.Join(filepath.Dir(filepath.Dir(module)), "refusals")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	tf, err := h.providers.terraform(h.ctx, t, s, dir)
	if err != nil {
		return nil, nil, err
	}
	round := func(calls []int) ([]diagnostic, error) {
		text, lines, err := r.configuration(s.Region, calls)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, "main.tf"), text, 0o644); err != nil {
			return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
		}
		out, err := tf.refusedPlan(h.ctx)
		if err != nil {
			return nil, err
		}
		return readDiagnostics(out, lines, calls)
	}
	all := []int{base}
	for i := range r.Cases {
		all = append(all, i)
	}
	found, err := round(all)
	if err != nil {
		return nil, nil, err
	}
	// A rule that compares two variables is judged only when no other rule has
	// failed before, and may name no place: each case that is left, by itself.
	for i := range r.Cases {
		if slices.ContainsFunc(found, func(d diagnostic) bool { return d.placed && d.call == i }) {
			continue
		}
		more, err := round([]int{i})
		if err != nil {
			return nil, nil, err
		}
		for _, d := range more {
			d.call, d.placed = i, true
			found = append(found, d)
		}
	}
	more, err := round([]int{base})
	return append(found, more...), rules, err
}

// base stands for the call without a bad input in a list of cases.
const base = -1

// refusedPlan sets the folder up and plans; the errors of the plan are in what
// it says as JSON, and are no error here.
func (tf *terraform) refusedPlan(ctx context.Context) (out string, err error) {
	if err := tf.init(ctx); err != nil {
		return "", err
	}
	err = tf.stage(ctx, "plan", func(ctx context.Context) error {
		stdout, _, code, err := tt.RunTerraformCommandAndGetStdOutErrCodeContextE(tf.t, ctx, tf.opts, "plan", "-json", "-input=false", "-no-color")
		out = stdout
		if code == tt.DefaultErrorExitCode {
			return nil
		}
		return err
	})
	return out, err
}

// configuration writes one call of the module for each of the cases, and returns
// the first line of each call.
func (r Refusals) configuration(region string, cases []int) ([]byte, []int, error) {
	valid, err := splitArguments(r.Base)
	if err != nil {
		return nil, nil, fmt.Errorf("base: %w", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "provider \"aws\" {\n  region = %q\n}\n", region)
	var lines []int
	call := func(name string, set map[string]string) {
		lines = append(lines, bytes.Count(b.Bytes(), []byte("\n"))+1)
		args := maps.Clone(valid)
		maps.Copy(args, set)
		fmt.Fprintf(&b, "module %q {\n  source = \"../modules/%s\"\n", name, r.Module)
		for _, k := range slices.Sorted(maps.Keys(args)) {
			fmt.Fprintf(&b, "  %s = %s\n", k, args[k])
		}
		b.WriteString("}\n")
	}
	for _, i := range cases {
		if i == base {
			call("base", nil)
		} else {
			call(fmt.Sprintf("case_%d", i), r.Cases[i].Set)
		}
	}
	return b.Bytes(), lines, nil
}

func splitArguments(text string) (map[string]string, error) {
	f, diags := hclsyntax.ParseConfig([]byte(text), "base", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	out := map[string]string{}
	for name, a := range f.Body.(*hclsyntax.Body).Attributes {
		out[name] = string(a.Expr.Range().SliceBytes(f.Bytes))
	}
	return out, nil
}

// validationRules lists the validation rules of a module as "file:line".
func validationRules(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		return nil, err
	}
	var rules []string
	for _, path := range files {
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		f, diags := hclsyntax.ParseConfig(src, filepath.Base(path), hcl.InitialPos)
		if diags.HasErrors() {
			return nil, diags
		}
		for _, v := range f.Body.(*hclsyntax.Body).Blocks {
			if v.Type != "variable" {
				continue
			}
			for _, b := range v.Body.Blocks {
				if b.Type == "validation" {
					rules = append(rules, fmt.Sprintf("%s:%d", filepath.Base(path), b.DefRange().Start.Line))
				}
			}
		}
	}
	return rules, nil
}

func readDiagnostics(out string, lines, cases []int) ([]diagnostic, error) {
	var found []diagnostic
	for line := range strings.Lines(out) {
		var msg struct {
			Type       string `json:"type"`
			Diagnostic struct {
				tfjson.Diagnostic
				Address string `json:"address"`
			} `json:"diagnostic"`
		}
		if err := json.Unmarshal([]byte(line), &msg); err != nil {
			return nil, fmt.Errorf("terraform plan -json said %q: %w", strings.TrimSpace(line), err)
		}
		d := msg.Diagnostic
		if msg.Type != "diagnostic" || d.Severity != "error" {
			continue
		}
		x := diagnostic{text: d.Summary + ": " + d.Detail}
		if m := ruleAt.FindStringSubmatch(d.Detail); m != nil {
			x.rule = filepath.Base(m[1]) + ":" + m[2]
		}
		switch {
		case d.Range != nil && d.Range.Filename == "main.tf":
			i, hit := slices.BinarySearch(lines, d.Range.Start.Line)
			if !hit {
				i--
			}
			if x.placed = i >= 0; x.placed {
				x.call = cases[i]
			}
		case strings.HasPrefix(d.Address, "module.base"):
			x.call, x.placed = base, true
		default:
			_, err := fmt.Sscanf(d.Address, "module.case_%d", &x.call)
			x.placed = err == nil
		}
		found = append(found, x)
	}
	if found == nil && !strings.Contains(out, `"planned_change"`) && !strings.Contains(out, `"change_summary"`) {
		return nil, errors.New("terraform plan said nothing that can be read")
	}
	return found, nil
}
