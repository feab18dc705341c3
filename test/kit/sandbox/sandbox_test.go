package sandbox_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
	"github.com/stretchr/testify/require"
)

func begin(t *testing.T) *sandbox.Run {
	t.Helper()
	r, err := sandbox.Begin("sandbox")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.End()) })
	return r
}

func TestTwoLeasesHaveAccountsOfTheirOwnAndStandInTheLedger(t *testing.T) {
	r := begin(t)
	ctx := t.Context()
	a, err := r.Lease(ctx)
	require.NoError(t, err)
	b, err := r.Lease(ctx, sandbox.Region("eu-west-1"))
	require.NoError(t, err)
	require.NotEqual(t, a.Account, b.Account)
	require.NotEqual(t, a.Prefix, b.Prefix)
	for _, s := range []*sandbox.Sandbox{a, b} {
		who, err := sts.NewFromConfig(s.AWS).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		require.NoError(t, err)
		require.Equal(t, s.Account, aws.ToString(who.Account))
		e, err := r.Ledger.Environments.Get(s.Entry().ID)
		require.NoError(t, err)
		require.Equal(t, s.Account, e.Account)
		require.Equal(t, ledger.Self(), e.Owner)
		require.True(t, e.Expires.After(time.Now()))
		require.NoError(t, s.Release())
	}
	require.Equal(t, "eu-west-1", b.AWS.Region)
	require.Equal(t, "eu-west-1", b.Environ()["AWS_REGION"])
}

func TestAnUnknownEnvironmentIsRefusedWithTheValidOnes(t *testing.T) {
	t.Setenv("ENV", "production")
	_, err := sandbox.Begin("sandbox")
	require.ErrorIs(t, err, sandbox.ErrSetup)
	require.ErrorContains(t, err, "ENV=production")
	require.ErrorContains(t, err, "emulated, kind, aws")
}

func TestARealAccountIsRefusedUnlessItIsListed(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		says string
	}{
		"without an allow list":  {nil, "FINTRACK_AWS_ACCOUNTS is empty"},
		"without credentials":    {map[string]string{"FINTRACK_AWS_ACCOUNTS": "111111111111"}, "no credentials"},
		"with one off the list":  {map[string]string{"FINTRACK_AWS_ACCOUNTS": "111111111111", "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}, "account 123456789012 is not in FINTRACK_AWS_ACCOUNTS (111111111111)"},
		"with a profile missing": {map[string]string{"FINTRACK_AWS_ACCOUNTS": "111111111111", "AWS_PROFILE": "nobody"}, "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			helper := begin(t) // an emulator answers in AWS's place
			e, err := helper.Emulator(t.Context())
			require.NoError(t, err)
			for _, k := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "FINTRACK_AWS_ACCOUNTS"} {
				t.Setenv(k, "")
				os.Unsetenv(k)
			}
			t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			t.Setenv("AWS_CONFIG_FILE", os.DevNull)
			t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
			t.Setenv("ENV", "aws")
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			r := begin(t)
			t.Setenv("AWS_ENDPOINT_URL", e.Endpoint)
			_, err = r.Lease(t.Context())
			require.ErrorIs(t, err, sandbox.ErrSetup)
			require.ErrorContains(t, err, c.says)
			entries, err := r.Ledger.Environments.List()
			require.NoError(t, err)
			for _, x := range entries {
				require.NotEqual(t, r.ID, x.Run, "nothing was leased")
			}
		})
	}
}

func TestAListedAccountIsLeasedWithoutEmulatorSettings(t *testing.T) {
	helper := begin(t)
	e, err := helper.Emulator(t.Context())
	require.NoError(t, err)
	t.Setenv("ENV", "aws")
	t.Setenv("FINTRACK_AWS_ACCOUNTS", "999999999999, 123456789012")
	t.Setenv("AWS_ACCESS_KEY_ID", "testing")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "testing")
	r := begin(t)
	t.Setenv("AWS_ENDPOINT_URL", e.Endpoint)
	s, err := r.Lease(t.Context())
	require.NoError(t, err)
	require.Equal(t, "123456789012", s.Account)
	require.Empty(t, s.Endpoint())
	require.NotContains(t, s.Environ(), "AWS_ENDPOINT_URL")
	require.NoError(t, s.Release())
}

