package scripts_test

import (
	"os"
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

func (r *repository) read(name string) string {
	r.t.Helper()
	b, err := os.ReadFile(filepath.Join(r.root, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}
