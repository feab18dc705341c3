package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process identifies a process beyond the reuse of its number.
type Process struct {
	PID int `json:"pid"`
	// Start is the kernel's start time of the process: clock ticks since boot
	// on Linux (proc(5), field 22 of stat), ps lstart elsewhere.
	Start string `json:"start"`
}

// Self returns the identity of this process.
func Self() Process { return Of(os.Getpid()) }

// Of returns the identity of a running process.
func Of(pid int) Process { return Process{PID: pid, Start: startOf(pid)} }

// Alive reports whether the very process still runs; a zombie does not.
func (p Process) Alive() bool {
	if p.PID <= 0 {
		return false
	}
	if err := syscall.Kill(p.PID, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	now := startOf(p.PID)
	return now != "" && now == p.Start
}

// Stop ends the very process: SIGTERM, and SIGKILL when it has not ended within
// grace. It does nothing when the process has ended before.
func (p Process) Stop(grace time.Duration) error { return p.End(syscall.SIGTERM, grace) }

// End sends sig and waits up to grace before it sends SIGKILL.
func (p Process) End(sig syscall.Signal, grace time.Duration) error {
	if !p.Alive() {
		return nil
	}
	if err := syscall.Kill(p.PID, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal process %d: %w", p.PID, err)
	}
	for end := time.Now().Add(grace); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if !p.Alive() {
			return nil
		}
	}
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill process %d: %w", p.PID, err)
	}
	return nil
}

func startOf(pid int) string {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err == nil {
		// The second field is the command in parentheses and may hold spaces.
		_, rest, ok := bytes.Cut(stat[max(bytes.LastIndexByte(stat, ')'), 0):], []byte(" "))
		fields := strings.Fields(string(rest))
		if !ok || len(fields) < 20 || fields[0] == "Z" {
			return ""
		}
		return fields[19]
	}
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		return "" // Linux: no such process
	}
	out, err := exec.Command("ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
