package cluster_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/cluster"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
	"github.com/stretchr/testify/require"
)

// begin opens a run whose cache is the test's own, and whose clusters are stood
// in for by this program (standin_test.go) behaving as mode says.
func begin(t *testing.T, mode string) (*sandbox.Run, string) {
	t.Helper()
	t.Setenv("FINTRACK_CACHE", t.TempDir())
	t.Setenv(standInMode, mode)
	r, err := sandbox.Open("cluster")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.StopOwn()) }) // of a test that fails half way
	self, err := os.Executable()
	require.NoError(t, err)
	return r, self
}

func background(t *testing.T, r *sandbox.Run) []ledger.Background {
	t.Helper()
	list, err := r.Ledger.Background.List()
	require.NoError(t, err)
	return list
}

func TestAClusterIsInTheLedgerWhileItRunsAndLeavesNothing(t *testing.T) {
	r, self := begin(t, "serve")
	c, err := cluster.StartProgram(t.Context(), r, self, nil)
	require.NoError(t, err)
	list := background(t, r)
	require.Len(t, list, 1)
	require.Equal(t, "cluster", list[0].Kind)
	require.Equal(t, c.Endpoint, list[0].Endpoint)
	require.True(t, list[0].Process.Alive())
	require.Equal(t, c.Endpoint, c.Issuer)
	require.Positive(t, c.ReadyAfter)

	require.NoError(t, c.Stop())
	require.False(t, list[0].Process.Alive())
	require.Empty(t, background(t, r))
	left, err := filepath.Glob(filepath.Join(r.Dir, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{c.Log}, left, "the keys are gone, the log is kept")
}

func TestAPortThatIsTakenMeanwhileIsLeftToWhoTookIt(t *testing.T) {
	r, self := begin(t, "serve")
	first, err := cluster.StartProgram(t.Context(), r, self, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, first.Stop()) })
	at, err := url.Parse(first.Endpoint)
	require.NoError(t, err)
	taken, err := strconv.Atoi(at.Port())
	require.NoError(t, err)
	tries := 0

	second, err := cluster.StartProgram(t.Context(), r, self, func() (int, int, int, error) {
		if tries++; tries == 1 {
			return taken, freePort(t), freePort(t), nil
		}
		return freePort(t), freePort(t), freePort(t), nil
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, second.Stop()) })
	require.Equal(t, 2, tries)
	require.NotEqual(t, first.Endpoint, second.Endpoint)
	require.Len(t, background(t, r), 2)
}

func TestAClusterThatEndsAtOnceSaysItsLastWordsAndLeavesNothing(t *testing.T) {
	r, self := begin(t, "die")
	_, err := cluster.StartProgram(t.Context(), r, self, nil)
	require.ErrorIs(t, err, sandbox.ErrSetup)
	require.ErrorContains(t, err, "no room for etcd")
	require.Empty(t, background(t, r))
	folders, err := filepath.Glob(filepath.Join(r.Dir, "cluster-*", "*"))
	require.NoError(t, err)
	require.Empty(t, folders)
}

