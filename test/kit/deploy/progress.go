package deploy

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// progress shows the stage under way: one live line on a terminal, a plain line
// for each finished stage elsewhere.
type progress struct {
	mu       sync.Mutex
	out      *os.File
	terminal bool
}

func newProgress(out *os.File) *progress {
	info, err := out.Stat()
	return &progress{out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// begin shows that a stage runs; the returned function shows how it ended.
func (p *progress) begin(suite, stage string) func(error) {
	started := time.Now()
	done := make(chan struct{})
	if p.terminal {
		go func() {
			tick := time.NewTicker(200 * time.Millisecond)
			defer tick.Stop()
			for {
				p.say(func() {
					fmt.Fprintf(p.out, "\r\x1b[K  %-18s %-9s %5.1fs …", suite, stage, time.Since(started).Seconds())
				})
				select {
				case <-done:
					return
				case <-tick.C:
				}
			}
		}()
	}
	var once sync.Once
	return func(err error) {
		once.Do(func() {
			close(done)
			mark := "ok"
			if err != nil {
				mark = "FAILED"
			}
			p.say(func() {
				if p.terminal {
					fmt.Fprint(p.out, "\r\x1b[K")
				}
				fmt.Fprintf(p.out, "  %-18s %-9s %5.1fs %s\n", suite, stage, time.Since(started).Seconds(), mark)
			})
		})
	}
}

func (p *progress) say(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}
