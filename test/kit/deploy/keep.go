package deploy

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// keep marks the environment as kept, and writes a file that sets up a shell to
// work in it.
func (l *life) keep() error {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(l.tf.opts.EnvVars)) {
		v := l.tf.opts.EnvVars[k]
		switch {
		case k == reattach: // that process ends with this one
		case v == "": // some programs take an empty AWS_PROFILE for a name
			fmt.Fprintf(&b, "unset %s\n", k)
		default:
			fmt.Fprintf(&b, "export %s='%s'\n", k, strings.ReplaceAll(v, "'", `'\''`))
		}
	}
	if err := os.WriteFile(l.envFile(), []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	return l.Sandbox.Amend(func(e *ledger.Entry) { e.Kept = true })
}

func (l *life) envFile() string { return filepath.Join(l.Sandbox.Dir, "env.sh") }

func (l *life) howToReach() string {
	e := l.Sandbox.Entry()
	return fmt.Sprintf(`kept: environment %s (account %s, %s, prefix %s) until %s
  work in it:   . %s && cd %s && terraform init
  go on:        RUN=%s STAGES=verify make test-module MODULE=%s
  destroy it:   make janitor RUN=%s
`, e.ID, e.Account, e.Region, e.Prefix, e.Expires.Format("2006-01-02 15:04 MST"), l.envFile(), l.Dir, e.ID, l.spec.Module, e.ID)
}
