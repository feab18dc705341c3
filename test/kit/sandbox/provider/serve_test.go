package provider_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/provider"
	"github.com/stretchr/testify/require"
)

// says is a line of shell that prints what a provider in debug mode prints; $$ is
// the number of the shell's own process.
func says(socket string) string {
	return fmt.Sprintf(`printf '\tTF_REATTACH_PROVIDERS='"'"'{"registry.terraform.io/hashicorp/aws":{"Protocol":"grpc","ProtocolVersion":5,"Pid":%%d,"Test":true,"Addr":{"Network":"unix","String":"%s"}}}'"'"'\n' $$`, socket)
}

// script is an installation of a shell script in the place of the provider.
func script(t *testing.T, lines ...string) *provider.Installation {
	t.Helper()
	path := filepath.Join(t.TempDir(), "provider")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+strings.Join(lines, "\n")+"\n"), 0o755))
	return &provider.Installation{Program: path}
}

// serve serves an installation until the test ends; the log's path comes with it.
func serve(t *testing.T, in *provider.Installation, env ...string) (*provider.Process, string, error) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "provider.log")
	p, err := provider.Serve(t.Context(), in, env, log)
	if err == nil {
		t.Cleanup(p.Stop)
	}
	return p, log, err
}

func TestAServedProviderSaysHowToReachIt(t *testing.T) {
	t.Cleanup(provider.Bounds(20*time.Second, 3*time.Second))
	socket := filepath.Join(t.TempDir(), "socket")
	require.NoError(t, os.WriteFile(socket, nil, 0o600))
	p, log, err := serve(t, script(t,
		`echo "argument $1, endpoint $AWS_ENDPOINT_URL"`,
		`echo to the log >&2`,
		`echo 'set the TF_REATTACH_PROVIDERS environment variable with the following:'`,
		`head -c 3000000 /dev/zero | tr '\0' x; echo`, // a line that no buffer holds
		says(socket),
		says("again"),
		`exec sleep 60`), "AWS_ENDPOINT_URL=http://127.0.0.1:1")
	require.NoError(t, err)
	require.True(t, p.Alive())
	require.JSONEq(t, fmt.Sprintf(`{"registry.terraform.io/hashicorp/aws":{"Protocol":"grpc","ProtocolVersion":5,"Pid":%d,"Test":true,"Addr":{"Network":"unix","String":%q}}}`, p.PID(), socket), p.Reattach())
	require.Eventually(t, func() bool {
		b, err := os.ReadFile(log)
		return err == nil && strings.Contains(string(b), "argument -debug, endpoint http://127.0.0.1:1") && strings.Contains(string(b), "to the log")
	}, 10*time.Second, 20*time.Millisecond)

	group, err := syscall.Getpgid(p.PID())
	require.NoError(t, err)
	require.Equal(t, p.PID(), group, "a terminal's Ctrl-C goes to another group")

	memory, err := p.Memory()
	require.NoError(t, err)
	require.Greater(t, memory, int64(100<<10))
	p.Stop()
	p.Stop()
	require.False(t, p.Alive())
	require.NoFileExists(t, socket)
	require.ErrorIs(t, syscall.Kill(-group, 0), syscall.ESRCH, "nothing of its group is left")
}

func TestAProviderThatWillNotEndIsKilledWithItsChildren(t *testing.T) {
	t.Cleanup(provider.Bounds(20*time.Second, 200*time.Millisecond))
	p, _, err := serve(t, script(t, `trap '' INT TERM`, says("none"), `sleep 60 & sleep 60; sleep 60; sleep 60`))
	require.NoError(t, err)
	started := time.Now()
	p.Stop()
	require.False(t, p.Alive())
	require.Less(t, time.Since(started), 10*time.Second)
	require.Eventually(t, func() bool { return syscall.Kill(-p.PID(), 0) == syscall.ESRCH }, 5*time.Second, 20*time.Millisecond)
}

