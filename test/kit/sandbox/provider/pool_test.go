package provider_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/provider"
	"github.com/stretchr/testify/require"
)

// unlimited never replaces a process.
var unlimited = provider.Limits{Memory: 1 << 40, Uses: 1 << 20}

func pool(t *testing.T, size int, limits provider.Limits) *provider.Pool {
	t.Helper()
	p := provider.NewPool(script(t, says("none"), `exec sleep 60`), size, t.TempDir(), limits, provider.Watch{})
	t.Cleanup(p.Close)
	return p
}

func acquire(t *testing.T, p *provider.Pool, env ...string) *provider.Process {
	t.Helper()
	process, err := p.Acquire(t.Context(), env)
	require.NoError(t, err)
	require.True(t, process.Alive())
	return process
}

func TestAPoolLendsAProcessToOneAtATimeAndAgain(t *testing.T) {
	p := pool(t, 2, unlimited)
	one, two := acquire(t, p), acquire(t, p)
	require.NotEqual(t, one.PID(), two.PID())
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := p.Acquire(ctx, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded, "both are lent")
	p.Release(one)
	p.Release(one) // a second time does nothing
	require.Equal(t, one.PID(), acquire(t, p).PID())
	_, err = p.Acquire(ctx, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded, "a second release gave no second place")
}

func TestAPoolUnderLoadKeepsToItsSize(t *testing.T) {
	const size = 3
	p := pool(t, size, provider.Limits{Memory: 1 << 40, Uses: 5})
	var lent, most atomic.Int32
	var mu sync.Mutex
	pids := map[int]bool{}
	inUse := map[int]bool{}
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			process, err := p.Acquire(t.Context(), []string{"AWS_REGION=" + []string{"us-east-1", "eu-west-1"}[i%2]})
			if err != nil {
				t.Error(err)
				return
			}
			n := lent.Add(1)
			mu.Lock()
			most.Store(max(most.Load(), n))
			if inUse[process.PID()] {
				t.Errorf("process %d is lent twice", process.PID())
			}
			inUse[process.PID()], pids[process.PID()] = true, true
			mu.Unlock()
			time.Sleep(5 * time.Millisecond)
			mu.Lock()
			delete(inUse, process.PID())
			mu.Unlock()
			lent.Add(-1)
			p.Release(process)
		})
	}
	group.Wait()
	require.LessOrEqual(t, most.Load(), int32(size))
	require.GreaterOrEqual(t, len(pids), 8, "each serves 5 of 40 at most")
	p.Close()
	for pid := range pids {
		require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
	}
}

func TestAProcessIsLentToTheSameEnvironmentAlone(t *testing.T) {
	p := pool(t, 1, unlimited)
	first := acquire(t, p, "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=one", "FINTRACK_RUN=one")
	p.Release(first)
	second := acquire(t, p, "FINTRACK_RUN=two", "AWS_ACCESS_KEY_ID=two", "AWS_REGION=us-east-1")
	require.Equal(t, first.PID(), second.PID(), "keys come with the configuration")
	p.Release(second)
	third := acquire(t, p, "AWS_REGION=eu-west-1")
	require.NotEqual(t, first.PID(), third.PID())
	require.False(t, first.Alive(), "it made room for one with another region")
}

func TestASpentOrDeadProcessIsReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		limits provider.Limits
		harm   func(*provider.Process)
	}{
		"it served enough":      {provider.Limits{Memory: 1 << 40, Uses: 1}, func(*provider.Process) {}},
		"it grew":               {provider.Limits{Memory: 1 << 10, Uses: 9}, func(*provider.Process) {}},
		"it died while lent":    {unlimited, (*provider.Process).Stop},
		"it died while it idle": {unlimited, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := pool(t, 1, c.limits)
			first := acquire(t, p)
			if c.harm != nil {
				c.harm(first)
			}
			p.Release(first)
			if c.harm == nil {
				first.Stop()
			}
			second := acquire(t, p)
			require.NotEqual(t, first.PID(), second.PID())
			require.False(t, first.Alive())
		})
	}
}

func TestAProcessThatCannotStartTakesNoPlace(t *testing.T) {
	program := filepath.Join(t.TempDir(), "provider")
	p := provider.NewPool(&provider.Installation{Program: program}, 1, t.TempDir(), unlimited, provider.Watch{})
	t.Cleanup(p.Close)
	_, err := p.Acquire(t.Context(), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	b, err := os.ReadFile(script(t, says("none"), `exec sleep 60`).Program)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(program, b, 0o755))
	acquire(t, p)
}

func TestAWatchIsToldOfEveryProcess(t *testing.T) {
	running := map[int]bool{}
	watch := provider.Watch{
		Started: func(p *provider.Process) error { running[p.PID()] = true; return nil },
		Stopped: func(p *provider.Process) { delete(running, p.PID()) },
	}
	p := provider.NewPool(script(t, says("none"), `exec sleep 60`), 2, t.TempDir(), provider.Limits{Memory: 1 << 40, Uses: 1}, watch)
	t.Cleanup(p.Close)
	spent, lent := acquire(t, p), acquire(t, p)
	require.Equal(t, map[int]bool{spent.PID(): true, lent.PID(): true}, running)
	p.Release(spent)
	require.Equal(t, map[int]bool{lent.PID(): true}, running)
	p.Close()
	require.Empty(t, running)
}

func TestAProcessThatTheWatchCannotRecordIsStopped(t *testing.T) {
	var pid int
	watch := provider.Watch{Started: func(p *provider.Process) error { pid = p.PID(); return os.ErrPermission }}
	p := provider.NewPool(script(t, says("none"), `exec sleep 60`), 1, t.TempDir(), unlimited, watch)
	t.Cleanup(p.Close)
	_, err := p.Acquire(t.Context(), nil)
	require.ErrorIs(t, err, os.ErrPermission)
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
}

func TestAClosedPoolStopsWhatItLentAndLendsNoMore(t *testing.T) {
	p := pool(t, 2, unlimited)
	lent, idle := acquire(t, p), acquire(t, p)
	p.Release(idle)
	p.Close()
	require.False(t, lent.Alive())
	require.False(t, idle.Alive())
	p.Release(lent)
	_, err := p.Acquire(t.Context(), nil)
	require.ErrorIs(t, err, provider.ErrClosed)
}
