// Package recovery_test kills runs and proves that nothing of them stays: the
// suite's own promise, without which a throwaway environment is none.
package recovery_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/census"
	_ "github.com/fintrack/platform/test/kit/census/all"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
	"github.com/stretchr/testify/require"
)

// Bounds of this suite, as data.
var (
	stageWait   = 3 * time.Minute // until a run reaches the moment at which it is killed
	cleanupWait = 5 * time.Minute // until an interrupted run has destroyed what it made
)

// victim is a run of a module's suite that is to be killed.
type victim struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *output
	done chan error
}

// output is what a run says; it is read while the run goes on.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// tools are built once for all tests of the package.
var tools struct{ suite, janitor, root string }

func TestMain(m *testing.M) {
	paths, err := sandbox.FindPaths()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	dir, err := os.MkdirTemp("", "recovery")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	tools.root, tools.suite, tools.janitor = paths.Root, filepath.Join(dir, "vpc.test"), filepath.Join(dir, "janitor")
	for _, args := range [][]string{
		{"test", "-c", "-o", tools.suite, "./test/modules/vpc"},
		{"build", "-o", tools.janitor, "./test/cmd/janitor"},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = paths.Root, os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// setting is one test's ledger, and an emulator in it that outlives the runs.
type setting struct {
	run      *sandbox.Run
	emulator *sandbox.Emulator
}

func begin(t *testing.T) *setting {
	t.Helper()
	real, err := sandbox.FindPaths()
	require.NoError(t, err)
	cache := t.TempDir()
	for _, name := range []string{"fastclock", "mirror", "provider"} { // what takes long to make is shared
		if _, err := os.Stat(filepath.Join(real.Cache, name)); err == nil {
			require.NoError(t, os.Symlink(filepath.Join(real.Cache, name), filepath.Join(cache, name)))
		}
	}
	for _, k := range []string{"FINTRACK_PYTHON", "FINTRACK_TERRAFORM", "FINTRACK_PROVIDER_MIRROR"} {
		t.Setenv(k, real.Setting(k))
	}
	t.Setenv("FINTRACK_CACHE", cache)
	run, err := sandbox.Open("recovery")
	require.NoError(t, err)
	e, err := sandbox.StartEmulator(t.Context(), run.Paths, run.Ledger)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Stop(run.Ledger)) })
	return &setting{run: run, emulator: e}
}

func (s *setting) start(t *testing.T, env ...string) *victim {
	t.Helper()
	return s.startSuite(t, tools.suite, "TestModule", filepath.Join("test", "modules", "vpc"), env...)
}

// startSuite starts a test of a compiled suite, in the suite's own folder.
func (s *setting) startSuite(t *testing.T, program, test, folder string, env ...string) *victim {
	t.Helper()
	v := &victim{t: t, out: &output{}, done: make(chan error, 1)}
	v.cmd = exec.Command(program, "-test.run=^"+test+"$", "-test.timeout=0")
	v.cmd.Dir = filepath.Join(tools.root, folder)
	v.cmd.Env = append(append(os.Environ(), "FINTRACK_EMULATOR="+s.emulator.ID, "FINTRACK_RECOVERED=1"), env...)
	v.cmd.Stdout, v.cmd.Stderr = v.out, v.out
	v.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, v.cmd.Start())
	go func() { v.done <- v.cmd.Wait() }()
	return v
}

// entry returns the only environment in the ledger.
func (s *setting) entry(t *testing.T) ledger.Entry {
	t.Helper()
	entries, err := s.run.Ledger.Environments.List()
	require.NoError(t, err)
	require.Len(t, entries, 1)
	return entries[0]
}

// whenThereAre waits until the emulator holds at least n resources of the run
// that is under way.
func (s *setting) whenThereAre(t *testing.T, v *victim, n int) ledger.Entry {
	t.Helper()
	for end := time.Now().Add(stageWait); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-v.done:
			t.Fatalf("the run ended before it had made %d resources: %v\n%s", n, err, v.out)
		default:
		}
		entries, err := s.run.Ledger.Environments.List()
		require.NoError(t, err)
		if len(entries) == 1 && len(entries[0].Baseline) > 0 && len(s.left(t, entries[0])) >= n {
			return entries[0]
		}
	}
	t.Fatalf("the run made no %d resources within %s\n%s", n, stageWait, v.out)
	return ledger.Entry{}
}

// left lists what the account of a run holds beyond what it held before.
func (s *setting) left(t *testing.T, e ledger.Entry) []census.Resource {
	t.Helper()
	cfg, err := sandbox.EmulatedConfig(t.Context(), s.emulator.Endpoint, e.Account, e.Region)
	require.NoError(t, err)
	found, err := census.Take(t.Context(), cfg, census.Scope{Regions: e.Regions, Baseline: census.Known(e.Baseline), Own: true})
	require.NoError(t, err)
	return found.Resources()
}

