package suite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/stretchr/testify/require"
)

// engine is a stand-in for the docker program: it has one container of the label
// mine=1, and one of another's, and notes whom it removed.
const engine = `#!/bin/sh
case "$*" in
version) [ ! -e "$0.away" ] ;;
"ps -aq --filter label=mine=1") [ -e "$0.removed" ] || echo c1 ;;
"ps -aq --filter label=other=1") echo c2 ;;
"rm -f -v c1") echo "$DOCKER_HOST $*" >>"$0.removed" ;;
*) exit 1 ;;
esac
`

// holding is a suite with containers that was started, and waits.
func holding(t *testing.T, host string) (cmd *exec.Cmd, cache, docker string) {
	t.Helper()
	cache, docker = t.TempDir(), filepath.Join(t.TempDir(), "docker")
	require.NoError(t, os.WriteFile(docker, []byte(engine), 0o755))
	path := filepath.Dir(docker) + string(os.PathListSeparator) + os.Getenv("PATH")
	t.Setenv("PATH", path)
	cmd = exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), asSuite+"=1", "FINTRACK_CACHE="+cache, "DOCKER_HOST="+host)
	said, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line := bufio.NewScanner(said)
	for line.Scan() && line.Text() != "held" {
	}
	require.Equal(t, "held", line.Text())
	return cmd, cache, docker
}

// hold is what that suite does.
func hold(t *testing.T) {
	require.NoError(t, suite.Current().Contain("kind-x", "kind cluster", "mine=1"))
	fmt.Println("held")
	time.Sleep(time.Minute)
	t.Fatal("nobody ended it")
}

func TestContainersOfAKilledSuiteAreRemovedByTheNext(t *testing.T) {
	if os.Getenv(asSuite) != "" {
		hold(t)
		return
	}
	cmd, cache, docker := holding(t, "tcp://engine:2375")
	l, err := ledger.Open((sandbox.Paths{Cache: cache}).Ledger())
	require.NoError(t, err)
	tidy := func() []ledger.Background {
		_, err := sandbox.Tidy(context.Background(), l, time.Now())
		require.NoError(t, err)
		left, err := l.Background.List()
		require.NoError(t, err)
		return left
	}
	require.Len(t, tidy(), 1, "its owner works with them")
	require.NoFileExists(t, docker+".removed")

	require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
	_ = cmd.Wait()
	require.NoError(t, os.WriteFile(docker+".away", nil, 0o644))
	require.Len(t, tidy(), 1, "an engine that does not answer is asked again")
	require.NoError(t, os.Remove(docker+".away"))
	require.Empty(t, tidy())
	said, err := os.ReadFile(docker + ".removed")
	require.NoError(t, err)
	require.Equal(t, "tcp://engine:2375 rm -f -v c1\n", string(said), "on the engine that had them")
}

func TestContainersOfAnEngineThatHasGoneAreStruck(t *testing.T) {
	if os.Getenv(asSuite) != "" {
		hold(t)
		return
	}
	cmd, cache, docker := holding(t, "unix://"+filepath.Join(t.TempDir(), "docker.sock"))
	require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
	_ = cmd.Wait()
	l, err := ledger.Open((sandbox.Paths{Cache: cache}).Ledger())
	require.NoError(t, err)
	_, err = sandbox.Tidy(context.Background(), l, time.Now())
	require.NoError(t, err)
	left, err := l.Background.List()
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoFileExists(t, docker+".removed")
}

func TestAnInterruptedSuiteRemovesItsContainers(t *testing.T) {
	if os.Getenv(asSuite) != "" {
		hold(t)
		return
	}
	cmd, _, docker := holding(t, "")
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	var ended *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &ended)
	require.Equal(t, 2, ended.ExitCode())
	require.FileExists(t, docker+".removed")
}
