package provider_test

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/provider"
	"github.com/stretchr/testify/require"
)

// root copies a root module of testdata into a folder of its own.
func root(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))))
	return dir
}

func run(t *testing.T, dir string, env map[string]string, args ...string) {
	t.Helper()
	cmd := exec.Command("terraform", args...)
	cmd.Dir = dir
	cmd.Env = os.Environ()
	for _, k := range slices.Sorted(maps.Keys(env)) {
		cmd.Env = append(cmd.Env, k+"="+env[k])
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "terraform %v:\n%s", args, out)
}

// ready prepares a root module for an emulated environment.
func ready(t *testing.T, s *sandbox.Sandbox, in *provider.Installation, name string) (string, map[string]string) {
	t.Helper()
	dir := root(t, name)
	c := s.Credentials()
	require.NoError(t, provider.Override(dir, provider.Settings{AccessKey: c.AccessKeyID, SecretKey: c.SecretAccessKey, Token: c.SessionToken}))
	require.NoError(t, in.Seed(dir))
	env := s.Environ()
	maps.Copy(env, in.Environ())
	return dir, env
}

func prepare(t *testing.T, s *sandbox.Sandbox, c provider.Compression) *provider.Installation {
	t.Helper()
	in, err := provider.Prepare(t.Context(), s.Run.Paths.Cache, c)
	require.NoError(t, err)
	require.Empty(t, in.Warning)
	return in
}

func lease(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	s := sandbox.New(t.Context(), t)
	t.Cleanup(func() { require.NoError(t, s.Release()) })
	return s
}

func queues(t *testing.T, s *sandbox.Sandbox, region string) []string {
	t.Helper()
	cfg := s.AWS.Copy()
	cfg.Region = region
	out, err := sqs.NewFromConfig(cfg).ListQueues(t.Context(), &sqs.ListQueuesInput{})
	require.NoError(t, err)
	var names []string
	for _, u := range out.QueueUrls {
		names = append(names, filepath.Base(u))
	}
	return names
}

func TestTwoAliasesLandInTwoRegions(t *testing.T) {
	s := lease(t)
	dir, env := ready(t, s, prepare(t, s, 32), "aliased")
	run(t, dir, env, "init")
	run(t, dir, env, "apply", "-auto-approve")
	require.Equal(t, []string{"here"}, queues(t, s, "us-east-1"))
	require.Equal(t, []string{"there"}, queues(t, s, "eu-west-1"))
	run(t, dir, env, "destroy", "-auto-approve")
	require.Empty(t, queues(t, s, "us-east-1"))
}

func TestALongLivedProviderServesOneConfigurationAfterAnother(t *testing.T) {
	s := lease(t)
	other := sandboxOf(t, s)
	in := prepare(t, s, 32)
	var p *provider.Process
	for _, x := range []*sandbox.Sandbox{s, other} {
		dir, env := ready(t, x, in, "single")
		if p == nil {
			var list []string
			for k, v := range env {
				list = append(list, k+"="+v)
			}
			var err error
			p, err = provider.Serve(t.Context(), in, list, filepath.Join(t.TempDir(), "provider.log"))
			require.NoError(t, err)
			t.Cleanup(p.Stop)
		}
		env["TF_REATTACH_PROVIDERS"] = p.Reattach()
		run(t, dir, env, "init")
		run(t, dir, env, "apply", "-auto-approve")
		require.Equal(t, []string{"single"}, queues(t, x, "us-east-1"))
	}
	require.True(t, p.Alive())
	p.Stop()
	require.False(t, p.Alive())
}

func sandboxOf(t *testing.T, s *sandbox.Sandbox) *sandbox.Sandbox {
	t.Helper()
	other, err := s.Run.Lease(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, other.Release()) })
	require.NotEqual(t, s.Account, other.Account)
	return other
}

func TestAliasesMayNotShareALongLivedProvider(t *testing.T) {
	for name, want := range map[string]bool{"single": true, "none": true, "aliased": false} {
		ok, reason, err := provider.Reattachable(root(t, name))
		require.NoError(t, err)
		require.Equal(t, want, ok, name)
		if !ok {
			require.Contains(t, reason, "configures the provider 2 times")
		}
	}
}

func TestEveryProviderBlockGetsTheEmulatorsSettings(t *testing.T) {
	dir := root(t, "aliased")
	require.NoError(t, provider.Override(dir, provider.Settings{AccessKey: "a", SecretKey: "b", Token: "c"}))
	b, err := os.ReadFile(filepath.Join(dir, "sandbox_override.tf"))
	require.NoError(t, err)
	require.Equal(t, 2, count(string(b), `provider "aws" {`))
	require.Contains(t, string(b), `alias = "dr"`)
	require.NotContains(t, string(b), "region =")
	aliases, err := provider.Aliases(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"", "dr"}, aliases, "the override is not read as configuration")
}

func count(s, part string) (n int) {
	for i := range s {
		if len(s)-i >= len(part) && s[i:i+len(part)] == part {
			n++
		}
	}
	return n
}

func TestInitsRunSideBySideWithTheSeededLock(t *testing.T) {
	s := lease(t)
	in := prepare(t, s, 32)
	var wg sync.WaitGroup
	for range 4 {
		dir, env := ready(t, s, in, "single")
		wg.Go(func() {
			cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "terraform", "init", "-lockfile=readonly")
			cmd.Dir = dir
			cmd.Env = os.Environ()
			for k, v := range env {
				cmd.Env = append(cmd.Env, k+"="+v)
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("terraform init: %v\n%s", err, out)
			}
		})
	}
	wg.Wait()
}

func TestTheProviderIsFoundInANamedMirror(t *testing.T) {
	mirror := t.TempDir()
	dir := filepath.Join(mirror, "registry.terraform.io", "hashicorp", "aws", provider.Version, provider.Platform)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	want := filepath.Join(dir, "terraform-provider-aws_v"+provider.Version+"_x5")
	require.NoError(t, os.WriteFile(want, nil, 0o755))
	t.Setenv("FINTRACK_PROVIDER_MIRROR", mirror)
	require.Equal(t, want, provider.Find())
}

func TestAStrangeProviderIsUsedAsItIsWithAWarning(t *testing.T) {
	mirror := t.TempDir()
	dir := filepath.Join(mirror, "registry.terraform.io", "hashicorp", "aws", provider.Version, provider.Platform)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	program := filepath.Join(dir, "terraform-provider-aws_v"+provider.Version+"_x5")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755))
	t.Setenv("FINTRACK_PROVIDER_MIRROR", mirror)
	in, err := provider.Prepare(t.Context(), t.TempDir(), 32)
	require.NoError(t, err)
	require.Equal(t, program, in.Program)
	require.Contains(t, in.Warning, "time is not compressed")
}
