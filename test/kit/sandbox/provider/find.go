// Package provider gets the Terraform AWS provider to a configuration quickly:
// it finds it on the machine, lays it out as a filesystem mirror (as a
// compressed-time copy for the emulated environment), seeds the lock file, and
// keeps one provider process alive for several Terraform commands.
package provider

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	// Version is the version of hashicorp/aws that the platform is proven with.
	Version  = "5.100.0"
	source   = "registry.terraform.io/hashicorp/aws"
	fileName = "terraform-provider-aws_v" + Version + "_x5"
)

// platform is Terraform's name of this machine's kind.
var platform = runtime.GOOS + "_" + runtime.GOARCH

// errFound ends a search.
var errFound = errors.New("found")

// Find returns the path of the provider's program, or "" when the machine has
// none and Terraform must get it from the registry. It looks into
// FINTRACK_PROVIDER_MIRROR, Terraform's implied mirror folders, and then under
// the usual roots for a file of that name.
func Find() string {
	home, _ := os.UserHomeDir()
	mirrors := []string{
		os.Getenv("FINTRACK_PROVIDER_MIRROR"), os.Getenv("TF_PLUGIN_CACHE_DIR"),
		filepath.Join(home, ".terraform.d", "plugins"), filepath.Join(home, ".local", "share", "terraform", "plugins"),
		filepath.Join(home, "Library", "Application Support", "io.terraform", "plugins"),
		"/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins",
	}
	for _, m := range mirrors {
		p := filepath.Join(m, filepath.FromSlash(source), Version, platform, fileName)
		if _, err := os.Stat(p); m != "" && err == nil {
			return p
		}
	}
	for _, root := range []string{"/opt", "/usr/local", "/usr/share", "/var/lib", home} {
		if p := search(root); p != "" {
			return p
		}
	}
	return ""
}

// searchDepth bounds the search: <root>/<a>/<b>/registry/namespace/name/version/platform/file.
const searchDepth = 8

func search(root string) string {
	var found string
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fs.SkipDir
		}
		rel := strings.TrimPrefix(path, root)
		if d.IsDir() && (strings.Count(rel, string(filepath.Separator)) >= searchDepth || skipped[d.Name()]) {
			return fs.SkipDir
		}
		if d.Name() == fileName && filepath.Base(filepath.Dir(path)) == platform {
			found = path
			return errFound
		}
		return nil
	})
	return found
}

// skipped are folders that are large and never hold a mirror, our own caches
// among them.
var skipped = map[string]bool{"node_modules": true, ".git": true, "pkg": true, "go-build": true, ".cargo": true, ".rustup": true, ".pyenv": true, ".terraform": true, ".cache": true}
