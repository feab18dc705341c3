package provider

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/fastclock/cachefile"
)

// Mirror is where the provider comes from.
type Mirror struct {
	// Root is a folder in the layout of Terraform's filesystem mirrors, "" when
	// this machine has none and Terraform must ask the registry.
	Root string
}

// Registry reports whether Terraform must get the provider from the registry.
func (m Mirror) Registry() bool { return m.Root == "" }

// Package is the provider's unpacked folder in the mirror.
func (m Mirror) Package() string {
	return filepath.Join(m.Root, filepath.FromSlash(source), Version, platform)
}

// Program is the provider's program in the mirror.
func (m Mirror) Program() string { return filepath.Join(m.Package(), fileName) }

func (m Mirror) String() string {
	if m.Registry() {
		return "registry"
	}
	return m.Root
}

// holds reports whether the program is there and may be run.
func (m Mirror) holds() bool { return m.Root != "" && isExecutable(m.Program()) }

// Find looks for the provider of this platform: in FINTRACK_PROVIDER_MIRROR alone
// when it is set; else in the plugin caches and Terraform's implied mirror
// folders (Implied Local Mirror Directories in Terraform's documentation); else
// under the usual roots, and what that finds is kept in cache. The mirror is the
// registry when this machine has none. It fails when the named mirror has no such
// provider: going on with another one would surprise.
func Find(ctx context.Context, cache string) (Mirror, error) {
	if named := os.Getenv("FINTRACK_PROVIDER_MIRROR"); named != "" {
		m := Mirror{Root: named}
		if !m.holds() {
			return Mirror{}, fmt.Errorf("FINTRACK_PROVIDER_MIRROR=%s has no AWS provider %s: expected %s; fill it with terraform providers mirror -platform=%s %s, and unpack the zip into that folder", named, Version, m.Program(), platform, named)
		}
		return m, nil
	}
	for _, dir := range implied(cache) {
		if m := (Mirror{Root: dir}); m.holds() {
			return m, nil
		}
	}
	return remembered(ctx, cache)
}

// implied are the folders in which Terraform itself would look, and the plugin
// caches, whose layout is the same.
func implied(cache string) (dirs []string) {
	home, _ := os.UserHomeDir()
	add := func(base string, elements ...string) {
		if base != "" {
			dirs = append(dirs, filepath.Join(append([]string{base}, elements...)...))
		}
	}
	add(os.Getenv("TF_PLUGIN_CACHE_DIR"))
	add(home, ".terraform.d", "plugins")
	add(os.Getenv("XDG_DATA_HOME"), "terraform", "plugins")
	add(home, ".local", "share", "terraform", "plugins")
	add(home, "Library", "Application Support", "io.terraform", "plugins")
	add("/Library/Application Support/io.terraform/plugins")
	for _, dir := range filepath.SplitList(os.Getenv("XDG_DATA_DIRS")) {
		add(dir, "terraform", "plugins")
	}
	add("/usr/local/share/terraform/plugins")
	add("/usr/share/terraform/plugins")
	return append(dirs, pluginCache(cache))
}

// pluginCache is where Terraform puts what it gets from the registry.
func pluginCache(cache string) string { return filepath.Join(cache, "plugins") }

// remembered returns what the last search found, when it still is what it was, or
// searches again.
func remembered(ctx context.Context, cache string) (Mirror, error) {
	var kept struct {
		Root    string
		Size    int64
		ModTime time.Time
	}
	path := filepath.Join(cache, "provider-"+Version+"-"+platform+".json")
	if cachefile.ReadJSON(path, &kept) {
		m := Mirror{Root: kept.Root}
		if info, err := os.Stat(m.Program()); err == nil && m.holds() && info.Size() == kept.Size && info.ModTime().Equal(kept.ModTime) {
			return m, nil
		}
	}
	program, err := search(ctx, roots())
	if err != nil || program == "" {
		return Mirror{}, err
	}
	info, err := os.Stat(program)
	if err != nil {
		return Mirror{}, err
	}
	kept.Root = strings.TrimSuffix(program, string(filepath.Separator)+filepath.Join(filepath.FromSlash(source), Version, platform, fileName))
	kept.Size, kept.ModTime = info.Size(), info.ModTime()
	return Mirror{Root: kept.Root}, cachefile.WriteJSON(path, kept)
}
