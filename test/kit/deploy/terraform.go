package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
	"github.com/gruntwork-io/terratest/modules/logger"
	tt "github.com/gruntwork-io/terratest/modules/terraform"
	ttesting "github.com/gruntwork-io/terratest/modules/testing"
	tfjson "github.com/hashicorp/terraform-json"
)

// Bounds of Terraform's stages, as data. On a real account an EKS cluster alone
// takes 10 to 15 minutes.
var (
	bounds = map[string]map[string]time.Duration{
		"emulated": {"init": 5 * time.Minute, "validate": 2 * time.Minute, "plan": 5 * time.Minute, "apply": 15 * time.Minute, "destroy": 15 * time.Minute},
		"aws":      {"init": 5 * time.Minute, "validate": 2 * time.Minute, "plan": 15 * time.Minute, "apply": 90 * time.Minute, "destroy": 90 * time.Minute},
	}
	// interruptGrace is how long an interrupted Terraform may take to write its state.
	interruptGrace = 60 * time.Second
)

func bound(env sandbox.Environment, stage string) time.Duration {
	kind := "emulated"
	if !env.EmulatesAWS() {
		kind = "aws"
	}
	return bounds[kind][stage]
}

// terraform runs Terraform in one folder, through terratest.
type terraform struct {
	t    testing.TB
	env  sandbox.Environment
	opts *tt.Options
	pid  string
	// program is Terraform itself, without the shim.
	program string
}

// newTerraform prepares a runner for the root module in dir; the label tells its
// files from those of other runners in the environment. The program is started through a shim that puts it into a session of its own, so that a
// terminal's Ctrl-C reaches it through us alone: a second interrupt makes
// Terraform drop its state.
func newTerraform(t testing.TB, s *sandbox.Sandbox, dir, label string, env map[string]string) (*terraform, error) {
	program := s.Run.Paths.Setting("FINTRACK_TERRAFORM")
	if program == "" {
		program = "terraform"
	}
	program, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("%w: %w: run scripts/bootstrap", sandbox.ErrSetup, err)
	}
	tf := &terraform{t: t, env: s.Run.Environment, program: program, pid: filepath.Join(s.Dir, label+pidFile)}
	shim := filepath.Join(s.Dir, label+"terraform.sh")
	script := fmt.Sprintf("#!/bin/sh\necho $$ > '%s'\ncommand -v setsid >/dev/null && exec setsid '%s' \"$@\"\nexec '%s' \"$@\"\n", tf.pid, program, program)
	if err := os.WriteFile(shim, []byte(script), 0o755); err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	logs, err := os.OpenFile(logFile(s, label), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	t.Cleanup(func() { logs.Close() })
	tf.opts = &tt.Options{
		TerraformBinary: shim, TerraformDir: dir, EnvVars: env, NoColor: true, Lock: true,
		PlanFilePath: filepath.Join(dir, "tfplan"), Logger: logger.New(&fileLogger{out: logs}),
	}
	return tf, nil
}

// pidFile ends the name of the file with the process of a Terraform that runs.
const pidFile = "terraform.pid"

// logFile is where what Terraform prints is kept.
func logFile(s *sandbox.Sandbox, label string) string {
	return filepath.Join(s.Run.Dir, filepath.Base(s.Dir)+"-"+label+"terraform.log")
}

// fileLogger writes what Terraform prints to a file; the screen shows stages.
type fileLogger struct {
	mu  sync.Mutex
	out *os.File
}

func (l *fileLogger) Logf(_ ttesting.TestingT, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.out, format+"\n", args...)
}

// stage runs f, which runs one Terraform command, within the stage's bound. When
// ctx ends, Terraform is interrupted and given time to write its state before it
// is killed.
func (tf *terraform) stage(ctx context.Context, name string, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, bound(tf.env, name), fmt.Errorf("terraform %s took longer than %s", name, bound(tf.env, name)))
	defer cancel()
	hard, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	done := make(chan error, 1)
	go func() { done <- f(hard) }()
	select {
	case err := <-done:
		return explain(name, err)
	case <-ctx.Done():
	}
	cause := context.Cause(ctx)
	err := interruptTerraform(tf.pid, "")
	select {
	case <-done:
	case <-time.After(interruptGrace):
		kill()
		<-done
	}
	return errors.Join(fmt.Errorf("terraform %s: %w", name, cause), err)
}

// interruptTerraform asks the process in the file to stop as Terraform wants to
// be asked: by one interrupt. With a run's id it makes sure that the process
// belongs to that run.
func interruptTerraform(pidFile, run string) error {
	b, err := os.ReadFile(pidFile)
	if err != nil {
		return nil // it was never started
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return fmt.Errorf("%s: %w", pidFile, err)
	}
	if run != "" {
		if !belongs(pid, run) {
			return nil
		}
		return ledger.Of(pid).End(syscall.SIGINT, interruptGrace)
	}
	if err := syscall.Kill(pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("interrupt terraform: %w", err)
	}
	return nil
}

