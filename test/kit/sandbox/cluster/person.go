package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Person is a client with a certificate of its own: files in PEM, which go with the
// cluster.
type Person struct{ Certificate, Key string }

// Person makes a client whom the API server takes for a user of that name in these
// groups ("Authenticating" in the Kubernetes documentation, X.509 client certificates):
// so EKS takes a role for the groups of its access entry.
func (c *Cluster) Person(name string, groups ...string) (Person, error) {
	var p Person
	authority, err := tls.X509KeyPair(c.pki.ca.certificate, c.pki.ca.key)
	if err != nil {
		return p, fmt.Errorf("the cluster's authority: %w", err)
	}
	signer, ok := authority.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return p, errors.New("the cluster's authority has no ECDSA key")
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return p, err
	}
	pair, err := issue(person(time.Now(), name, groups...), authority.Leaf, own, signer)
	if err != nil {
		return p, fmt.Errorf("a certificate for %s: %w", name, err)
	}
	dir, err := os.MkdirTemp(c.dir, "person-*")
	if err != nil {
		return p, err
	}
	p = Person{Certificate: filepath.Join(dir, "client.crt"), Key: filepath.Join(dir, "client.key")}
	return p, errors.Join(os.WriteFile(p.Certificate, pair.certificate, 0o600), os.WriteFile(p.Key, pair.key, 0o600))
}
