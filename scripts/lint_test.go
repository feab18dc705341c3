package scripts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLintRunsEveryGate(t *testing.T) {
	t.Parallel()
	r := complete(t)
	if err := os.RemoveAll(filepath.Join(r.root, "scripts/lint.d")); err != nil {
		t.Fatal(err)
	}
	r.program("scripts/lint.d/absent", "echo its program is not here; exit 77")
	r.program("scripts/lint.d/bad", "echo what is wrong; exit 1")
	r.program("scripts/lint.d/good", "echo nobody reads this")
	out, code := r.run("scripts/lint")
	if code != 1 {
		t.Errorf("exit code %d, want 1\n%s", code, out)
	}
	for _, want := range []string{"  not run  absent", "its program is not here", "  FAILED   bad", "           what is wrong\n", "  ok       good", "lint: 1 gates passed, 1 failed in ", ": bad\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.Contains(out, "nobody reads this") {
		t.Errorf("a gate that passes should be silent:\n%s", out)
	}
	r.must("scripts/lint", "good", "absent")
	out, code = r.run("scripts/lint", "no-such")
	r.wantRefusal(out, code, "no gate no-such", "absent bad good")
}

// gate is one gate of lint on a repository of files.
func gate(t *testing.T, name string, files map[string]string) (string, int) {
	t.Helper()
	r := newRepository(t, files)
	r.must("git", "init", "-q")
	return r.run("scripts/lint.d/" + name)
}

// TestGatesFindWhatTheyLookFor: each gate passes a sound file and refuses the
// same file with one fault, naming the file.
func TestGatesFindWhatTheyLookFor(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		gate, file, sound, faulty string
		want                      string
	}{
		"unformatted Go":       {"gofmt", "a/a.go", "package a\n", "package  a\n", "a/a.go"},
		"unfinished work":      {"wording", "a.go", "package a\n", "package a\n\n// TO" + "DO: finish\n", "a.go:3"},
		"a skipped Go test":    {"wording", "a_test.go", "package a\n", "package a\n\nfunc f(t T) { t.Sk" + "ip() }\n", "a_test.go:3"},
		"a skipped Python one": {"wording", "a.py", "import unittest\n", "@unittest.sk" + "ip\n", "a.py:1"},
		"a private path":       {"wording", "a.md", "Run it.\n", "See /ho" + "me/someone/x\n", "a.md:1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if out, code := gate(t, c.gate, map[string]string{c.file: c.sound}); code != 0 {
				t.Errorf("%s refuses a sound file:\n%s", c.gate, out)
			}
			out, code := gate(t, c.gate, map[string]string{c.file: c.faulty})
			if code == 0 || !strings.Contains(out, c.want) {
				t.Errorf("%s: exit code %d, want a refusal that says %q:\n%s", c.gate, code, c.want, out)
			}
		})
	}
}

func TestShellcheckGateSeesEveryShellScript(t *testing.T) {
	t.Parallel()
	r := newRepository(t, map[string]string{
		"tool":         "#!/usr/bin/env bash\necho fine\n",
		"deep/er/tool": "#!/bin/sh\necho fine\n",
		"sourced.sh":   "# shellcheck shell=bash\necho fine\n",
		"page.md":      "Write `#!/bin/sh` first.\n",
		"a.py":         "#!/usr/bin/env python3\n",
	})
	r.onlyPrograms()
	r.must("git", "init", "-q")
	r.program("bin/id", "echo 1000")
	out, code := r.run("scripts/lint.d/shellcheck")
	if code != 77 || !strings.Contains(out, "apt-get install -y shellcheck") {
		t.Errorf("without shellcheck: exit code %d, want 77 and the command that gets it:\n%s", code, out)
	}
	r.program("bin/shellcheck", `printf '%s\n' "$@"; grep -l wrong-on-pur''pose -- "$@" >&2 && exit 1; exit 0`)
	out = r.must("scripts/lint.d/shellcheck")
	for _, f := range []string{"tool", "deep/er/tool", "sourced.sh", "scripts/bootstrap", "scripts/lib.sh", "scripts/lint.d/docs"} {
		if !strings.Contains("\n"+out, "\n"+f+"\n") {
			t.Errorf("%s was not checked", f)
		}
	}
	if strings.Contains(out, "page.md") || strings.Contains(out, "a.py") {
		t.Errorf("what is no shell script was checked:\n%s", out)
	}
	r.write("deep/er/tool", "#!/bin/sh\necho wrong-on-purpose\n")
	if out, code := r.run("scripts/lint.d/shellcheck"); code == 0 {
		t.Errorf("a script with a mistake passes:\n%s", out)
	}
}
