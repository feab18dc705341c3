package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// keyPair is a certificate and its key, PEM.
type keyPair struct{ certificate, key []byte }

// pki are the certificates of one cluster, all signed by its own authority.
type pki struct{ ca, server, admin, manager, scheduler keyPair }

// newPKI makes them, good from an hour before now on.
func newPKI(now time.Time) (pki, error) {
	var p pki
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return p, err
	}
	authority := template(now, pkix.Name{CommonName: "fintrack-cluster"})
	authority.IsCA, authority.BasicConstraintsValid = true, true
	authority.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	if p.ca, err = issue(authority, authority, key, key); err != nil {
		return p, err
	}
	server := template(now, pkix.Name{CommonName: "kube-apiserver"})
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1)}
	server.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}
	for _, x := range []struct {
		into *keyPair
		cert *x509.Certificate
	}{
		{&p.server, server},
		{&p.admin, person(now, "fintrack-admin", "system:masters")},
		{&p.manager, person(now, "system:kube-controller-manager")},
		{&p.scheduler, person(now, "system:kube-scheduler")},
	} {
		own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return p, err
		}
		if *x.into, err = issue(x.cert, authority, own, key); err != nil {
			return p, err
		}
	}
	return p, nil
}

// person is the certificate of a client: its name and groups, as Kubernetes reads
// them from CN and O.
func person(now time.Time, name string, groups ...string) *x509.Certificate {
	c := template(now, pkix.Name{CommonName: name, Organization: groups})
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	return c
}

func template(now time.Time, subject pkix.Name) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // never fails, by its documentation
	return &x509.Certificate{
		SerialNumber: serial, Subject: subject, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificates),
	}
}

func issue(c, parent *x509.Certificate, own, signer *ecdsa.PrivateKey) (keyPair, error) {
	der, err := x509.CreateCertificate(rand.Reader, c, parent, own.Public(), signer)
	if err != nil {
		return keyPair{}, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		return keyPair{}, err
	}
	return keyPair{encode("CERTIFICATE", der), encode("PRIVATE KEY", key)}, nil
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// write puts the certificates, the clients' kubeconfigs and a first key of the
// service accounts into dir.
func (p pki) write(dir, endpoint string) error {
	files := map[string][]byte{
		"ca.crt": p.ca.certificate, "ca.key": p.ca.key,
		"apiserver.crt": p.server.certificate, "apiserver.key": p.server.key,
	}
	for name, client := range map[string]keyPair{"admin": p.admin, "kube-controller-manager": p.manager, "kube-scheduler": p.scheduler} {
		conf, err := kubeconfig(endpoint, p.ca.certificate, client)
		if err != nil {
			return err
		}
		files[name+".conf"] = conf
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return err
		}
	}
	return writeServiceAccountKey(dir)
}

// writeServiceAccountKey makes a new key that signs the service accounts' tokens;
// RSA, as EKS's.
func writeServiceAccountKey(dir string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "sa.key"), encode("PRIVATE KEY", private), 0o600),
		os.WriteFile(filepath.Join(dir, "sa.pub"), encode("PUBLIC KEY", public), 0o600),
	)
}

// kubeconfig is a client's configuration, written as JSON, which is YAML.
func kubeconfig(endpoint string, ca []byte, client keyPair) ([]byte, error) {
	b64 := base64.StdEncoding.EncodeToString
	return kubeconfigOf(endpoint, ca, map[string]any{"client-certificate-data": b64(client.certificate), "client-key-data": b64(client.key)})
}

// kubeconfigOf is the configuration of a client that shows what user holds.
func kubeconfigOf(endpoint string, ca []byte, user map[string]any) ([]byte, error) {
	return json.MarshalIndent(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "fintrack",
		"clusters": []any{map[string]any{"name": "fintrack", "cluster": map[string]any{
			"server": endpoint, "certificate-authority-data": base64.StdEncoding.EncodeToString(ca)}}},
		"users":    []any{map[string]any{"name": "fintrack", "user": user}},
		"contexts": []any{map[string]any{"name": "fintrack", "context": map[string]any{"cluster": "fintrack", "user": "fintrack"}}},
	}, "", "  ")
}

// client returns an HTTP client that trusts the authority and, unless pair is
// empty, shows its certificate.
func (p pki) client(pair keyPair) (*http.Client, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(p.ca.certificate) {
		return nil, errors.New("the cluster's authority has no certificate")
	}
	conf := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	if pair.certificate != nil {
		own, err := tls.X509KeyPair(pair.certificate, pair.key)
		if err != nil {
			return nil, fmt.Errorf("a client's certificate: %w", err)
		}
		conf.Certificates = []tls.Certificate{own}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: conf, ForceAttemptHTTP2: true}}, nil
}
