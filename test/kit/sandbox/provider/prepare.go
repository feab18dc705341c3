package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/fastclock"
	"golang.org/x/mod/sumdb/dirhash"
)

// Compression is how much faster the provider's waits pass. Only the emulated
// environment compresses time; the zero value is the clock as it is.
type Compression int

// Installation is a provider that is ready for configurations.
type Installation struct {
	// Program is the provider's program, "" when Terraform gets it itself.
	Program string
	// Warning says, when not empty, what the user should know.
	Warning string

	cliConfig string
	lock      string
}

// Prepare finds the provider and lays it out in cache. When it is not on this
// machine, Terraform gets it from the registry into a plugin cache. With a
// compression, the copy with compressed time is laid out, or the untouched
// provider with a Warning when the program is not as expected.
func Prepare(ctx context.Context, cache string, c Compression) (*Installation, error) {
	program := Find()
	if program == "" {
		return viaRegistry(cache)
	}
	in := &Installation{Program: program}
	if c > 1 {
		fast, err := fastclock.Copy(ctx, program, cache, int(c))
		switch {
		case errors.Is(err, fastclock.ErrShape):
			in.Warning = fmt.Sprintf("time is not compressed, applies take minutes longer: %v", err)
		case err != nil:
			return nil, err
		default:
			in.Program = fast
		}
	}
	mirror, err := layOut(cache, in.Program)
	if err != nil {
		return nil, fmt.Errorf("lay out the provider in %s: %w (set FINTRACK_CACHE to a writable folder)", cache, err)
	}
	hash, err := packageHash(filepath.Join(mirror, filepath.FromSlash(source), Version, platform))
	if err != nil {
		return nil, fmt.Errorf("hash the provider: %w", err)
	}
	in.lock = fmt.Sprintf("provider %q {\n  version     = %q\n  constraints = %q\n  hashes = [\n    %q,\n  ]\n}\n", source, Version, Version, hash)
	in.cliConfig = filepath.Join(mirror, "terraform.rc")
	return in, os.WriteFile(in.cliConfig, fmt.Appendf(nil, "provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror), 0o644)
}

// viaRegistry lets Terraform install from the registry into a plugin cache.
func viaRegistry(cache string) (*Installation, error) {
	plugins := filepath.Join(cache, "plugins")
	if err := os.MkdirAll(plugins, 0o755); err != nil {
		return nil, err
	}
	in := &Installation{cliConfig: filepath.Join(cache, "terraform.rc"), Warning: "no provider mirror on this machine: Terraform downloads hashicorp/aws " + Version + " from the registry, and time is not compressed"}
	return in, os.WriteFile(in.cliConfig, fmt.Appendf(nil, "plugin_cache_dir = %q\nplugin_cache_may_break_dependency_lock_file = true\n", plugins), 0o644)
}

// Environ returns the variables that make Terraform use the installation.
func (in *Installation) Environ() map[string]string {
	return map[string]string{"TF_CLI_CONFIG_FILE": in.cliConfig}
}

// Seed writes the lock file of a root module, so that its init neither searches
// nor writes one, and concurrent inits do not meet.
func (in *Installation) Seed(dir string) error {
	if in.lock == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, ".terraform.lock.hcl"), []byte(in.lock), 0o644)
}

// layOut makes a mirror with one provider, by a symbolic link.
func layOut(cache, program string) (string, error) {
	mirror := filepath.Join(cache, "mirror", filepath.Base(filepath.Dir(program)))
	dir := filepath.Join(mirror, filepath.FromSlash(source), Version, platform)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	link := filepath.Join(dir, fileName)
	if to, err := os.Readlink(link); err == nil && to == program {
		return mirror, nil
	}
	tmp := fmt.Sprintf("%s.%d", link, os.Getpid())
	if err := os.Symlink(program, tmp); err != nil {
		return "", err
	}
	return mirror, os.Rename(tmp, link)
}

// packageHash is Terraform's "h1:" hash of a provider's folder (Dependency Lock
// File in Terraform's documentation), kept with the program's size and time.
func packageHash(dir string) (string, error) {
	info, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil {
		return "", err
	}
	kept := filepath.Join(dir, "..", "..", platform+".h1.json")
	var k struct {
		Size int64
		Time time.Time
		Hash string
	}
	if b, err := os.ReadFile(kept); err == nil && json.Unmarshal(b, &k) == nil && k.Size == info.Size() && k.Time.Equal(info.ModTime()) && strings.HasPrefix(k.Hash, "h1:") {
		return k.Hash, nil
	}
	program, err := filepath.EvalSymlinks(filepath.Join(dir, fileName))
	if err != nil {
		return "", err
	}
	k.Size, k.Time = info.Size(), info.ModTime()
	k.Hash, err = dirhash.Hash1([]string{fileName}, opener(program))
	if err != nil {
		return "", err
	}
	b, err := json.Marshal(k)
	if err != nil {
		return "", err
	}
	return k.Hash, os.WriteFile(kept, b, 0o644)
}
