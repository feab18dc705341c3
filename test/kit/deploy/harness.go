package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deployed"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/gruntwork-io/terratest/modules/logger"
)

// Exit codes of a suite's program.
const (
	ExitProven = 0 // every check passed
	ExitFailed = 1 // a check or a stage failed
	ExitSetup  = 2 // the run could not be made: bad input, a missing tool
	ExitLeft   = 3 // something was left behind
	exitAtOnce = 130
)

// harness is what the tests of one process share.
type harness struct {
	ctx       context.Context
	run       *sandbox.Run
	providers providers
	progress  *progress

	mu      sync.Mutex
	results []check.Result
	stages  map[string][]check.Stage
	left    bool
	setup   bool
	// deployed is what evidence must know of the run so far.
	deployed deployed.Record
}

var current *harness

// Main runs the tests of a suite as one run: signals cancel what is under way
// and destroy it, dead runs are recovered first, and the end is a table of all
// checks and an exit code that says how it went.
func Main(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	wd, err := os.Getwd()
	if err != nil {
		return refuse(err)
	}
	r, err := sandbox.Begin(filepath.Base(wd))
	if err != nil {
		return refuse(err)
	}
	ctx, stop := interruptible(context.Background())
	defer stop()
	h := &harness{ctx: ctx, run: r, progress: newProgress(os.Stdout)}
	current = h
	logger.Default = logger.Discard // terratest says each retry there; our stages say it better
	sandbox.Use(r)
	if err := RecoverDead(ctx, r); err != nil {
		_ = r.End()
		return refuse(err)
	}
	started := time.Now()
	code := m.Run()
	h.providers.stop()
	err = r.End()
	h.summary(time.Since(started))
	switch {
	case h.left:
		return ExitLeft
	case h.setup:
		return ExitSetup
	case err != nil:
		fmt.Fprintln(os.Stderr, "end of the run:", err)
		return max(code, ExitFailed)
	}
	return code
}

func refuse(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return ExitSetup
}

// interruptible returns a context that the first SIGINT, SIGTERM or SIGHUP ends;
// a second one ends the process at once, the ledger as it is.
func interruptible(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		s, ok := <-signals
		if !ok {
			return
		}
		fmt.Fprintf(os.Stderr, "\n%s: stopping what is under way, then destroying; a second signal leaves at once and the next run cleans up\n", s)
		cancel(fmt.Errorf("%w by %s", errInterrupted, s))
		if _, ok := <-signals; ok {
			fmt.Fprintln(os.Stderr, "left at once; the ledger is intact: the next run, or make janitor, destroys what remains")
			os.Exit(exitAtOnce)
		}
	}()
	return ctx, func() { signal.Stop(signals); close(signals); cancel(nil) }
}

var errInterrupted = errors.New("interrupted")

// RecoverDead has the janitor destroy what runs left whose process is gone. It
// is a program of its own, since it must know every service, and a suite links
// only the ones that it needs.
func RecoverDead(ctx context.Context, r *sandbox.Run) error {
	if os.Getenv("FINTRACK_RECOVERED") != "" {
		return nil
	}
	need, err := r.Tidy(ctx)
	if err != nil || !need {
		return err
	}
	fmt.Fprintln(os.Stderr, "an earlier run was killed: the janitor destroys what it left")
	cmd := exec.CommandContext(ctx, filepath.Join(r.Paths.Root, "scripts", "janitor"))
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: recover an earlier run by scripts/janitor: %w", sandbox.ErrSetup, err)
	}
	return nil
}

func (h *harness) collect(rs []check.Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.results = append(h.results, rs...)
}

// timed keeps the stage times of a deployment and writes those of the run so
// far beside its journal.
func (h *harness) timed(suite string, stages []check.Stage) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stages == nil {
		h.stages = map[string][]check.Stage{}
	}
	h.stages[suite] = stages
	b, err := json.MarshalIndent(h.stages, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(StagesFile(h.run.JournalPath), append(b, '\n'), 0o644)
}

// StagesFile is the file with the stage times of the run whose results journal
// is given.
func StagesFile(journal string) string { return strings.TrimSuffix(journal, ".jsonl") + ".stages.json" }

// note keeps what a failure means for the exit code.
func (h *harness) note(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.setup = h.setup || errors.Is(err, sandbox.ErrSetup)
	h.left = h.left || errors.Is(err, ErrLeft)
}

func (h *harness) summary(took time.Duration) {
	if len(h.results) == 0 {
		return
	}
	fmt.Println()
	if err := check.WriteTable(os.Stdout, h.results); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	fmt.Printf("\n%s: %s in %.1fs; environment: %s; results: %s\n", h.run.Suite, check.Tally(h.results), took.Seconds(), h.run.Environment, h.run.JournalPath)
}
