package twin

import "errors"

// ErrNotHere says that this machine cannot make a twin, and why.
var ErrNotHere = errors.New("a twin needs root on Linux, iproute2 and nftables")
