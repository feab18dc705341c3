// Waiter waits by time.Sleep and by timers, in many goroutines at once, and
// prints for each kind the longest real time that one wait took.
package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

func main() {
	wait, err := time.ParseDuration(os.Args[1])
	if err != nil {
		panic(err)
	}
	var mu sync.Mutex
	longest := map[string]time.Duration{}
	var wg sync.WaitGroup
	for range 300 {
		for name, f := range map[string]func(){
			"sleep": func() { time.Sleep(wait) },
			"timer": func() { <-time.NewTimer(wait).C },
			"after": func() { <-time.After(wait) },
		} {
			wg.Add(1)
			go func() {
				defer wg.Done()
				started := time.Now()
				f()
				mu.Lock()
				longest[name] = max(longest[name], time.Since(started))
				mu.Unlock()
			}()
		}
	}
	wg.Wait()
	for _, name := range []string{"sleep", "timer", "after"} {
		fmt.Println(longest[name].Microseconds())
	}
}
