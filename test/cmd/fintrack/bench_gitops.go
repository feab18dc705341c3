package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/fintrack/platform/test/kit/gitops/plain"
	"github.com/fintrack/platform/test/kit/sandbox"
)

// benchEnvironment is the one that is measured.
const benchEnvironment = "prod"

// benchRounds is how often both ways are measured, in turns. The least time of each
// counts: what else the machine does can only add to it.
const benchRounds = 3

// cost is what programs took, one after another.
type cost struct {
	runs      int
	took, cpu time.Duration
	peak      int64 // bytes of the largest one
}

func (c *cost) add(o cost) {
	c.runs, c.took, c.cpu, c.peak = c.runs+o.runs, c.took+o.took, c.cpu+o.cpu, max(c.peak, o.peak)
}

// least is the one that took less time.
func least(a, b cost) cost {
	if a.runs == 0 || b.took < a.took {
		return b
	}
	return a
}

// row is one of the table.
func (c cost) row(name string) string {
	return fmt.Sprintf("| %s | %d | %.1f | %.1f | %d |\n", name, c.runs, c.took.Seconds(), c.cpu.Seconds(), c.peak>>20)
}

// gitopsBench holds our offline engine against helm template and gator test.
type gitopsBench struct {
	root, offline, helm, gator string
	folder                     string
}

// sample is what one tree took, both ways, and what they said of it.
type sample struct {
	judged            plain.Judged
	ours, helm, gator cost
	verdict           plain.Verdict
}

// benchGitops measures how long it takes to render every Application of an environment
// and to judge it by every constraint: with our engine, in one process, and with helm
// template and gator test, each once for each Application. A figure is printed only
// when both do the same work: nothing is refused of the tree as it is, and a planted
// violation is seen by both.
func benchGitops(ctx context.Context) error {
	paths, err := sandbox.FindPaths()
	if err != nil {
		return err
	}
	b := gitopsBench{root: paths.Root, offline: filepath.Join(paths.Cache, "bin", "offline")}
	if err := b.build(ctx); err != nil {
		return err
	}
	if b.folder, err = os.MkdirTemp("", "fintrack-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.folder)
	// The planted one first: what the disk must read is read then.
	planted, err := b.measure(ctx, "planted", 1, "--plant")
	if err != nil {
		return err
	}
	clean, err := b.measure(ctx, "clean", benchRounds)
	if err != nil {
		return err
	}
	if err := plain.Comparable(clean.verdict, planted.verdict); err != nil {
		return errFailed{code: 1, what: "no figure: " + err.Error()}
	}
	clean.print(planted.verdict.Ours)
	return nil
}

// build builds the three programs, which links much the first time.
func (b *gitopsBench) build(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", b.offline, "./test/cmd/offline")
	cmd.Dir, cmd.Stderr = b.root, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: build test/cmd/offline: %w", sandbox.ErrSetup, err)
	}
	for name, program := range map[string]*string{"helm": &b.helm, "gator": &b.gator} {
		cmd := exec.CommandContext(ctx, filepath.Join(b.root, "scripts", "build-tool"), name)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("%w: build tools/%s: %w", sandbox.ErrSetup, name, err)
		}
		*program = strings.TrimSpace(string(out))
	}
	return nil
}

// measure lays out a tree and judges it both ways, in rounds. Verdicts are those of all
// rounds together.
func (b *gitopsBench) measure(ctx context.Context, name string, rounds int, args ...string) (s sample, err error) {
	folder := filepath.Join(b.folder, name)
	rendered := filepath.Join(folder, "rendered")
	if err := os.MkdirAll(rendered, 0o755); err != nil {
		return s, err
	}
	out, _, err := b.run(ctx, b.offline, append([]string{"lay-out", benchEnvironment, folder}, args...)...)
	if err != nil {
		return s, err
	}
	var l plain.Layout
	if err := json.Unmarshal(out, &l); err != nil {
		return s, fmt.Errorf("read the layout: %w", err)
	}
	for range rounds {
		one, err := b.round(ctx, l, folder, rendered)
		if err != nil {
			return s, err
		}
		s.judged = one.judged
		s.ours, s.helm, s.gator = least(s.ours, one.ours), least(s.helm, one.helm), least(s.gator, one.gator)
		s.verdict.Ours, s.verdict.Plain = append(s.verdict.Ours, one.verdict.Ours...), append(s.verdict.Plain, one.verdict.Plain...)
	}
	return s, nil
}

