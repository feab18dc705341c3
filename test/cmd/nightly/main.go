// Nightly runs steps of scripts/, measures itself, and ends with a bundle of
// evidence: nightly STEP...
//
// SHARD=k/n runs one part; its bundle is joined with the others' by fintrack evidence
// merge. FINTRACK_EVIDENCE_KEY is the key to sign with, or FINTRACK_EVIDENCE_KMS that of
// AWS KMS; without them one is made and kept in the cache. FINTRACK_PUSHGATEWAY is where
// the metrics go beside the text file. FINTRACK_STEP_LIMIT is how long a step may take,
// FINTRACK_SERIES names the runs that this one is compared with.
//
// Exit codes are those of the steps, the worst of them; 1 when the evidence is not
// complete, 2 when the run was interrupted, 3 when an environment was left behind.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/fintrack/platform/test/kit/metrics"
	"github.com/fintrack/platform/test/kit/metrics/night"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// dividing are the steps that take SHARD themselves.
var dividing = []string{"test-modules"}

// Limits of a step. On a real account the platform takes one to one and a half hours,
// and what is broken off needs time to be destroyed.
const (
	stepLimit = 4 * time.Hour    // from its start to its interruption, without FINTRACK_STEP_LIMIT
	stopGrace = 40 * time.Minute // from its interruption to its kill
	lastWords = time.Minute      // for the metrics of a run that was interrupted
)

var errTooLong = errors.New("it took too long")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code, err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "nightly:", err)
	}
	os.Exit(code)
}

// nightly is one run.
type nightly struct {
	paths sandbox.Paths
	// dir is the run's folder, with a log for each attempt.
	dir  string
	part string
	// limit is how long a step may take.
	limit time.Duration
	// series is what the run is one of, as nightly or release.
	series string
}

func run(ctx context.Context, steps []string) (int, error) {
	paths, err := sandbox.FindPaths()
	if err != nil {
		return 2, err
	}
	n := &nightly{paths: paths, part: os.Getenv("SHARD"), limit: stepLimit, series: os.Getenv("FINTRACK_SERIES")}
	if text := os.Getenv("FINTRACK_STEP_LIMIT"); text != "" {
		if n.limit, err = time.ParseDuration(text); err != nil || n.limit <= 0 {
			return 2, fmt.Errorf("FINTRACK_STEP_LIMIT=%s: want a time that a step may take, as 90m", text)
		}
	}
	n.dir = filepath.Join(paths.Cache, "nightly", time.Now().UTC().Format("20060102-150405"))
	if steps, err = night.Share(steps, dividing, n.part); err != nil || len(steps) == 0 {
		return 2, errors.Join(err, fmt.Errorf("no step to run: name scripts of scripts/"))
	}
	if err := os.MkdirAll(n.dir, 0o755); err != nil {
		return 2, err
	}
	begun := filepath.Join(n.dir, "begun.json")
	if code, err := n.evidence(ctx, "begin", begun); code != 0 || err != nil {
		return 2, err
	}
	done, err := night.Run(ctx, steps, n.step, os.Stdout)
	if err != nil {
		return n.interrupted(ctx, done, err)
	}
	return n.conclude(ctx, done, begun)
}

// interrupted tells the metrics that the run came to no end. There is no bundle: most of
// it was not made.
func (n *nightly) interrupted(ctx context.Context, done []night.Step, why error) (int, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	m, err := n.measure(done, 0, false)
	return 2, errors.Join(fmt.Errorf("interrupted after %d steps: %w", len(done), why), err, n.tell(ctx, m))
}

