package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// Run is one process of the suite: its id, its environment, the emulator that
// its leases share, and the journal of its results.
type Run struct {
	ID          string
	Suite       string
	Environment Environment
	Paths       Paths
	Ledger      *ledger.Ledger
	// Dir holds what the run writes: copied configuration, state and logs.
	Dir string
	// Journal takes the results as JSON lines; JournalPath is its file.
	Journal     io.Writer
	JournalPath string

	mu       sync.Mutex
	emulator *Emulator
	journal  *os.File
}

// Begin starts a run of the named suite in the environment that ENV chooses.
// Variables of the caller's shell that would change what Terraform does are
// dropped from this process: a check must not depend on who runs it.
func Begin(suite string) (*Run, error) {
	r, err := Open(suite)
	if err != nil {
		return nil, err
	}
	paths := r.Paths
	for _, d := range []string{r.Dir, paths.Results()} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, fmt.Errorf("%w: %w (set FINTRACK_CACHE to a writable folder)", ErrSetup, err)
		}
	}
	r.JournalPath = filepath.Join(paths.Results(), r.ID+"-"+suite+".jsonl")
	if r.journal, err = os.Create(r.JournalPath); err != nil {
		return nil, fmt.Errorf("%w: %w (set FINTRACK_CACHE to a writable folder)", ErrSetup, err)
	}
	r.Journal = r.journal
	dropInherited()
	return r, nil
}

// Open is Begin for a program that leases nothing: it makes no folder and no
// journal.
func Open(suite string) (*Run, error) {
	env, err := Chosen()
	if err != nil {
		return nil, err
	}
	paths, err := FindPaths()
	if err != nil {
		return nil, err
	}
	l, err := ledger.Open(paths.Ledger())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSetup, err)
	}
	r := &Run{ID: newID(), Suite: suite, Environment: env, Paths: paths, Ledger: l}
	r.Dir = filepath.Join(paths.Runs(), r.ID)
	return r, nil
}

// Emulator returns the run's emulator and starts it when it is first asked for.
// FINTRACK_EMULATOR names one that another process of the suite started.
func (r *Run) Emulator(ctx context.Context) (*Emulator, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.emulator != nil {
		return r.emulator, nil
	}
	var err error
	if id := os.Getenv("FINTRACK_EMULATOR"); id != "" {
		r.emulator, err = attachEmulator(ctx, r.Ledger, id)
	} else {
		r.emulator, err = StartEmulator(ctx, r.Paths, r.Ledger)
	}
	return r.emulator, err
}

// End stops what the run started, unless an environment of it is kept, and
// removes its folder when nothing in it can be needed any more.
func (r *Run) End() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	entries, err := r.Ledger.Environments.List()
	kept, open := false, false
	for _, e := range entries {
		kept = kept || e.Run == r.ID && e.Kept
		open = open || e.Run == r.ID
	}
	if r.emulator != nil && r.emulator.owned && !kept {
		err = errors.Join(err, r.emulator.Stop(r.Ledger))
		open = false
	}
	r.emulator = nil
	err = errors.Join(err, r.journal.Close())
	if !open {
		err = errors.Join(err, removeWorkspaces(r.Dir))
	}
	return err
}

// removeWorkspaces removes everything in a run's folder but the logs.
func removeWorkspaces(dir string) error {
	var errs []error
	entries, err := os.ReadDir(dir)
	errs = append(errs, err)
	left := false
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".log") {
			left = true
			continue
		}
		errs = append(errs, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	if !left {
		errs = append(errs, os.Remove(dir))
	}
	return errors.Join(errs...)
}

// inherited are variables of the caller's shell that Terraform or the SDK would
// act on.
var inherited = []string{"TF_VAR_", "TF_CLI_ARGS", "TF_WORKSPACE", "TF_DATA_DIR", "TF_LOG", "TF_REATTACH_PROVIDERS", "TF_PLUGIN_CACHE_DIR", "TF_CLI_CONFIG_FILE", "AWS_CA_BUNDLE", "AWS_ENDPOINT_URL"}

func dropInherited() {
	for _, kv := range os.Environ() {
		k, _, _ := strings.Cut(kv, "=")
		for _, p := range inherited {
			if strings.HasPrefix(k, p) {
				os.Unsetenv(k)
			}
		}
	}
}

func newID() string {
	return time.Now().UTC().Format("20060102-150405-") + randomHex(3)
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails, by its documentation
	return hex.EncodeToString(b)
}
