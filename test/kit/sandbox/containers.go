package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// Limits, as data.
const (
	// containersGone is how long removing a run's containers may take, and removals how
	// often the engine is asked to: one with many processes may outlive a try.
	containersGone = 2 * time.Minute
	removals       = 3
)

// Contain enters containers into the ledger before they are made: all that carry one
// of labels (NAME=VALUE) on the engine of DOCKER_HOST. When this run is killed, the
// next one removes them. Uncontain strikes them.
func (r *Run) Contain(id, kind string, labels ...string) error {
	return r.Ledger.Background.Put(id, ledger.Background{
		ID: id, Kind: kind, Endpoint: os.Getenv("DOCKER_HOST"), Labels: labels, Owner: ledger.Self(), Started: time.Now().UTC(),
	})
}

// Uncontain strikes containers that were removed.
func (r *Run) Uncontain(id string) error { return r.Ledger.Background.Remove(id) }

// dropContainers removes containers and strikes them. An engine that has gone took
// them with it; one that does not answer now is asked again by the next run.
func dropContainers(ctx context.Context, l *ledger.Ledger, b ledger.Background) error {
	if socket, ok := strings.CutPrefix(b.Endpoint, "unix://"); ok {
		if _, err := os.Stat(socket); errors.Is(err, fs.ErrNotExist) {
			return l.Background.Remove(b.ID)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, containersGone)
	defer cancel()
	if _, err := docker(ctx, b.Endpoint, "version"); err != nil {
		return nil
	}
	var err error
	for range removals {
		if err = removeContainers(ctx, b); err == nil {
			return l.Background.Remove(b.ID)
		}
	}
	return fmt.Errorf("remove what a run left of the %s %s: %w", b.Kind, b.ID, err)
}

func removeContainers(ctx context.Context, b ledger.Background) error {
	for _, label := range b.Labels {
		found, err := docker(ctx, b.Endpoint, "ps", "-aq", "--filter", "label="+label)
		if err != nil {
			return err
		}
		if ids := strings.Fields(found); len(ids) > 0 {
			if _, err := docker(ctx, b.Endpoint, append([]string{"rm", "-f", "-v"}, ids...)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// docker runs the program of that name about one engine.
func docker(ctx context.Context, engine string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	if engine != "" {
		cmd.Env = append(os.Environ(), "DOCKER_HOST="+engine)
	}
	out, err := cmd.Output()
	if err != nil {
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			err = fmt.Errorf("%w: %s", err, strings.TrimSpace(string(ended.Stderr)))
		}
		return "", fmt.Errorf("docker %s: %w", strings.Join(args[:min(len(args), 4)], " "), err)
	}
	return string(out), nil
}
