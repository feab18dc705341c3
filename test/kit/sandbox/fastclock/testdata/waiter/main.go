// Waiter waits in every way that package time knows, in hundreds of goroutines at
// once and beside goroutines that compute, and prints as JSON the shortest and
// the longest real time of each way, in microseconds.
//
//	waiter <how long to wait where it is divided> <where it is not>
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	goroutines = 300 // for each way of waiting
	depths     = 400 // different depths of stack from which a wait starts
)

var (
	mu    sync.Mutex
	waits sync.WaitGroup
	took  = map[string][]int64{} // shortest, longest
)

func main() {
	divided, whole := duration(os.Args[1]), duration(os.Args[2])
	stop := compute()
	for range goroutines {
		measure("time.Sleep", func() { time.Sleep(divided) })
		measure("time.NewTimer", func() { <-time.NewTimer(divided).C })
		measure("time.After", func() { <-time.After(divided) })
		measure("time.AfterFunc", func() {
			done := make(chan struct{})
			time.AfterFunc(whole, func() { close(done) })
			<-done
		})
		measure("context.WithTimeout", func() {
			ctx, cancel := context.WithTimeout(context.Background(), whole)
			defer cancel()
			<-ctx.Done()
		})
		measure("time.NewTicker", func() {
			t := time.NewTicker(whole)
			defer t.Stop()
			<-t.C
		})
		measure("Timer.Reset", func() {
			t := time.NewTimer(time.Hour)
			t.Stop()
			t.Reset(whole)
			<-t.C
		})
	}
	// From one of these depths the wait itself must make its stack grow.
	for depth := range depths {
		measure("time.Sleep, deep", func() { descend(depth, divided, time.Sleep) })
		measure("time.NewTimer, deep", func() { descend(depth, divided, timer) })
	}
	waits.Wait()
	if err := stop(); err != nil {
		panic(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(took); err != nil {
		panic(err)
	}
}

func duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return d
}

// measure starts a goroutine that waits once.
func measure(name string, wait func()) {
	waits.Go(func() {
		started := time.Now()
		wait()
		us := time.Since(started).Microseconds()
		mu.Lock()
		defer mu.Unlock()
		if took[name] == nil {
			took[name] = []int64{us, us}
		}
		took[name] = []int64{min(took[name][0], us), max(took[name][1], us)}
	})
}

func timer(d time.Duration) { <-time.NewTimer(d).C }

//go:noinline
func descend(depth int, d time.Duration, wait func(time.Duration)) int {
	if depth == 0 {
		wait(d)
		return 0
	}
	return descend(depth-1, d, wait) + 1
}

// compute keeps every processor busy, with short sleeps between, until it is
// stopped; then it says whether all computed the same.
func compute() (stop func() error) {
	var done atomic.Bool
	var wrong atomic.Int64
	var group sync.WaitGroup
	block := make([]byte, 1<<16)
	for i := range block {
		block[i] = byte(i * i)
	}
	want := crc32.ChecksumIEEE(block)
	for range 8 {
		group.Go(func() {
			for !done.Load() {
				for range 20 {
					if crc32.ChecksumIEEE(block) != want {
						wrong.Add(1)
					}
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	return func() error {
		done.Store(true)
		group.Wait()
		if n := wrong.Load(); n > 0 {
			return fmt.Errorf("%d wrong results", n)
		}
		return nil
	}
}
