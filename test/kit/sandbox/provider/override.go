package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Settings are what a provider needs to work against the emulator.
type Settings struct{ AccessKey, SecretKey, Token string }

// overrideFile is merged by Terraform over the configuration (Override Files in
// Terraform's documentation), so that modules and layers know nothing of it.
const overrideFile = "sandbox_override.tf"

// maxRetries keeps a failure against the emulator fast.
const maxRetries = 2

// Override writes the emulator's settings for every provider "aws" block of the
// root module in dir, or for the default one when it has none. The region stays
// what the configuration says.
func Override(dir string, s Settings) error {
	aliases, err := Aliases(dir)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, alias := range aliases {
		b.WriteString("provider \"aws\" {\n")
		if alias != "" {
			fmt.Fprintf(&b, "  alias = %q\n", alias)
		}
		fmt.Fprintf(&b, "  access_key = %q\n  secret_key = %q\n  token = %q\n", s.AccessKey, s.SecretKey, s.Token)
		fmt.Fprintf(&b, "  skip_credentials_validation = true\n  skip_metadata_api_check = true\n  skip_region_validation = true\n  s3_use_path_style = true\n  max_retries = %d\n}\n", maxRetries)
	}
	return os.WriteFile(filepath.Join(dir, overrideFile), []byte(b.String()), 0o600)
}

// Aliases returns the alias of each provider "aws" block of the root module in
// dir, "" for one without; [""] when there is no block at all.
func Aliases(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		return nil, err
	}
	var aliases []string
	for _, path := range files {
		if strings.HasSuffix(path, "_override.tf") {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		f, diags := hclsyntax.ParseConfig(src, path, hcl.InitialPos)
		if diags.HasErrors() {
			continue // Terraform shows the person its own diagnostics of it
		}
		for _, b := range f.Body.(*hclsyntax.Body).Blocks {
			if b.Type != "provider" || len(b.Labels) != 1 || b.Labels[0] != "aws" {
				continue
			}
			alias := ""
			if a, ok := b.Body.Attributes["alias"]; ok {
				v, diags := a.Expr.Value(nil)
				if diags.HasErrors() {
					return nil, fmt.Errorf("%s: alias of a provider block: %w", path, diags)
				}
				alias = v.AsString()
			}
			aliases = append(aliases, alias)
		}
	}
	if len(aliases) == 0 {
		aliases = []string{""}
	}
	return aliases, nil
}

// Reattachable reports whether the root module in dir may use a long-lived
// process. With aliases it may not: all of them would share one process, and
// silently one region.
func Reattachable(dir string) (ok bool, reason string, err error) {
	aliases, err := Aliases(dir)
	if err != nil {
		return false, "", err
	}
	if len(aliases) != 1 || aliases[0] != "" {
		return false, fmt.Sprintf("%s configures the provider %d times", dir, len(aliases)), nil
	}
	return true, "", nil
}
