package provider

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Reattachable reports whether the root module in dir may use a long-lived
// process, and if not, why. A process holds one configuration of the provider:
// with an alias both would share it, and silently land in one region. So there
// must be one provider, configured once, without an alias, in the root module
// and in every module it calls, and all of those must be folders that can be read.
func Reattachable(dir string) (ok bool, reason string, err error) {
	seen := map[string]bool{}
	var visit func(dir string, root bool) (string, error)
	visit = func(dir string, root bool) (string, error) {
		dir = filepath.Clean(dir)
		if seen[dir] {
			return "", nil
		}
		seen[dir] = true
		c, err := Read(dir)
		if err != nil {
			return "", err
		}
		if reason := c.reason(root); reason != "" {
			return dir + " " + reason, nil
		}
		for _, source := range c.Modules {
			if !strings.HasPrefix(source, "./") && !strings.HasPrefix(source, "../") {
				return fmt.Sprintf("%s calls a module from %q, which cannot be looked into", dir, source), nil
			}
			if reason, err := visit(filepath.Join(dir, filepath.FromSlash(source)), false); err != nil || reason != "" {
				return reason, err
			}
		}
		return "", nil
	}
	reason, err = visit(dir, true)
	return err == nil && reason == "", reason, err
}

// reason says why a module keeps its configuration from a long-lived process, or
// is empty.
func (c Configuration) reason(root bool) string {
	switch {
	case c.Broken != nil:
		return fmt.Sprintf("cannot be read: %v", c.Broken)
	case len(c.ConfigurationAliases) > 0:
		return "asks its caller for " + strings.Join(c.ConfigurationAliases, ", ")
	case len(c.Others) > 0:
		return "uses further providers: " + strings.Join(c.Others, ", ")
	case len(c.Blocks) > 1:
		return fmt.Sprintf("configures the provider %d times", len(c.Blocks))
	case len(c.Blocks) == 1 && c.Blocks[0].Alias != "":
		return fmt.Sprintf("configures the provider under the alias %s", c.Blocks[0].Alias)
	case len(c.Blocks) == 1 && !root:
		return "configures the provider, and is no root module"
	}
	return ""
}
