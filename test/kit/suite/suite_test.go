package suite_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/ledger"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/stretchr/testify/require"
)

// asSuite makes this program a suite whose one test starts a process and waits.
const asSuite = "FINTRACK_SUITE_WAITS"

func TestMain(m *testing.M) {
	if os.Getenv(asSuite) != "" {
		os.Exit(suite.Main(m, "waits", "offline"))
	}
	os.Exit(m.Run())
}

func TestAnInterruptedSuiteStopsWhatItStarted(t *testing.T) {
	if os.Getenv(asSuite) != "" {
		wait(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestAnInterruptedSuiteStopsWhatItStarted$")
	cmd.Env = append(os.Environ(), asSuite+"=1", "FINTRACK_CACHE="+t.TempDir())
	said, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var started ledger.Process
	line := bufio.NewScanner(said)
	for line.Scan() {
		if pid, found := strings.CutPrefix(line.Text(), "started "); found {
			_, err := fmt.Sscan(pid, &started.PID)
			require.NoError(t, err)
			break
		}
	}
	started = ledger.Of(started.PID)
	require.True(t, started.Alive())
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	var ended *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &ended)
	require.Equal(t, 2, ended.ExitCode())
	require.False(t, started.Alive(), "the process of the interrupted suite still runs")
}

// wait starts a process in a session of its own, as the kit does, and waits for the
// signal.
func wait(t *testing.T) {
	cmd := exec.Command("sleep", "600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	require.NoError(t, cmd.Start())
	go func() { _ = cmd.Wait() }()
	l := suite.Current().Ledger
	require.NoError(t, l.Background.Put("sleep", ledger.Background{ID: "sleep", Kind: "controller", Process: ledger.Of(cmd.Process.Pid), Owner: ledger.Self(), Started: time.Now()}))
	fmt.Println("started", cmd.Process.Pid)
	time.Sleep(time.Minute)
	t.Fatal("nobody interrupted")
}
