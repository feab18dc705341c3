// Nightly runs steps of scripts/, measures itself, and ends with a bundle of
// evidence: nightly STEP...
//
// SHARD=k/n runs one part; its bundle is joined with the others' by fintrack evidence
// merge. FINTRACK_EVIDENCE_KEY is the key to sign with, or FINTRACK_EVIDENCE_KMS that of
// AWS KMS; without them one is made and kept in the cache. FINTRACK_PUSHGATEWAY is where the metrics go beside the text file.
//
// Exit codes are those of the steps, the worst of them; 1 when the evidence is not
// complete.
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
}

func run(ctx context.Context, steps []string) (int, error) {
	paths, err := sandbox.FindPaths()
	if err != nil {
		return 2, err
	}
	n := &nightly{paths: paths, part: os.Getenv("SHARD")}
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
		return 2, err
	}
	return n.conclude(ctx, done, begun)
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
	cmd := exec.CommandContext(ctx, filepath.Join(n.paths.Root, "scripts", name))
	// The script waits for what it started: all of them must hear of the interruption.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.Dir = n.paths.Root
	cmd.Stdout, cmd.Stderr = io.MultiWriter(os.Stdout, log), io.MultiWriter(os.Stderr, log)
	for _, v := range os.Environ() {
		if name == dividing[0] || !strings.HasPrefix(v, "SHARD=") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	code, err := exitOf(cmd.Run())
	if err != nil {
		return 0, nil, err
	}
	after, err := night.Journals(n.paths.Results())
	return code, night.New(before, after), err
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
	m, merr := n.measure(done, gaps, worst == 0)
	if merr != nil {
		return max(worst, 1), merr
	}
	file := filepath.Join(n.paths.Cache, "nightly", "nightly.prom")
	if err := metrics.Write(file, m); err != nil {
		return max(worst, 1), err
	}
	if err := relink(filepath.Join(n.paths.Cache, "nightly", "latest"), n.dir); err != nil {
		return max(worst, 1), err
	}
	for _, s := range done {
		said := fmt.Sprintf("exit code %d", s.Attempts[0].Exit)
		if s.Flaky() {
			said += ", then 0: flaky"
		}
		fmt.Printf("  %-20s %7.0fs  %s\n", s.Name, s.Attempts[0].Duration.Seconds(), said)
	}
	fmt.Printf("nightly: %s; metrics: %s\n", m.Checks, file)
	if url := os.Getenv("FINTRACK_PUSHGATEWAY"); url != "" {
		if err := metrics.Push(ctx, url, m); err != nil {
			return max(worst, 1), err
		}
	}
	return worst, nil
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
	text, err := json.MarshalIndent(flaky, "", "  ")
	if err != nil {
		return 0, 0, err
	}
	list := filepath.Join(n.dir, "flaky.json")
	if err := os.WriteFile(list, text, 0o644); err != nil {
		return 0, 0, err
	}
	signing, err := n.signing(ctx)
	if err != nil {
		return 0, 0, err
	}
	home := filepath.Join(n.paths.Cache, "evidence")
	output, latest := filepath.Join(home, filepath.Base(n.dir)), filepath.Join(home, "latest")
	args := append([]string{"build", "--begun", begun, "--flaky", list, "--output", output}, signing...)
	if n.part != "" {
		args = append(args, "--shard", n.part)
	} else if before, err := evidence.ReadFolder(latest); err == nil {
		if b, err := evidence.Open(before); err == nil && b.Run.Shard == "" {
			args = append(args, "--previous", latest)
		}
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

func (n *nightly) measure(done []night.Step, gaps int, good bool) (metrics.Night, error) {
	results, err := night.Results(done)
	if err != nil {
		return metrics.Night{}, err
	}
	m := metrics.Night{Part: n.part, Checks: check.Tally(results), Gaps: gaps, Ended: time.Now()}
	for _, s := range done {
		m.Stages = append(m.Stages, metrics.Stage{Name: s.Name, Duration: s.Attempts[0].Duration, Failed: s.Failed(), Flaky: s.Flaky()})
	}
	l, err := ledger.Open(n.paths.Ledger())
	if err != nil {
		return m, err
	}
	open, err := l.Environments.List()
	if err != nil {
		return m, err
	}
	for _, e := range open {
		if e.Gone(m.Ended) {
			m.Left++
		}
	}
	m.LastGood, err = n.lastGood(m.Ended, good && m.Left == 0)
	return m, err
}

// lastGood keeps when the last good run ended.
func (n *nightly) lastGood(now time.Time, good bool) (time.Time, error) {
	file := filepath.Join(n.paths.Cache, "nightly", "last-good")
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
