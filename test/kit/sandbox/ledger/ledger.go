// Package ledger keeps the record of throwaway environments: an entry is on
// disk before anything is created in the environment it names, and leaves only
// when a census has found the environment empty. A run that was killed is found
// by the next one, or by the janitor, through its entry.
package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Entry is one leased environment.
type Entry struct {
	// ID names the lease: the run's id and a suffix for each environment of the run.
	ID string `json:"id"`
	// Run is the id of the run that holds the lease.
	Run string `json:"run"`
	// Suite is the suite or module under test.
	Suite string `json:"suite"`
	// Environment is emulated, kind or aws.
	Environment string `json:"environment"`
	Account     string `json:"account"`
	Region      string `json:"region"`
	// Regions are all regions in which the configuration may create something.
	Regions []string `json:"regions"`
	// Prefix starts the name of everything the run creates.
	Prefix string `json:"prefix"`
	// Dir holds the copied configuration, StatePath the Terraform state.
	Dir       string `json:"dir"`
	StatePath string `json:"state_path"`
	// StateBucket holds the states of layers, where they are in S3.
	StateBucket string `json:"state_bucket,omitempty"`
	// Owner is the process that holds the lease.
	Owner Process `json:"owner"`
	// Emulator is the id of the background process that holds an emulated environment.
	Emulator string `json:"emulator,omitempty"`
	// Baseline is what the environment held before the run: "service/id" keys.
	Baseline []string `json:"baseline,omitempty"`
	// Kept is set when the user asked to keep the environment; the janitor then
	// leaves it alone until Expires, unless it is named.
	Kept    bool      `json:"kept,omitempty"`
	Started time.Time `json:"started"`
	// Expires is when nobody can still need the environment.
	Expires time.Time `json:"expires"`
}

// Gone reports whether nobody works with the environment any more: its owner's
// process has ended, and it was not kept or has expired.
func (e Entry) Gone(now time.Time) bool {
	if e.Kept {
		return now.After(e.Expires)
	}
	return !e.Owner.Alive()
}

// Background is something that a run started and that outlives a killed run: a
// process, as an emulator or a long-lived provider, or containers.
type Background struct {
	ID string `json:"id"`
	// Kind is "emulator", "provider", "controller" or "kind cluster".
	Kind string `json:"kind"`
	// Endpoint is where an emulator answers, or the Docker engine of containers, as
	// DOCKER_HOST names it; empty for Docker's own choice.
	Endpoint string `json:"endpoint,omitempty"`
	// Labels are of containers, which have one of them: NAME=VALUE. Then there is no
	// process.
	Labels  []string  `json:"labels,omitempty"`
	Process Process   `json:"process"`
	Owner   Process   `json:"owner"`
	Started time.Time `json:"started"`
}

// Ledger holds the open environments and the background processes of all runs.
type Ledger struct {
	Environments Store[Entry]
	Background   Store[Background]
}

// Open returns the ledger in dir and makes the folders. A read-only or full
// place is named in the error.
func Open(dir string) (*Ledger, error) {
	l := &Ledger{
		Environments: Store[Entry]{dir: filepath.Join(dir, "environments")},
		Background:   Store[Background]{dir: filepath.Join(dir, "background")},
	}
	for _, d := range []string{l.Environments.dir, l.Background.dir} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, fmt.Errorf("open the ledger %s: %w (set FINTRACK_CACHE to a writable folder)", dir, err)
		}
	}
	return l, nil
}
