//go:build !linux

package twin

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/fintrack/platform/test/kit/reach"
)

// Twin is a plan that stands. There is none on this system.
type Twin struct{ *Plan }

// Build says that this machine cannot make a twin.
func Build(context.Context, *Plan) (*Twin, error) {
	return nil, fmt.Errorf("%w: this is %s", ErrNotHere, runtime.GOOS)
}

// Serve does nothing: there is no twin.
func (t *Twin) Serve([]reach.Port) error { return ErrNotHere }

// Ask does nothing: there is no twin.
func (t *Twin) Ask([]Question, time.Duration) ([]Answer, error) { return nil, ErrNotHere }

// Close does nothing: there is no twin.
func (t *Twin) Close() {}