func (s *setting) janitor(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), cleanupWait)
	defer cancel()
	cmd := exec.CommandContext(ctx, tools.janitor)
	cmd.Dir = tools.root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

func TestAKilledRunLeavesNothingAfterTheJanitor(t *testing.T) {
	for _, n := range []int{1, 12, 40} {
		t.Run(fmt.Sprintf("killed with %d resources made", n), func(t *testing.T) {
			s := begin(t)
			v := s.start(t)
			e := s.whenThereAre(t, v, n)
			require.NoError(t, syscall.Kill(v.cmd.Process.Pid, syscall.SIGKILL))
			require.Error(t, <-v.done)
			s.cleaned(t, e)
		})
	}
}

// cleaned has the janitor clean up after a killed run, and looks at what is left.
func (s *setting) cleaned(t *testing.T, e ledger.Entry) {
	t.Helper()
	require.NotEmpty(t, s.left(t, e), "there is something to clean up")
	require.Equal(t, e.ID, s.entry(t).ID, "the ledger knows the run")
	said := s.janitor(t)
	require.Contains(t, said, e.ID)
	require.Contains(t, said, "nothing left")
	require.Empty(t, s.left(t, e))
	entries, err := s.run.Ledger.Environments.List()
	require.NoError(t, err)
	require.Empty(t, entries)
	require.Empty(t, ours(t, e), "no process of the run is left")
}

// ours lists the processes that carry the run's id in their environment.
func ours(t *testing.T, e ledger.Entry) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	require.NoError(t, err)
	var out []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err == nil && strings.Contains(string(b), "FINTRACK_RUN="+e.ID+"\x00") {
			cmd, _ := os.ReadFile(filepath.Join(filepath.Dir(f), "cmdline"))
			out = append(out, strings.ReplaceAll(string(cmd), "\x00", " "))
		}
	}
	return out
}

func TestAnInterruptedRunDestroysWhatItMade(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			s := begin(t)
			v := s.start(t)
			e := s.whenThereAre(t, v, 10)
			require.NoError(t, syscall.Kill(v.cmd.Process.Pid, sig))
			select {
			case err := <-v.done:
				require.Error(t, err, "an interrupted run does not pass")
			case <-time.After(cleanupWait):
				t.Fatalf("still running %s after the signal\n%s", cleanupWait, v.out)
			}
			require.Empty(t, s.left(t, e), v.out.String())
			entries, err := s.run.Ledger.Environments.List()
			require.NoError(t, err)
			require.Empty(t, entries, v.out.String())
			require.Contains(t, v.out.String(), "then destroying")
		})
	}
}

func TestASecondSignalLeavesAtOnceWithTheLedgerIntact(t *testing.T) {
	s := begin(t)
	v := s.start(t)
	e := s.whenThereAre(t, v, 10)
	require.NoError(t, syscall.Kill(v.cmd.Process.Pid, syscall.SIGINT))
	time.Sleep(100 * time.Millisecond)
	require.NoError(t, syscall.Kill(v.cmd.Process.Pid, syscall.SIGINT))
	require.Error(t, <-v.done)
	require.Equal(t, 130, v.cmd.ProcessState.ExitCode(), v.out.String())
	require.Equal(t, e.ID, s.entry(t).ID)
	s.janitor(t)
	require.Empty(t, s.left(t, e))
}

func TestAnEmulatorThatDiesIsReportedAndTheNextStartRecovers(t *testing.T) {
	s := begin(t)
	v := s.start(t)
	s.whenThereAre(t, v, 10)
	require.NoError(t, s.emulator.Process.Stop(time.Second))
	err := <-v.done
	require.Error(t, err)
	require.Equal(t, 2, v.cmd.ProcessState.ExitCode(), v.out.String())
	require.Contains(t, v.out.String(), "has ended in the middle of the run")
	s.janitor(t)
	entries, err := s.run.Ledger.Environments.List()
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestBrokenTerraformIsShownInItsOwnWordsAndNothingIsApplied(t *testing.T) {
	s := begin(t)
	broken := filepath.Join(tools.root, "modules", "vpc")
	copied := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(copied, "modules", "vpc"), os.DirFS(broken)))
	require.NoError(t, os.WriteFile(filepath.Join(copied, "modules", "vpc", "broken.tf"), []byte("resource \"aws_vpc\" {\n"), 0o644))
	v := s.start(t, "FINTRACK_SOURCE="+copied)
	require.Error(t, <-v.done)
	require.Contains(t, v.out.String(), "broken.tf")
	require.Contains(t, v.out.String(), "Missing name for resource")
	entries, err := s.run.Ledger.Environments.List()
	require.NoError(t, err)
	require.Empty(t, entries)
}
