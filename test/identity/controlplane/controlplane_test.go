// Package controlplane proves the embedded control plane itself: the program that
// tools/controlplane pins, as the suites start it. It needs that program, whose first
// build takes minutes, and so is no part of the kit's own tests.
package controlplane_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/gateway/webidentity"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/cluster"
	"github.com/stretchr/testify/require"
)

func begin(t *testing.T) *sandbox.Run {
	t.Helper()
	r, err := sandbox.Begin("controlplane")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.End()) })
	return r
}

// keys fetches, as anybody could, the keys that the issuer publishes.
func keys(t *testing.T, c *cluster.Cluster) webidentity.Keys {
	t.Helper()
	client, err := c.HTTP()
	require.NoError(t, err)
	var discovery struct {
		Issuer string
		JWKS   string `json:"jwks_uri"`
	}
	require.NoError(t, json.Unmarshal(get(t, client, c.Endpoint+"/.well-known/openid-configuration"), &discovery))
	require.Equal(t, c.Issuer, discovery.Issuer)
	require.Equal(t, c.JWKSURL, discovery.JWKS)
	k, err := webidentity.ParseKeys(get(t, client, discovery.JWKS))
	require.NoError(t, err)
	return k
}

func get(t *testing.T, client *http.Client, url string) []byte {
	t.Helper()
	res, err := client.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode, url)
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return b
}

func verify(t *testing.T, c *cluster.Cluster, token string) (webidentity.Claims, error) {
	t.Helper()
	return webidentity.Verify(token, webidentity.Provider{Issuer: c.Issuer, ClientIDs: []string{"sts.amazonaws.com"}, Keys: keys(t, c)}, time.Now())
}

func TestTheControlPlaneIssuesTokensThatItsPublishedKeysVerify(t *testing.T) {
	const issuer = "https://oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
	c := cluster.New(t.Context(), t, begin(t), cluster.Issuer(issuer))
	t.Logf("ready after %s", c.ReadyAfter)
	require.True(t, c.Controllers)
	require.NoError(t, c.EnsureServiceAccount(t.Context(), "fintrack", "auth-service"))
	old, err := c.Token(t.Context(), "fintrack", "auth-service", time.Hour, "sts.amazonaws.com")
	require.NoError(t, err)
	claims, err := verify(t, c, old)
	require.NoError(t, err)
	require.Equal(t, "system:serviceaccount:fintrack:auth-service", claims.Subject)

	var version struct{ GitVersion, Minor string }
	require.NoError(t, c.Do(t.Context(), http.MethodGet, "/version", nil, &version))
	require.Equal(t, "34", version.Minor)
	require.Regexp(t, `^v1\.34\.\d+$`, version.GitVersion)

	require.NoError(t, c.RotateKey(t.Context()))
	t.Logf("ready again after %s", c.ReadyAfter)
	_, err = verify(t, c, old)
	require.ErrorIs(t, err, webidentity.ErrKey, "the old key is not published any more")
	fresh, err := c.Token(t.Context(), "fintrack", "auth-service", time.Hour, "sts.amazonaws.com")
	require.NoError(t, err, "what the cluster held is there after the restart")
	_, err = verify(t, c, fresh)
	require.NoError(t, err)
}

func TestTheControllersAndAdmissionAreTheRealOnes(t *testing.T) {
	c := cluster.New(t.Context(), t, begin(t))
	namespace := map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{
		"name": "restricted", "labels": map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}}}
	require.NoError(t, c.Do(t.Context(), http.MethodPost, "/api/v1/namespaces", namespace, nil))
	require.Eventually(t, func() bool {
		return c.Do(t.Context(), http.MethodGet, "/api/v1/namespaces/restricted/serviceaccounts/default", nil, nil) == nil
	}, time.Minute, 50*time.Millisecond, "the controller manager makes each namespace its default service account")

	pod := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "root"},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "c", "image": "c", "securityContext": map[string]any{"runAsUser": 0}}}}}
	var refused *cluster.StatusError
	require.ErrorAs(t, c.Do(t.Context(), http.MethodPost, "/api/v1/namespaces/restricted/pods", pod, nil), &refused)
	require.Equal(t, http.StatusForbidden, refused.Code)
	require.Contains(t, refused.Message, "PodSecurity")
}

func TestSeparateProgramsTakeItsPlace(t *testing.T) {
	r := begin(t)
	whole := cluster.New(t.Context(), t, r)
	program, err := os.Readlink(filepath.Join(processDir(t, r), "exe"))
	require.NoError(t, err)
	require.NoError(t, whole.Stop())

	dir := t.TempDir()
	for _, name := range []string{"etcd", "kube-apiserver"} {
		require.NoError(t, os.Symlink(program, filepath.Join(dir, name)))
	}
	t.Setenv("KUBEBUILDER_ASSETS", dir)
	apart := cluster.New(t.Context(), t, r)
	require.False(t, apart.Controllers)
	token, err := apart.Token(t.Context(), "default", "default", time.Hour, "sts.amazonaws.com")
	require.NoError(t, err)
	_, err = verify(t, apart, token)
	require.NoError(t, err)
}

// processDir is the folder in /proc of the run's one background process.
func processDir(t *testing.T, r *sandbox.Run) string {
	t.Helper()
	list, err := r.Ledger.Background.List()
	require.NoError(t, err)
	require.Len(t, list, 1)
	return filepath.Join("/proc", strconv.Itoa(list[0].Process.PID))
}
