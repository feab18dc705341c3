package provider

import "time"

// Platform is the kind of this machine, FileName the provider's program.
var Platform = platform

const FileName = fileName

// ReadAnnouncement is readAnnouncement, without what it reads.
func ReadAnnouncement(line string) (value string, pid int, socket string, ok bool, err error) {
	a, ok, err := readAnnouncement(line)
	return a.value, a.pid, a.socket, ok, err
}

// Roots replaces the folders that are searched, and returns what puts them back.
func Roots(dirs ...string) (restore func()) {
	old := roots
	roots = func() []string { return dirs }
	return func() { roots = old }
}

// Bounds replaces how long is waited for a provider to announce itself and to
// end, and returns what puts it back.
func Bounds(ready, step time.Duration) (restore func()) {
	oldReady, oldStep := serveReady, stopStep
	serveReady, stopStep = ready, step
	return func() { serveReady, stopStep = oldReady, oldStep }
}

// Compressed is an installation of a program as if its time were compressed.
func Compressed(program string) *Installation {
	return &Installation{Program: program, compressed: true}
}
