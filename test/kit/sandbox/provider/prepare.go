package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/fintrack/platform/test/kit/sandbox/fastclock"
	"github.com/fintrack/platform/test/kit/sandbox/fastclock/cachefile"
	"github.com/fintrack/platform/test/kit/sandbox/provider/front"
)

// Compression is how much faster the provider's waits pass, a power of two up to
// 1024. Only the emulated environment compresses time; the zero value is the
// clock as it is.
type Compression int

// ErrReal is returned when time would be compressed against a real account.
var ErrReal = errors.New("compressed time is for the emulated environment alone")

// Installation is a provider that is ready for configurations.
type Installation struct {
	// Program is the provider's program.
	Program string
	// Warning says, when not empty, what the user should know.
	Warning string

	cliConfig  string
	lock       string
	compressed bool
	schemas    front.Cache
}

// Prepare finds the provider and lays it out in cache; when this machine has none,
// Terraform gets it from the registry first. With a compression, the copy with
// compressed time is laid out, or the untouched provider with a Warning when the
// program is not as expected. Compression with ENV=aws is refused with ErrReal.
func Prepare(ctx context.Context, cache string, c Compression) (*Installation, error) {
	if c > 1 && strings.TrimSpace(os.Getenv("ENV")) == "aws" {
		return nil, fmt.Errorf("ENV=aws with waits divided by %d: %w", c, ErrReal)
	}
	m, err := Find(ctx, cache)
	if err == nil && m.Registry() {
		m, err = fetch(ctx, cache)
	}
	if err != nil {
		return nil, err
	}
	in := &Installation{Program: m.Program()}
	if c > 1 {
		if err := in.compress(ctx, cache, int(c)); err != nil {
			return nil, err
		}
	}
	mirror, hash, err := layOut(ctx, cache, m.Package(), in.Program)
	if err != nil {
		return nil, fmt.Errorf("lay out the provider in %s: %w", cache, err)
	}
	in.lock = fmt.Sprintf("provider %q {\n  version     = %q\n  constraints = %q\n  hashes = [\n    %q,\n  ]\n}\n", source, Version, Version, hash)
	in.cliConfig = filepath.Join(mirror, "terraform.rc")
	return in, cachefile.Write(in.cliConfig, fmt.Appendf(nil, "provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror))
}

// compress makes the copy with compressed time the program.
func (in *Installation) compress(ctx context.Context, cache string, factor int) error {
	fast, err := fastclock.Copy(ctx, in.Program, cache, factor)
	if errors.Is(err, fastclock.ErrShape) {
		in.Warning = fmt.Sprintf("time is not compressed, applies take minutes longer: %v", err)
		return nil
	}
	if err != nil {
		return err
	}
	in.Program, in.compressed = fast, true
	return nil
}

// unreachable keeps a process away from every account whose keys it is not handed
// itself: no profile, no shared files, no instance role.
var unreachable = map[string]string{
	"AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	"AWS_EC2_METADATA_DISABLED": "true",
}

// Environ returns the variables that make Terraform use the installation. With
// compressed time they also keep Terraform away from the user's own accounts.
func (in *Installation) Environ() map[string]string {
	env := map[string]string{"TF_CLI_CONFIG_FILE": in.cliConfig}
	if in.compressed {
		maps.Copy(env, unreachable)
	}
	return env
}

// Seed writes the lock file of a root module, so that its init neither searches
// nor writes one, and concurrent inits do not meet.
func (in *Installation) Seed(dir string) error {
	return os.WriteFile(filepath.Join(dir, ".terraform.lock.hcl"), []byte(in.lock), 0o644)
}