// round judges a tree once, both ways.
func (b *gitopsBench) round(ctx context.Context, l plain.Layout, folder, rendered string) (s sample, err error) {
	var out []byte
	out, s.ours, err = b.run(ctx, b.offline, "judge", benchEnvironment, "--tree", filepath.Join(folder, "tree"))
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(out, &s.judged); err != nil {
		return s, fmt.Errorf("read what our engine says: %w", err)
	}
	if s.judged.Applications != len(l.Applications) || s.judged.Constraints == 0 {
		return s, fmt.Errorf("our engine judged %d Applications by %d constraints, laid out are %d Applications", s.judged.Applications, s.judged.Constraints, len(l.Applications))
	}
	s.verdict.Ours = s.judged.Violations
	if err := b.template(ctx, l, rendered, &s); err != nil {
		return s, err
	}
	return s, b.judge(ctx, l, rendered, &s)
}

// template renders each Application with helm.
func (b *gitopsBench) template(ctx context.Context, l plain.Layout, rendered string, s *sample) error {
	for _, a := range l.Applications {
		var texts []byte
		for _, r := range a.Releases {
			out, c, err := b.run(ctx, b.helm, l.Template(r)...)
			if err != nil {
				return fmt.Errorf("the Application %s: %w", a.Name, err)
			}
			s.helm.add(c)
			texts = append(append(texts, "\n---\n"...), out...)
		}
		if len(a.Releases) == 0 {
			continue // plain files, or a chart that is not at hand
		}
		if err := os.WriteFile(a.Rendered(rendered), texts, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// judge judges each Application with gator, whose exit code is 1 when a policy refuses
// something.
func (b *gitopsBench) judge(ctx context.Context, l plain.Layout, rendered string, s *sample) error {
	for _, a := range l.Applications {
		if len(a.Releases)+len(a.Folders) == 0 {
			continue // a chart that is not at hand
		}
		out, c, err := b.run(ctx, b.gator, l.Judge(a, rendered)...)
		var exit *exec.ExitError
		refused := errors.As(err, &exit) && exit.ExitCode() == 1 && len(out) > 0
		if err != nil && !refused {
			return fmt.Errorf("the Application %s: %w", a.Name, err)
		}
		found, err := plain.ReadGator(out)
		if err != nil {
			return fmt.Errorf("the Application %s: %w", a.Name, err)
		}
		if refused != (len(found) > 0) {
			return fmt.Errorf("the Application %s: gator test refuses it: %t, and prints %d violations", a.Name, refused, len(found))
		}
		s.gator.add(c)
		s.verdict.Plain = append(s.verdict.Plain, found...)
	}
	return nil
}

// run runs a program to its end. Its peak is what the kernel counted for it
// (getrusage(2)), at the least that of this program, which is smaller than each.
func (b *gitopsBench) run(ctx context.Context, program string, args ...string) ([]byte, cost, error) {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Stderr = b.root, &said
	cmd.Env = append(os.Environ(), "HELM_CONFIG_HOME="+b.folder, "HELM_CACHE_HOME="+b.folder, "HELM_DATA_HOME="+b.folder)
	started := time.Now()
	out, err := cmd.Output()
	c := cost{runs: 1, took: time.Since(started)}
	if state := cmd.ProcessState; state != nil {
		c.cpu = state.UserTime() + state.SystemTime()
		if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
			c.peak = usage.Maxrss
			if runtime.GOOS == "linux" {
				c.peak *= 1024 // KiB there, bytes on macOS
			}
		}
	}
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", filepath.Base(program), args[0], err, strings.TrimSpace(said.String()))
	}
	return out, c, err
}

// print prints the table of the documentation.
func (s sample) print(planted []plain.Violation) {
	var both cost
	both.add(s.helm)
	both.add(s.gator)
	fmt.Printf("%s: %d Applications, %d objects, %d constraints, on %d cores (%s/%s), the least of %d rounds%s\n\n", benchEnvironment, s.judged.Applications, s.judged.Objects, s.judged.Constraints,
		runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, benchRounds, load())
	fmt.Print("| | processes | seconds | CPU seconds | peak MiB |\n|---|---|---|---|---|\n")
	fmt.Print(s.ours.row("this suite"), s.helm.row("`helm template`"), s.gator.row("`gator test`"), both.row("both, once per Application"))
	fmt.Printf("\n%.1f times faster, %.1f times less CPU\n", both.took.Seconds()/s.ours.took.Seconds(), both.cpu.Seconds()/s.ours.cpu.Seconds())
	fmt.Printf("both find nothing in the tree as it is, and in one with a planted violation: %s\n", planted[0])
}

// load is what else the machine does, where it says so (proc(5), loadavg).
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return ""
	}
	return ", load average " + fields[0] + " after it, " + fields[1] + " over five minutes"
}
