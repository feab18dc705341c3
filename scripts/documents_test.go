package scripts_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	readme   = "# box\n\nWhat it builds.\n\n<!-- BEGIN_TF_DOCS -->\n<!-- END_TF_DOCS -->\n\nAfter the tables.\n"
	variable = "variable \"name\" {\n  description = \"Name of the box.\"\n  type        = string\n}\n"
)

func TestDocsKeepsReadmesInStep(t *testing.T) {
	t.Parallel()
	r := newRepository(t, map[string]string{"modules/box/README.md": readme, "modules/box/variables.tf": variable})
	r.realTools()

	out, code := r.run("scripts/docs", "--check")
	if code != 1 || !strings.Contains(out, "+| name | Name of the box. | `string` | n/a | yes |\n") || !strings.Contains(out, "run make docs") {
		t.Errorf("an empty table: exit code %d, want 1 and a diff:\n%s", code, out)
	}
	if r.read("modules/box/README.md") != readme {
		t.Error("--check wrote into the README")
	}
	r.must("make", "docs")
	written := r.read("modules/box/README.md")
	if !strings.Contains(written, "| name | Name of the box. |") || !strings.HasPrefix(written, "# box\n\nWhat it builds.\n") || !strings.HasSuffix(written, "\n\nAfter the tables.\n") {
		t.Errorf("make docs wrote:\n%s", written)
	}
	if out := r.must("scripts/docs", "--check"); out != "" {
		t.Errorf("in step, yet --check says %q", out)
	}
	r.write("modules/box/variables.tf", strings.Replace(variable, "of the box", "of the crate", 1))
	out, code = r.run("scripts/docs", "--check")
	if code != 1 || !strings.Contains(out, "-| name | Name of the box.") || !strings.Contains(out, "+| name | Name of the crate.") {
		t.Errorf("a changed description: exit code %d, want 1 and a diff:\n%s", code, out)
	}
}

func TestDocsWantsTheMarkers(t *testing.T) {
	t.Parallel()
	r := newRepository(t, map[string]string{"modules/box/README.md": "# box\n", "modules/box/variables.tf": variable})
	r.realTools()
	out, code := r.run("scripts/docs")
	if code != 1 || !strings.Contains(out, "modules/box/README.md: there must be lines <!-- BEGIN_TF_DOCS -->") {
		t.Errorf("exit code %d, want 1:\n%s", code, out)
	}
}

// TestModuleShape: a whole module passes, and each thing that can be missing is named.
func TestModuleShape(t *testing.T) {
	t.Parallel()
	whole := map[string]string{
		"modules/box/main.tf":                        "\n",
		"modules/box/variables.tf":                   variable,
		"modules/box/outputs.tf":                     "output \"id\" {\n  description = \"Id of the box.\"\n  value       = 1\n}\n",
		"modules/box/versions.tf":                    "\n",
		"modules/box/README.md":                      readme,
		"modules/box/examples/complete/main.tf":      "provider \"aws\" {}\n",
		"modules/box/examples/complete/variables.tf": "\n",
		"modules/box/examples/complete/outputs.tf":   "\n",
		"modules/box/examples/complete/versions.tf":  "\n",
		"test/modules/box/box_test.go":               "package box_test\n",
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal(err)
	}
	shape := func(files map[string]string) (string, int) {
		r := newRepository(t, files)
		r.realTools()
		r.set("FINTRACK_PYTHON", python)
		return r.run("scripts/lint.d/module-shape")
	}
	if out, code := shape(whole); code != 0 {
		t.Errorf("a whole module is refused:\n%s", out)
	}
	for want, change := range map[string]func(map[string]string){
		"modules/box has no README.md":                          func(f map[string]string) { delete(f, "modules/box/README.md") },
		"modules/box has no examples/complete/versions.tf":      func(f map[string]string) { delete(f, "modules/box/examples/complete/versions.tf") },
		"test/modules/box has no test":                          func(f map[string]string) { delete(f, "test/modules/box/box_test.go") },
		"modules/box: a module has no provider block":           func(f map[string]string) { f["modules/box/main.tf"] = "provider \"aws\" {}\n" },
		"modules/box: input name has no description":            func(f map[string]string) { f["modules/box/variables.tf"] = "variable \"name\" {}\n" },
		"modules/box: output id has no description":             func(f map[string]string) { f["modules/box/outputs.tf"] = "output \"id\" {\n  value = 1\n}\n" },
		"modules/box/examples/complete: input x has no descrip": func(f map[string]string) { f["modules/box/examples/complete/variables.tf"] = "variable \"x\" {}\n" },
	} {
		files := maps.Clone(whole)
		change(files)
		if out, code := shape(files); code != 1 || !strings.Contains(out, want) {
			t.Errorf("exit code %d, want a refusal that says %q:\n%s", code, want, out)
		}
	}
}

func (r *repository) read(name string) string {
	r.t.Helper()
	b, err := os.ReadFile(filepath.Join(r.root, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}
