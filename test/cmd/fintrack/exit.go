package main

import (
	"errors"
	"os/exec"

	"github.com/fintrack/platform/test/kit/sandbox"
)

// errFailed ends a command whose failure was printed before.
type errFailed struct {
	code int
	what string
}

func (e errFailed) Error() string { return e.what }

func exitCode(err error) int {
	var failed errFailed
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failed):
		return failed.code
	case errors.Is(err, sandbox.ErrSetup):
		return 2
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return 1
}