func TestVariablesOfTheCallersShellDoNotReachTerraform(t *testing.T) {
	t.Setenv("TF_VAR_name", "mine")
	t.Setenv("TF_CLI_ARGS_plan", "-refresh=false")
	begin(t)
	for _, kv := range os.Environ() {
		require.False(t, strings.HasPrefix(kv, "TF_VAR_") || strings.HasPrefix(kv, "TF_CLI_ARGS"), kv)
	}
}

func TestAnEmulatorThatEndsIsReportedAndItsEnvironmentStruckByTheNextRun(t *testing.T) {
	t.Setenv("FINTRACK_CACHE", cacheWithTools(t))
	ctx := t.Context()
	r, err := sandbox.Begin("sandbox")
	require.NoError(t, err)
	s, err := r.Lease(ctx)
	require.NoError(t, err)
	require.NoError(t, s.EmulatorEnded(ctx))
	e, err := r.Emulator(ctx)
	require.NoError(t, err)
	require.NoError(t, e.Process.Stop(time.Second))
	require.ErrorContains(t, s.EmulatorEnded(ctx), "has ended in the middle of the run")

	dead := s.Entry()
	dead.Owner = ledger.Process{PID: 1 << 30, Start: "1"}
	require.NoError(t, r.Ledger.Environments.Put(dead.ID, dead))
	need, err := sandbox.Tidy(ctx, r.Ledger, time.Now())
	require.NoError(t, err)
	require.False(t, need, "what lived in the emulator's memory is gone with it")
	left, err := r.Ledger.Environments.List()
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, r.End())
}

func TestTidyStopsAnEmulatorOfADeadRunUnlessAnEnvironmentOnItIsOpen(t *testing.T) {
	t.Setenv("FINTRACK_CACHE", cacheWithTools(t))
	ctx := t.Context()
	r, err := sandbox.Begin("sandbox")
	require.NoError(t, err)
	s, err := r.Lease(ctx)
	require.NoError(t, err)
	e, err := r.Emulator(ctx)
	require.NoError(t, err)
	gone := ledger.Process{PID: 1 << 30, Start: "1"}
	b := e.Background
	b.Owner = gone
	require.NoError(t, r.Ledger.Background.Put(b.ID, b))
	dead := s.Entry()
	dead.Owner = gone
	require.NoError(t, r.Ledger.Environments.Put(dead.ID, dead))

	need, err := sandbox.Tidy(ctx, r.Ledger, time.Now())
	require.NoError(t, err)
	require.True(t, need, "the janitor must empty the environment first")
	require.True(t, e.Alive(ctx))

	require.NoError(t, r.Ledger.Environments.Remove(dead.ID))
	need, err = sandbox.Tidy(ctx, r.Ledger, time.Now())
	require.NoError(t, err)
	require.False(t, need)
	require.False(t, e.Process.Alive())
	require.NoError(t, r.End())
}

func TestAnOccupiedPortMakesTheEmulatorChooseAnother(t *testing.T) {
	r := begin(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	ports := []int{taken, taken}
	e, err := sandbox.StartEmulatorOn(t.Context(), r, func() (int, error) {
		if len(ports) > 0 {
			p := ports[0]
			ports = ports[1:]
			return p, nil
		}
		return sandbox.FreePort()
	})
	require.NoError(t, err)
	require.NoError(t, e.Stop(r.Ledger))
	require.Empty(t, ports)
}

func TestAnUnwritableCacheIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	t.Setenv("FINTRACK_CACHE", filepath.Join(file, "cache"))
	_, err := sandbox.Begin("sandbox")
	require.ErrorIs(t, err, sandbox.ErrSetup)
	require.ErrorContains(t, err, file)
	require.ErrorContains(t, err, "FINTRACK_CACHE")
}

func TestTheSourceIsACopyWithoutWhatTerraformLeaves(t *testing.T) {
	r := begin(t)
	s, err := r.Lease(context.Background())
	require.NoError(t, err)
	dir, err := s.Source("modules/kms")
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(dir, "variables.tf"))
	require.NoDirExists(t, filepath.Join(dir, ".terraform"))
	_, err = s.Source("modules/none")
	require.ErrorContains(t, err, "modules/none: no such folder")
	require.NoError(t, s.Release())
}

// cacheWithTools is a cache of its own, for tests that count what the ledger
// holds, with the tools of the real one.
func cacheWithTools(t *testing.T) string {
	t.Helper()
	p, err := sandbox.FindPaths()
	require.NoError(t, err)
	dir := t.TempDir()
	if b, err := os.ReadFile(filepath.Join(p.Cache, "env")); err == nil {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "env"), b, 0o644))
	}
	return dir
}