// endProviders ends the provider processes that worked for an environment. A
// Terraform that had to be killed cannot end those that it started.
func endProviders(run string) error {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return err
	}
	var errs []error
	for _, file := range files {
		line, err := os.ReadFile(file)
		program, _, _ := strings.Cut(string(line), "\x00")
		if err != nil || !strings.HasPrefix(filepath.Base(program), "terraform-provider-") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil || !belongs(pid, run) {
			continue
		}
		if err := ledger.Of(pid).End(syscall.SIGTERM, interruptGrace); err != nil {
			errs = append(errs, fmt.Errorf("end the provider process %d: %w", pid, err))
		}
	}
	return errors.Join(errs...)
}

// belongs says whether a process is there and works for the environment: when it
// has ended, its number may be somebody else's.
func belongs(pid int, id string) bool {
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && strings.Contains(string(env), "FINTRACK_RUN="+id+"\x00")
}

// wrapped is what terratest puts around what a command said; a FatalError prints
// as a Go struct.
var wrapped = regexp.MustCompile(`(?s)^(FatalError\{Underlying: )?error while running command: [^;]*; (.*?)(\}?)$`)

// explain keeps Terraform's own diagnostics and drops what terratest wraps
// around them.
func explain(stage string, err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if m := wrapped.FindStringSubmatch(text); m != nil {
		text = m[2]
		if m[1] == "" {
			text += m[3] // no struct, so the brace is Terraform's
		}
		text = strings.TrimSpace(text)
	}
	return fmt.Errorf("terraform %s: %s", stage, text)
}

func (tf *terraform) init(ctx context.Context) error {
	return tf.stage(ctx, "init", func(ctx context.Context) error {
		_, err := tt.InitContextE(tf.t, ctx, tf.opts)
		return err
	})
}

func (tf *terraform) validate(ctx context.Context) error {
	return tf.stage(ctx, "validate", func(ctx context.Context) error {
		_, err := tt.ValidateContextE(tf.t, ctx, tf.opts)
		return err
	})
}

// plan plans; changed is false when the plan would do nothing.
func (tf *terraform) plan(ctx context.Context) (changed bool, err error) {
	err = tf.stage(ctx, "plan", func(ctx context.Context) error {
		out, errOut, code, err := tt.RunTerraformCommandAndGetStdOutErrCodeContextE(tf.t, ctx, tf.opts,
			tt.FormatArgs(tf.opts, "plan", "-input=false", "-detailed-exitcode")...)
		if code != tt.DefaultSuccessExitCode && code != tt.TerraformPlanChangesPresentExitCode {
			if err == nil {
				err = fmt.Errorf("exit code %d: %s%s", code, out, errOut)
			}
			return err
		}
		changed = code == tt.TerraformPlanChangesPresentExitCode
		return nil
	})
	return changed, err
}

// planned reads the plan that was made last. Terraform loads the provider's
// schemas for it once more, which takes longer than many a plan.
func (tf *terraform) planned(ctx context.Context) (*tfjson.Plan, error) {
	plan := new(tfjson.Plan)
	err := tf.stage(ctx, "plan", func(ctx context.Context) error {
		show := *tf.opts
		show.Logger = logger.Discard
		text, err := tt.ShowContextE(tf.t, ctx, &show)
		if err != nil {
			return err
		}
		return plan.UnmarshalJSON([]byte(text))
	})
	return plan, err
}

// apply applies the plan that was made last.
func (tf *terraform) apply(ctx context.Context) error {
	return tf.stage(ctx, "apply", func(ctx context.Context) error {
		_, err := tt.ApplyContextE(tf.t, ctx, tf.opts)
		return err
	})
}

func (tf *terraform) outputs(ctx context.Context) (map[string]output, error) {
	quiet := *tf.opts
	quiet.Logger = logger.Discard
	var out map[string]output
	err := tf.stage(ctx, "init", func(ctx context.Context) error {
		text, err := tt.RunTerraformCommandAndGetStdoutContextE(tf.t, ctx, &quiet, "output", "-json", "-no-color")
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(text), &out)
	})
	return out, err
}

// destroy destroys what the state knows.
func (tf *terraform) destroy(ctx context.Context, extra ...string) error {
	return tf.stage(ctx, "destroy", func(ctx context.Context) error {
		opts := *tf.opts
		opts.PlanFilePath = ""
		opts.ExtraArgs.Destroy = extra
		_, err := tt.DestroyContextE(tf.t, ctx, &opts)
		return err
	})
}
