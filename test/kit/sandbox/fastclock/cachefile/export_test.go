package cachefile

import "os"

// Create replaces how the file is made that is renamed into place when it is
// whole, and returns what puts it back.
func Create(f func(dir string) (*os.File, error)) (restore func()) {
	old := create
	create = f
	return func() { create = old }
}