// step runs a script of scripts/, to the screen and into a log.
func (n *nightly) step(ctx context.Context, name string, attempt int) (int, []string, error) {
	log, err := os.Create(filepath.Join(n.dir, fmt.Sprintf("%s-%d.log", name, attempt)))
	if err != nil {
		return 0, nil, err
	}
	defer log.Close()
	before, err := night.Journals(n.paths.Results())
	if err != nil {
		return 0, nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, n.limit, errTooLong)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(n.paths.Root, "scripts", name))
	// The script waits for what it started: all of them must hear of the interruption.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = stopGrace
	cmd.Dir = n.paths.Root
	cmd.Stdout, cmd.Stderr = io.MultiWriter(os.Stdout, log), io.MultiWriter(os.Stderr, log)
	for _, v := range os.Environ() {
		if name == dividing[0] || !strings.HasPrefix(v, "SHARD=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	code, err := exitOf(cmd.Run())
	if errors.Is(context.Cause(ctx), errTooLong) {
		err = fmt.Errorf("%w: more than %s (FINTRACK_STEP_LIMIT)", errTooLong, n.limit)
	}
	after, unread := night.Journals(n.paths.Results())
	return code, night.New(before, after), errors.Join(err, unread)
}

func exitOf(err error) (int, error) {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}

func (n *nightly) evidence(ctx context.Context, args ...string) (int, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(n.paths.Root, "scripts", "fintrack"), append([]string{"evidence"}, args...)...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return exitOf(cmd.Run())
}

// conclude writes the bundle and the metrics, and says how the night was.
func (n *nightly) conclude(ctx context.Context, done []night.Step, begun string) (int, error) {
	worst := night.Worst(done)
	gaps, code, err := n.bundle(ctx, done, begun)
	worst = max(worst, code)
	if err != nil {
		fmt.Fprintln(os.Stderr, "nightly: bundle:", err)
		worst = max(worst, 1)
	}
	m, err := n.measure(done, gaps, worst == 0)
	if err != nil {
		fmt.Fprintln(os.Stderr, "nightly: metrics:", err)
		worst = max(worst, 1)
	}
	if m.Left > 0 {
		worst = max(worst, 3)
	}
	for _, s := range done {
		said := fmt.Sprintf("exit code %d", s.Attempts[0].Exit)
		if s.Flaky() {
			said += ", then 0: flaky"
		}
		fmt.Printf("  %-20s %7.0fs  %s\n", s.Name, s.Attempts[0].Duration.Seconds(), said)
	}
	if err := n.tell(ctx, m); err != nil {
		return max(worst, 1), err
	}
	return worst, nil
}

// tell writes the metrics, and sends them where FINTRACK_PUSHGATEWAY says.
func (n *nightly) tell(ctx context.Context, m metrics.Night) error {
	file := filepath.Join(n.paths.Cache, "nightly", "nightly.prom")
	if err := metrics.Write(file, m); err != nil {
		return err
	}
	if err := relink(filepath.Join(n.paths.Cache, "nightly", "latest"), n.dir); err != nil {
		return err
	}
	fmt.Printf("nightly: %s; metrics: %s\n", m.Checks, file)
	if url := os.Getenv("FINTRACK_PUSHGATEWAY"); url != "" {
		return metrics.Push(ctx, url, m)
	}
	return nil
}

// bundle makes the bundle of the first attempts and returns the number of its gaps.
func (n *nightly) bundle(ctx context.Context, done []night.Step, begun string) (gaps, code int, err error) {
	var journals []string
	for _, s := range done {
		journals = append(journals, s.Attempts[0].Journals...)
	}
	if len(journals) == 0 {
		return 0, 0, fmt.Errorf("no step wrote results: there is no evidence of nothing")
	}
	flaky, err := night.Flaky(done)
	if err != nil {
		return 0, 0, err
	}
	runs, err := night.Runs(done)
	if err != nil {
		return 0, 0, err
	}
	list, steps := filepath.Join(n.dir, "flaky.json"), filepath.Join(n.dir, "steps.json")
	if err := errors.Join(writeJSON(list, flaky), writeJSON(steps, runs)); err != nil {
		return 0, 0, err
	}
	signing, err := n.signing(ctx)
	if err != nil {
		return 0, 0, err
	}
	home := filepath.Join(n.paths.Cache, "evidence")
	output, latest := filepath.Join(home, filepath.Base(n.dir)), filepath.Join(home, "latest")
	args := append([]string{"build", "--begun", begun, "--flaky", list, "--steps", steps, "--series", n.series, "--output", output}, signing...)
	if n.part != "" {
		args = append(args, "--shard", n.part)
	} else if before := previous(home, n.series); before != "" {
		args = append(args, "--previous", before)
	}
	if os.Getenv("FINTRACK_ALLOW_MODIFIED") != "" {
		args = append(args, "--allow-modified")
	}
	if code, err = n.evidence(ctx, append(args, journals...)...); err != nil || code > 1 {
		return 0, code, err
	}
	files, err := evidence.ReadFolder(output)
	if err != nil {
		return 0, code, err
	}
	b, err := evidence.Open(files)
	if err != nil {
		return 0, code, err
	}
	return len(b.Run.Gaps), code, relink(latest, output)
}

// previous finds the last whole bundle of a series in a folder of bundles, "" when there is
// none: a part is no link of the chain. Their names are the times of their runs.
func previous(home, series string) string {
	entries, err := os.ReadDir(home)
	if err != nil {
		return ""
	}
	for i := len(entries) - 1; i >= 0; i-- {
		if dir := filepath.Join(home, entries[i].Name()); entries[i].IsDir() {
			if files, err := evidence.ReadFolder(dir); err == nil {
				if b, err := evidence.Open(files); err == nil && b.Run.Shard == "" && b.Run.Series == series {
					return dir
				}
			}
		}
	}
	return ""
}

func writeJSON(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

// signing says with which key to sign: the one that was named, in a file or in AWS KMS,
// or one of this machine.
func (n *nightly) signing(ctx context.Context) ([]string, error) {
	file, kms := os.Getenv("FINTRACK_EVIDENCE_KEY"), os.Getenv("FINTRACK_EVIDENCE_KMS")
	switch {
	case file != "" && kms != "":
		return nil, fmt.Errorf("FINTRACK_EVIDENCE_KEY and FINTRACK_EVIDENCE_KMS are both set: a bundle is signed by one key")
	case file != "":
		return []string{"--key", file}, nil
	case kms != "":
		return []string{"--kms", kms}, nil
	}
	dir := filepath.Join(n.paths.Cache, "evidence-keys")
	file = filepath.Join(dir, "evidence.key")
	if _, err := os.Stat(file); err == nil {
		return []string{"--key", file}, nil
	}
	fmt.Printf("FINTRACK_EVIDENCE_KEY is not set: signing with a key of this machine, %s\n", file)
	if code, err := n.evidence(ctx, "key", dir); err != nil || code != 0 {
		return nil, fmt.Errorf("make a key in %s: exit code %d: %w", dir, code, err)
	}
	return []string{"--key", file}, nil
}

// measure says how the run was. What cannot be found out is an error, and the rest is
// said all the same: such a run is not good.
func (n *nightly) measure(done []night.Step, gaps int, good bool) (metrics.Night, error) {
	m := metrics.Night{Part: n.part, Gaps: gaps, Ended: time.Now()}
	for _, s := range done {
		m.Stages = append(m.Stages, metrics.Stage{Name: s.Name, Duration: s.Attempts[0].Duration, Failed: s.Failed(), Flaky: s.Flaky()})
	}
	results, unread := night.Results(done)
	m.Checks, m.Leaked = check.Tally(results), night.Leaked(results)
	left, unknown := n.left(m.Ended)
	m.Left = left
	m.Good = good && m.Left == 0 && unread == nil && unknown == nil
	var err error
	m.LastGood, err = n.lastGood(m.Ended, m.Good)
	return m, errors.Join(unread, unknown, err)
}

// left counts the environments that nobody works with any more.
func (n *nightly) left(now time.Time) (count int, err error) {
	l, err := ledger.Open(n.paths.Ledger())
	if err != nil {
		return 0, err
	}
	open, err := l.Environments.List()
	for _, e := range open {
		if e.Gone(now) {
			count++
		}
	}
	return count, err
}

// lastGood keeps when the last good run ended, of each part by itself.
func (n *nightly) lastGood(now time.Time, good bool) (time.Time, error) {
	file := filepath.Join(n.paths.Cache, "nightly", "last-good"+strings.ReplaceAll(n.part, "/", "of"))
	if good {
		return now, os.WriteFile(file, []byte(now.UTC().Format(time.RFC3339)+"\n"), 0o644)
	}
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
}

// relink points a link at a folder.
func relink(link, to string) error {
	if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
		return err
	}
	return os.Symlink(to, link)
}
