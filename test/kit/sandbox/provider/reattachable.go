package provider

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Reattachable reports whether the root module in dir may use long-lived processes,
// and if not, why: all modules that it calls must be folders that can be read, and
// none may use another provider. Each configuration of the provider, under an alias
// or not, gets a process of its own (see front).
func Reattachable(dir string) (ok bool, reason string, err error) {
	err = modules(dir, func(dir string, c Configuration) error {
		if said := c.reason(); said != "" {
			reason = dir + " " + said
			return fs.SkipAll
		}
		for _, source := range c.Modules {
			if !local(source) {
				reason = fmt.Sprintf("%s calls a module from %q, which cannot be looked into", dir, source)
				return fs.SkipAll
			}
		}
		return nil
	})
	return err == nil && reason == "", reason, err
}

// modules visits the root module in dir and every module in a folder that it calls,
// each once. fs.SkipAll from visit ends the walk without an error.
func modules(dir string, visit func(dir string, c Configuration) error) error {
	seen := map[string]bool{}
	var walk func(dir string) error
	walk = func(dir string) error {
		dir = filepath.Clean(dir)
		if seen[dir] {
			return nil
		}
		seen[dir] = true
		c, err := Read(dir)
		if err != nil {
			return err
		}
		if err := visit(dir, c); err != nil {
			return err
		}
		for _, source := range c.Modules {
			if !local(source) {
				continue
			}
			if err := walk(filepath.Join(dir, filepath.FromSlash(source))); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(dir); !errors.Is(err, fs.SkipAll) {
		return err
	}
	return nil
}

func local(source string) bool {
	return strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")
}

// reason says why a module keeps its configuration from long-lived processes, or is
// empty.
func (c Configuration) reason() string {
	switch {
	case c.Broken != nil:
		return fmt.Sprintf("cannot be read: %v", c.Broken)
	case len(c.Others) > 0:
		return "uses further providers: " + strings.Join(c.Others, ", ")
	}
	return ""
}

// word finds what may be the name of a type of the provider.
var word = regexp.MustCompile(`aws_[a-z0-9_]+`)

// mentioned are all words in the configuration of the root module in dir, in the
// modules that it calls and in the states beside it that may name a type of the
// provider. They are more than the types that are used, and never fewer.
func mentioned(dir string) (map[string]bool, error) {
	words := map[string]bool{}
	err := modules(dir, func(dir string, _ Configuration) error {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			name := e.Name()
			if e.IsDir() || !strings.HasSuffix(name, ".tf") && !strings.HasSuffix(name, ".json") && !strings.Contains(name, ".tfstate") {
				continue
			}
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			for _, w := range word.FindAll(b, -1) {
				words[string(w)] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what the configuration in %s names: %w", dir, err)
	}
	return words, nil
}
