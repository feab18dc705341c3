package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/provider"
	"github.com/stretchr/testify/require"
)

// One emulator serves all tests; it starts when the first one leases from it.
func TestMain(m *testing.M) { os.Exit(suite(m)) }

func suite(m *testing.M) int {
	r, err := sandbox.Begin("provider")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	sandbox.Use(r)
	code := m.Run()
	if err := r.End(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return code
}

// factor is how much faster waits pass here.
const factor = 32

// execute runs terraform, and returns what it printed.
func execute(ctx context.Context, dir string, env map[string]string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "terraform", append(args, "-no-color")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), list(env)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func run(t *testing.T, dir string, env map[string]string, args ...string) string {
	t.Helper()
	out, err := execute(t.Context(), dir, env, args...)
	require.NoError(t, err, "terraform %v:\n%s", args, out)
	return out
}

func list(env map[string]string) (out []string) {
	for _, k := range slices.Sorted(maps.Keys(env)) {
		out = append(out, k+"="+env[k])
	}
	return out
}

func lease(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	s := sandbox.New(t.Context(), t)
	t.Cleanup(func() { require.NoError(t, s.Release()) })
	return s
}

// another leases a second environment, with an account of its own.
func another(t *testing.T, s *sandbox.Sandbox) *sandbox.Sandbox {
	t.Helper()
	other, err := s.Run.Lease(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Release()) })
	require.NotEqual(t, s.Account, other.Account)
	return other
}

// prepare installs the real provider with compressed time.
func prepare(t *testing.T, s *sandbox.Sandbox) *provider.Installation {
	t.Helper()
	in, err := provider.Prepare(t.Context(), s.Run.Paths.Cache, factor)
	require.NoError(t, err)
	require.Empty(t, in.Warning)
	return in
}

// ready prepares a root module for an emulated environment.
func ready(t *testing.T, s *sandbox.Sandbox, in *provider.Installation, name string) (dir string, env map[string]string) {
	t.Helper()
	dir = root(t, name)
	c := s.Credentials()
	require.NoError(t, provider.Override(dir, provider.Settings{AccessKey: c.AccessKeyID, SecretKey: c.SecretAccessKey, Token: c.SessionToken}))
	require.NoError(t, in.Seed(dir))
	env = s.Environ()
	maps.Copy(env, in.Environ())
	return dir, env
}

// queues are the names of the queues in a region, read from the API.
func queues(t *testing.T, s *sandbox.Sandbox, region string) (names []string) {
	t.Helper()
	cfg := s.AWS.Copy()
	cfg.Region = region
	out, err := sqs.NewFromConfig(cfg).ListQueues(t.Context(), &sqs.ListQueuesInput{})
	require.NoError(t, err)
	for _, u := range out.QueueUrls {
		names = append(names, filepath.Base(u))
	}
	return names
}

func TestTwoAliasesLandInTwoRegions(t *testing.T) {
	s := lease(t)
	in := prepare(t, s)
	pool := provider.NewPool(in, 1, t.TempDir(), provider.DefaultLimits, provider.Watch{})
	t.Cleanup(pool.Close)
	for name, attach := range map[string]bool{"by processes of Terraform's own": false, "by processes that stay": true} {
		t.Run(name, func(t *testing.T) {
			x := another(t, s)
			dir, env := ready(t, x, in, "aliased")
			ok, reason, err := provider.Reattachable(dir)
			require.NoError(t, err)
			require.True(t, ok, reason)
			if attach {
				p, err := pool.Acquire(t.Context(), list(env))
				require.NoError(t, err)
				defer pool.Release(p)
				p.Show(dir)
				env["TF_REATTACH_PROVIDERS"] = p.Reattach()
			}
			run(t, dir, env, "init")
			run(t, dir, env, "apply", "-auto-approve")
			require.Equal(t, []string{"here"}, queues(t, x, "us-east-1"))
			require.Equal(t, []string{"there"}, queues(t, x, "eu-west-1"))
			require.Contains(t, run(t, dir, env, "plan", "-detailed-exitcode"), "No changes.")
			run(t, dir, env, "destroy", "-auto-approve")
			require.Empty(t, queues(t, x, "eu-west-1"))
		})
	}
}

