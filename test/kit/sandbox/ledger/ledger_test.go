package ledger_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/ledger"
	"github.com/stretchr/testify/require"
)

func entry(id string, p ledger.Process) ledger.Entry {
	return ledger.Entry{ID: id, Run: "r", Environment: "emulated", Account: "123456789012", Owner: p,
		Started: time.Now().UTC().Round(0), Expires: time.Now().Add(time.Hour).UTC().Round(0)}
}

func TestAnEntryIsReadBackAndStruck(t *testing.T) {
	l, err := ledger.Open(t.TempDir())
	require.NoError(t, err)
	want := entry("a", ledger.Self())
	require.NoError(t, l.Environments.Put("a", want))
	got, err := l.Environments.List()
	require.NoError(t, err)
	require.Equal(t, []ledger.Entry{want}, got)
	require.NoError(t, l.Environments.Remove("a"))
	require.NoError(t, l.Environments.Remove("a"), "striking twice is no error")
	_, err = l.Environments.Get("a")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestADamagedEntryIsNamedAndTheOthersAreStillListed(t *testing.T) {
	dir := t.TempDir()
	l, err := ledger.Open(dir)
	require.NoError(t, err)
	require.NoError(t, l.Environments.Put("good", entry("good", ledger.Self())))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "environments", "bad.json"), []byte("{"), 0o644))
	got, err := l.Environments.List()
	require.ErrorContains(t, err, "bad.json is damaged")
	require.Len(t, got, 1)
}

func TestAnUnwritablePlaceIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err := ledger.Open(filepath.Join(file, "ledger"))
	require.ErrorContains(t, err, file)
	require.ErrorContains(t, err, "FINTRACK_CACHE")
}

func TestAnEntryIsGoneWhenItsProcessHasEnded(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	require.NoError(t, cmd.Start())
	p := ledger.Of(cmd.Process.Pid)
	now := time.Now()
	require.True(t, p.Alive())
	require.False(t, entry("a", p).Gone(now))

	other := p
	other.Start = "1"
	require.False(t, other.Alive(), "the same number with another start is another process")

	require.NoError(t, cmd.Process.Kill())
	require.Eventually(t, func() bool { return !p.Alive() }, 5*time.Second, 5*time.Millisecond, "a zombie has ended")
	_ = cmd.Wait()
	require.True(t, entry("a", p).Gone(now))
}

func TestAKeptEntryIsGoneOnlyWhenItExpires(t *testing.T) {
	e := entry("a", ledger.Process{PID: 1 << 30, Start: "1"})
	e.Kept = true
	require.False(t, e.Gone(time.Now()))
	require.True(t, e.Gone(e.Expires.Add(time.Second)))
}

func TestStopEndsTheVeryProcess(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	require.NoError(t, cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	p := ledger.Of(cmd.Process.Pid)
	wrong := p
	wrong.Start = "1"
	require.NoError(t, wrong.Stop(time.Second))
	require.True(t, p.Alive(), "another process of that number is left alone")
	require.NoError(t, p.Stop(5*time.Second))
	require.Error(t, <-done)
}
