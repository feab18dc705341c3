package cluster_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/fintrack/platform/test/kit/sandbox/cluster"
	"github.com/stretchr/testify/require"
)

func TestAPersonHasItsNameAndGroupsFromTheClustersAuthority(t *testing.T) {
	r, self := begin(t, "serve")
	c, err := cluster.StartProgram(t.Context(), r, self, nil)
	require.NoError(t, err)
	p, err := c.Person("ci", "one", "two")
	require.NoError(t, err)
	pair, err := tls.LoadX509KeyPair(p.Certificate, p.Key)
	require.NoError(t, err)
	require.Equal(t, "ci", pair.Leaf.Subject.CommonName)
	require.Equal(t, []string{"one", "two"}, pair.Leaf.Subject.Organization)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(c.CA))
	_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	require.NoError(t, err)
	other, err := c.Person("ci")
	require.NoError(t, err)
	require.NotEqual(t, p.Key, other.Key, "a second one does not take the place of the first")
	require.NoError(t, c.Stop())
	require.NoFileExists(t, p.Key)
}
