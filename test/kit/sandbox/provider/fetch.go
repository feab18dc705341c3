package provider

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/fastclock/cachefile"
)

// fetchTime bounds a download of 150 MB.
var fetchTime = 15 * time.Minute

// wanted is a configuration that needs nothing but the provider.
const wanted = `terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "` + Version + `"
    }
  }
}
`

// fetch lets Terraform install the provider into the plugin cache in cache, from
// wherever the user's own settings say, the public registry by default. One
// process does it; the cache is safe against no more than that.
func fetch(ctx context.Context, cache string) (Mirror, error) {
	m := Mirror{Root: pluginCache(cache)}
	unlock, err := cachefile.Lock(ctx, m.Root)
	if err != nil {
		return Mirror{}, err
	}
	defer unlock()
	if m.holds() {
		return m, nil // somebody else fetched it meanwhile
	}
	dir, err := os.MkdirTemp(cache, ".fetch-*")
	if err != nil {
		return Mirror{}, cachefile.Explain(cache, err)
	}
	defer os.RemoveAll(dir)
	if err := cachefile.Write(filepath.Join(dir, "main.tf"), []byte(wanted)); err != nil {
		return Mirror{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, terraform(cache), "init", "-input=false", "-no-color")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TF_PLUGIN_CACHE_DIR="+m.Root, "CHECKPOINT_DISABLE=1", "TF_DATA_DIR=", "TF_REATTACH_PROVIDERS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return Mirror{}, fmt.Errorf("no mirror with the AWS provider %s on this machine, and terraform init cannot get it: %w\n%s\nSet FINTRACK_PROVIDER_MIRROR to a filesystem mirror that has it", Version, err, strings.TrimSpace(string(out)))
	}
	if !m.holds() {
		return Mirror{}, fmt.Errorf("terraform init left no %s", m.Program())
	}
	return m, nil
}

// terraform is the program that scripts/bootstrap settled on, or the one on PATH.
func terraform(cache string) string {
	if v := os.Getenv("FINTRACK_TERRAFORM"); v != "" {
		return v
	}
	if own := filepath.Join(cache, "bin", "terraform"); isExecutable(own) {
		return own
	}
	return "terraform"
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
