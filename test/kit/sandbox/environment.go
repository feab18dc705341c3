// Package sandbox leases throwaway environments: an AWS endpoint, an account, a
// region, a name prefix and tags, and the settings that Terraform and the AWS
// SDK need there. Each lease is in the ledger before it is handed out.
package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Environment is the kind of environment that answers a check.
type Environment string

const (
	// Emulated is the emulator that the suite starts itself: no account needed.
	Emulated Environment = "emulated"
	// Kind is Emulated with a kind cluster in the place of the embedded control plane.
	Kind Environment = "kind"
	// AWS is a real account.
	AWS Environment = "aws"
)

// ErrSetup marks an error of the run itself, not of what it checks: bad input,
// a missing tool, no room. Programs exit with 2 on it.
var ErrSetup = errors.New("the run could not be made")

// Chosen returns the environment that the variable ENV names, Emulated when it
// is not set.
func Chosen() (Environment, error) {
	switch v := strings.TrimSpace(os.Getenv("ENV")); Environment(v) {
	case "", Emulated:
		return Emulated, nil
	case Kind, AWS:
		return Environment(v), nil
	default:
		return "", fmt.Errorf("%w: ENV=%s: unknown environment; valid are emulated, kind, aws", ErrSetup, v)
	}
}

// EmulatesAWS reports whether the AWS API is the emulator's.
func (e Environment) EmulatesAWS() bool { return e != AWS }