func TestAnInterruptedStartStopsTheProcess(t *testing.T) {
	r, self := begin(t, "silent")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for {
			if list, err := r.Ledger.Background.List(); err == nil && len(list) == 1 {
				cancel()
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	_, err := cluster.StartProgram(ctx, r, self, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, background(t, r))
}

func TestALeftOverClusterIsStoppedByTheNextRun(t *testing.T) {
	r, self := begin(t, "serve")
	c, err := cluster.StartProgram(t.Context(), r, self, nil)
	require.NoError(t, err)
	b := background(t, r)[0]
	// As if the run that started it had been killed.
	b.Owner = ledger.Process{PID: 1 << 30, Start: "1"}
	require.NoError(t, r.Ledger.Background.Put(b.ID, b))

	_, err = sandbox.Tidy(t.Context(), r.Ledger, time.Now())
	require.NoError(t, err)
	require.False(t, b.Process.Alive())
	require.Empty(t, background(t, r))
	require.NoError(t, c.Stop())
}

func TestANewKeyTakesThePlaceOfTheOldOne(t *testing.T) {
	r, self := begin(t, "serve")
	c, err := cluster.StartProgram(t.Context(), r, self, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop()) })
	key := filepath.Join(filepath.Dir(c.Kubeconfig), "sa.key")
	before, err := os.ReadFile(key)
	require.NoError(t, err)
	endpoint, process := c.Endpoint, background(t, r)[0].Process

	require.NoError(t, c.RotateKey(t.Context()))
	after, err := os.ReadFile(key)
	require.NoError(t, err)
	require.NotEqual(t, before, after)
	require.Equal(t, endpoint, c.Endpoint, "the cluster keeps its address")
	require.NotEqual(t, process, background(t, r)[0].Process)
	require.False(t, process.Alive())
}

func TestTheIssuerMayBeTheOneThatEKSGave(t *testing.T) {
	r, self := begin(t, "serve")
	const issuer = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
	c, err := cluster.StartProgram(t.Context(), r, self, nil, cluster.Issuer(issuer), cluster.APIServerFlags("--v=1"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop()) })
	require.Equal(t, issuer, c.Issuer)
	conf, err := os.ReadFile(filepath.Join(filepath.Dir(c.Kubeconfig), "controlplane.json"))
	require.NoError(t, err)
	require.Contains(t, string(conf), "--service-account-issuer="+issuer)
	require.Contains(t, string(conf), "--service-account-jwks-uri="+c.Endpoint+"/openid/v1/jwks")
	require.Contains(t, string(conf), "--v=1")
}

func TestARefusalIsReadFromTheServersStatus(t *testing.T) {
	r, self := begin(t, "serve")
	c, err := cluster.StartProgram(t.Context(), r, self, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop()) })
	var refused *cluster.StatusError
	require.ErrorAs(t, c.Do(t.Context(), http.MethodGet, "/refused", nil, nil), &refused)
	require.Equal(t, 403, refused.Code)
	require.Equal(t, "Forbidden", refused.Reason)
	require.Equal(t, "not for you", refused.Message)

	_, err = c.Token(t.Context(), "fintrack", "nobody", time.Hour, "sts.amazonaws.com")
	require.ErrorContains(t, err, "fintrack/nobody")

	anonymous, err := c.HTTP()
	require.NoError(t, err)
	res, err := anonymous.Get(c.Endpoint + "/readyz")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	_, err = http.Get(c.Endpoint + "/readyz")
	require.Error(t, err, "whoever does not know the authority trusts no answer")
}

func TestTheAssetsFolderMustHoldWhatIsNeeded(t *testing.T) {
	r, _ := begin(t, "serve")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "etcd"), nil, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kube-apiserver"), nil, 0o644))
	t.Setenv("KUBEBUILDER_ASSETS", dir)
	_, err := cluster.Start(t.Context(), r)
	require.ErrorIs(t, err, sandbox.ErrSetup)
	require.ErrorContains(t, err, dir+" has no program kube-apiserver")
}

func TestWithoutAControllerManagerTheDefaultAccountIsMade(t *testing.T) {
	r, self := begin(t, "serve")
	dir := t.TempDir()
	for _, name := range []string{"etcd", "kube-apiserver"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\nexec "+self+" "+name+" \"$@\"\n"), 0o755))
	}
	c, err := cluster.StartApart(t.Context(), r, dir)
	require.NoError(t, err)
	require.False(t, c.Controllers)
	require.Len(t, background(t, r), 2)
	require.NoError(t, c.Do(t.Context(), http.MethodGet, "/api/v1/namespaces/default/serviceaccounts/default", nil, nil))
	require.NoError(t, c.Stop())
	require.Empty(t, background(t, r))
	require.Error(t, c.Do(t.Context(), http.MethodGet, "/readyz", nil, nil))
}
