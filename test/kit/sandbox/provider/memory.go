package provider

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Memory is the resident set of the process, in bytes.
func (p *Process) Memory() (int64, error) {
	if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.PID())); err == nil {
		if f := strings.Fields(string(b)); len(f) > 1 {
			pages, err := strconv.ParseInt(f[1], 10, 64)
			return pages * int64(os.Getpagesize()), err
		}
	}
	// Where there is no /proc, ps has it, in units of 1024 bytes.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", "-o", "rss=", "-p", strconv.Itoa(p.PID())).Output()
	if err != nil {
		return 0, fmt.Errorf("ask ps for the memory of process %d: %w", p.PID(), err)
	}
	kib, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	return kib << 10, err
}
