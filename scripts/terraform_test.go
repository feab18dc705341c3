package scripts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const bucket = `terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

resource "aws_s3_bucket" "this" {
  bucket = "b"
}
`

// TestValidateAsksTheProvider: a configuration is judged by the provider's own
// schema, and judged again once any file of a module that it uses has changed.
func TestValidateAsksTheProvider(t *testing.T) {
	t.Parallel()
	r := newRepository(t, map[string]string{
		"modules/box/main.tf":                     bucket,
		"modules/shelf/main.tf":                   "module \"box\" {\n  source = \"../box\"\n}\n",
		"modules/shelf/examples/complete/main.tf": "module \"shelf\" {\n  source = \"../../\"\n}\n",
	})
	r.realTools()
	r.must("scripts/bootstrap", "go", "terraform", "provider")
	for range 2 {
		if out := r.must("scripts/lint.d/terraform-validate"); out != "" {
			t.Errorf("valid, yet it says %q", out)
		}
	}
	if left, err := filepath.Glob(filepath.Join(r.root, "modules/shelf/examples/complete/.terraform*")); err != nil || left != nil {
		t.Errorf("left in the example: %v %v", left, err)
	}
	r.write("modules/box/main.tf", strings.Replace(bucket, "bucket =", "bukket =", 1))
	out, code := r.run("scripts/lint.d/terraform-validate")
	if code == 0 || !strings.Contains(out, "modules/shelf/examples/complete") || !strings.Contains(out, `"bukket"`) {
		t.Errorf("exit code %d, want a refusal of bukket:\n%s", code, out)
	}
}

func TestTerraformFmtGateNamesTheFile(t *testing.T) {
	t.Parallel()
	r := newRepository(t, map[string]string{"modules/box/main.tf": bucket})
	r.realTools()
	r.must("scripts/bootstrap", "terraform")
	r.must("scripts/lint.d/terraform-fmt")
	r.write("modules/box/main.tf", strings.Replace(bucket, "bucket = ", "bucket=", 1))
	if out, code := r.run("scripts/lint.d/terraform-fmt"); code == 0 || !strings.Contains(out, "main.tf") {
		t.Errorf("exit code %d, want a refusal of main.tf:\n%s", code, out)
	}
}

func TestActionsMustBePinned(t *testing.T) {
	t.Parallel()
	const workflow = ".github/workflows/w.yml"
	here, err := os.ReadFile("../.github/workflows/modules.yml")
	if err != nil {
		t.Fatal(err)
	}
	sound := string(here)
	r := newRepository(t, map[string]string{workflow: sound})
	r.realTools()
	r.must("git", "init", "-q")
	r.must("scripts/lint.d/actionlint")
	for name, faulty := range map[string]string{
		"pin the action":           strings.Replace(sound, "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2", "actions/checkout@v4", 1),
		`"modulez" is not defined`: strings.Replace(sound, "outputs.modules)", "outputs.modulez)", 1),
	} {
		r.write(workflow, faulty)
		if out, code := r.run("scripts/lint.d/actionlint"); code == 0 || !strings.Contains(out, name) {
			t.Errorf("exit code %d, want a refusal that says %q:\n%s", code, name, out)
		}
	}
}
