// Package fastclock compresses time in a program that waits by the clock: in a
// copy of a Go program it divides the durations given to time.Sleep and to
// time.NewTimer. The AWS provider sleeps before and between its looks at a new
// resource (80 s in all for a database); against an emulator those waits prove
// nothing. It is for the emulated environment alone.
//
// # What is divided, and what is not
//
//   - time.Sleep: the fixed delay before the first look at a resource.
//   - time.NewTimer, and with it time.After, which calls it: the wait between two
//     looks, the back-off between two tries, and the timeouts that are written as
//     a channel in a select. Terraform's own 40 minutes for a database become 75 s
//     at a factor of 32: choose the factor with a loaded machine in mind.
//   - Not time.AfterFunc: context deadlines and the HTTP client's timeouts are
//     made with it. They bound work, which does not get faster.
//   - Not (*time.Timer).Reset: a timer of AfterFunc has the same method, and the
//     two cannot be told apart. A back-off that resets its timer waits its full
//     time from the second try on.
//   - Not time.NewTicker: a ticker paces repeated work; nobody waits for it to end.
//   - Not the deadlines of connections, which are no timers of package time, and
//     not the clock: time.Now and what is computed from it stay true.
//
// # How
//
// A function that checks its stack starts, on amd64, with a comparison and a
// branch to a block at its end that grows the stack and starts the function anew.
// The copy has a jump in their place, into padding between two functions. There
// the stack is checked as before, and then, only once the function really goes
// on, the argument is shifted to the right: a goroutine whose stack must grow, or
// that is preempted at the check, comes by twice and must not be divided twice.
//
// The padding is that behind a function written in assembly. The runtime asks its
// tables about the place at which a signal stops a goroutine; behind a compiled
// function the tables end and the runtime gives up, behind an assembly function
// it has none to ask and lets the goroutine run on.
//
// Nothing is written unless every byte that is to change, and everything that it
// rests on, is what it is expected to be: see [ErrShape].
package fastclock