func TestOnlyTheSchemasOfTypesThatAreNamedAreShown(t *testing.T) {
	s := lease(t)
	in := prepare(t, s)
	pool := provider.NewPool(in, 1, t.TempDir(), provider.DefaultLimits, provider.Watch{})
	t.Cleanup(pool.Close)
	dir, env := ready(t, s, in, "single")
	p, err := pool.Acquire(t.Context(), list(env))
	require.NoError(t, err)
	env["TF_REATTACH_PROVIDERS"] = p.Reattach()
	run(t, dir, env, "init")
	whole := run(t, dir, env, "providers", "schema", "-json")
	require.Contains(t, whole, `"aws_wafv2_web_acl":`)
	p.Show(dir)
	shown := run(t, dir, env, "providers", "schema", "-json")
	require.Contains(t, shown, `"aws_sqs_queue":`)
	require.NotContains(t, shown, `"aws_wafv2_web_acl":`)
	require.Less(t, len(shown), len(whole)/20)
	require.Equal(t, section(t, whole, "provider"), section(t, shown, "provider"), "the provider's own schema stays")

	run(t, dir, env, "apply", "-auto-approve")
	more := filepath.Join(dir, "more.tf")
	require.NoError(t, os.WriteFile(more, []byte("resource \"aws_sns_topic\" \"x\" {\n  name = \"more\"\n}\n"), 0o644))
	run(t, dir, env, "apply", "-auto-approve")
	require.NoError(t, os.Remove(more))
	require.Contains(t, run(t, dir, env, "apply", "-auto-approve"), "1 destroyed", "what the state alone names is shown")
	pool.Release(p)

	again, err := pool.Acquire(t.Context(), list(env))
	require.NoError(t, err)
	env["TF_REATTACH_PROVIDERS"] = again.Reattach()
	require.Contains(t, run(t, dir, env, "providers", "schema", "-json"), `"aws_wafv2_web_acl":`, "the next one sees all until it says what it is")
}

// section is a part of what "terraform providers schema -json" says of the provider.
func section(t *testing.T, text, name string) string {
	t.Helper()
	var all struct {
		Schemas map[string]map[string]json.RawMessage `json:"provider_schemas"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &all))
	got := string(all.Schemas["registry.terraform.io/hashicorp/aws"][name])
	require.NotEmpty(t, got)
	return got
}

func TestALongLivedProviderServesOneAccountAfterAnother(t *testing.T) {
	s := lease(t)
	in := prepare(t, s)
	pool := provider.NewPool(in, 1, t.TempDir(), provider.DefaultLimits, provider.Watch{})
	t.Cleanup(pool.Close)
	pids := map[int]bool{}
	for _, x := range []*sandbox.Sandbox{s, another(t, s)} {
		dir, env := ready(t, x, in, "single")
		ok, reason, err := provider.Reattachable(dir)
		require.NoError(t, err)
		require.True(t, ok, reason)
		p, err := pool.Acquire(t.Context(), list(env))
		require.NoError(t, err)
		pids[p.PID()] = true
		env["TF_REATTACH_PROVIDERS"] = p.Reattach()
		run(t, dir, env, "init")
		require.NoDirExists(t, filepath.Join(dir, ".terraform", "providers"), "init installs no provider then")
		run(t, dir, env, "apply", "-auto-approve")
		require.Equal(t, []string{"single"}, queues(t, x, "us-east-1"))
		out := run(t, dir, env, "plan", "-detailed-exitcode")
		require.Contains(t, out, "No changes.")
		pool.Release(p)
	}
	require.Len(t, pids, 1, "one process served both")

	// The settings stand alone where the configuration has no provider block.
	dir, env := ready(t, s, in, "none")
	p, err := pool.Acquire(t.Context(), list(env))
	require.NoError(t, err)
	env["TF_REATTACH_PROVIDERS"] = p.Reattach()
	run(t, dir, env, "init")
	run(t, dir, env, "validate")
}

func TestInitsRunSideBySideWithoutANetwork(t *testing.T) {
	s := lease(t)
	in := prepare(t, s)
	var group sync.WaitGroup
	for range 8 {
		dir, env := ready(t, s, in, "single")
		for _, k := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
			env[k] = "http://127.0.0.1:9" // nothing listens on the discard port
		}
		before, err := os.ReadFile(filepath.Join(dir, ".terraform.lock.hcl"))
		require.NoError(t, err)
		group.Go(func() {
			out, err := execute(context.WithoutCancel(t.Context()), dir, env, "init", "-lockfile=readonly")
			if err != nil {
				t.Errorf("terraform init: %v\n%s", err, out)
			}
			after, err := os.ReadFile(filepath.Join(dir, ".terraform.lock.hcl"))
			if err != nil || string(after) != string(before) {
				t.Errorf("the lock file is not the seeded one: %v\n%s", err, after)
			}
		})
	}
	group.Wait()
}

func TestAnotherPackageThanTheLockedOneIsRefused(t *testing.T) {
	s := lease(t)
	dir, env := ready(t, s, prepare(t, s), "single")
	path := filepath.Join(dir, ".terraform.lock.hcl")
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	before, after, ok := strings.Cut(string(b), `"h1:`)
	require.True(t, ok)
	require.NoError(t, os.WriteFile(path, []byte(before+`"h1:`+strings.Repeat("A", 43)+after[43:]), 0o644))
	out, err := execute(t.Context(), dir, env, "init")
	require.Error(t, err)
	require.Contains(t, strings.Join(strings.Fields(out), " "), "doesn't match any of the checksums previously recorded")
}
