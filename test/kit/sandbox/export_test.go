package sandbox

import "context"

// FreePort is freePort.
var FreePort = freePort

// StartEmulatorOn starts an emulator on the first free one of the ports that
// next returns.
func StartEmulatorOn(ctx context.Context, r *Run, next func() (int, error)) (*Emulator, error) {
	return startEmulator(ctx, r.Paths, r.Ledger, next)
}