func TestAProviderThatCannotBeServedIsExplained(t *testing.T) {
	t.Cleanup(provider.Bounds(500*time.Millisecond, 100*time.Millisecond))
	for name, c := range map[string]struct {
		lines []string
		says  string
	}{
		"ends at once":              {[]string{`echo no such schema >&2`, `exit 3`}, "the provider ended at once (exit status 3)"},
		"shows its log":             {[]string{`echo no such schema >&2`, `exit 3`}, "ends with:\nno such schema"},
		"says nothing":              {[]string{`exec sleep 60`}, "did not announce itself within 500ms"},
		"closes its output":         {[]string{`exec sleep 60 >&-`}, "did not announce itself within 500ms"},
		"announces nonsense":        {[]string{`echo "TF_REATTACH_PROVIDERS='nonsense'"`, `exec sleep 60`}, `announcement "nonsense"`},
		"announces another one":     {[]string{`echo "TF_REATTACH_PROVIDERS='{}'"`, `exec sleep 60`}, "does not say how to reach registry.terraform.io/hashicorp/aws"},
		"announces another process": {[]string{`sh -c '` + strings.ReplaceAll(says("x"), "'", `'"'"'`) + `'`, `sleep 60`}, "the provider announced process"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := serve(t, script(t, c.lines...))
			require.ErrorContains(t, err, c.says)
		})
	}
	_, _, err := serve(t, &provider.Installation{Program: filepath.Join(t.TempDir(), "gone")})
	require.ErrorIs(t, err, os.ErrNotExist)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = provider.Serve(ctx, script(t, `exec sleep 60`), nil, filepath.Join(t.TempDir(), "log"))
	require.ErrorIs(t, err, context.Canceled)
}

func TestCompressedTimeIsServedOnlyToThisMachine(t *testing.T) {
	in := provider.Compressed(script(t, `test -z "$AWS_PROFILE" && test "$AWS_CONFIG_FILE" = /dev/null || exit 9`, says("none"), `exec sleep 60`).Program)
	t.Setenv("AWS_PROFILE", "production")
	t.Setenv("AWS_ENDPOINT_URL", "")
	for _, env := range [][]string{
		nil,
		{"AWS_ENDPOINT_URL=https://sts.us-east-1.amazonaws.com"},
		{"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ENDPOINT_URL="},
		{"AWS_ENDPOINT_URL=http://127.0.0.1.example.com"},
		{"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ENDPOINT_URL_RDS=https://rds.us-east-1.amazonaws.com"},
		{"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"},
	} {
		_, _, err := serve(t, in, env...)
		require.ErrorIs(t, err, provider.ErrReal, "%v", env)
	}
	for _, endpoint := range []string{"http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"} {
		_, _, err := serve(t, in, "AWS_ENDPOINT_URL="+endpoint)
		require.NoError(t, err)
	}
}

func TestAnAnnouncementIsReadWhateverItsQuotes(t *testing.T) {
	const value = `{"registry.terraform.io/hashicorp/aws":{"Protocol":"grpc","ProtocolVersion":5,"Pid":7,"Test":true,"Addr":{"Network":"unix","String":"/run/it's"}}}`
	for _, line := range []string{
		"TF_REATTACH_PROVIDERS=" + value,
		"\tTF_REATTACH_PROVIDERS='" + strings.ReplaceAll(value, "'", `'"'"'`) + "'\r\n",
		"export TF_REATTACH_PROVIDERS='" + strings.ReplaceAll(value, "'", `'"'"'`) + "'",
	} {
		got, pid, socket, ok, err := provider.ReadAnnouncement(line)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, value, got)
		require.Equal(t, 7, pid)
		require.Equal(t, "/run/it's", socket)
	}
	_, _, socket, ok, err := provider.ReadAnnouncement("TF_REATTACH_PROVIDERS=" + strings.Replace(value, "unix", "tcp", 1))
	require.NoError(t, err)
	require.True(t, ok)
	require.Empty(t, socket, "an address on the network is no file to remove")
	_, _, _, ok, err = provider.ReadAnnouncement("set the TF_REATTACH_PROVIDERS environment variable with the following:")
	require.NoError(t, err)
	require.False(t, ok)
}

func FuzzReadAnnouncement(f *testing.F) {
	f.Add(`TF_REATTACH_PROVIDERS='{"registry.terraform.io/hashicorp/aws":{"Protocol":"grpc","Pid":7,"Addr":{"Network":"unix","String":"/s"}}}'`)
	f.Add("TF_REATTACH_PROVIDERS='")
	f.Fuzz(func(t *testing.T, line string) {
		value, pid, _, ok, err := provider.ReadAnnouncement(line)
		if ok && (err != nil || value == "" || pid <= 0) {
			t.Errorf("%q was read as %q, process %d, error %v", line, value, pid, err)
		}
	})
}
