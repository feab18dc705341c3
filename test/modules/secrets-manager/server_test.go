package secretsmanager_test

import (
	"archive/zip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/deploy"
)

// server is the database that the rotation function talks to: a file of roles with
// the SCRAM verifiers of their passwords (testdata/pg8000 reads and writes it).
type server struct{ path string }

func serverOf(d *deploy.Deployment) server { return server{filepath.Join(d.Dir, "roles.json")} }

func (s server) roles() (map[string]string, error) {
	b, err := os.ReadFile(s.path)
	if err != nil {
		return nil, fmt.Errorf("read the roles: %w", err)
	}
	roles := map[string]string{}
	return roles, json.Unmarshal(b, &roles)
}

func (s server) write(roles map[string]string) error {
	b, err := json.Marshal(roles)
	if err != nil {
		return err
	}
	return os.WriteFile(s.path, b, 0o600)
}

// opens says whether the server takes the password for the role.
func (s server) opens(role, password string) (bool, error) {
	roles, err := s.roles()
	if err != nil {
		return false, err
	}
	kept := roles[role]
	salt, _, ok := strings.Cut(strings.TrimPrefix(kept, "SCRAM-SHA-256$4096:"), "$")
	raw, err := base64.StdEncoding.DecodeString(salt)
	if !ok || err != nil {
		return false, err
	}
	again, err := verifier(password, raw)
	return again == kept, err
}

// verifier is what PostgreSQL keeps of a password (RFC 5803), written here a second
// time so that the function's own is checked against another's.
func verifier(password string, salt []byte) (string, error) {
	salted, err := pbkdf2.Key(sha256.New, password, salt, 4096, sha256.Size)
	if err != nil {
		return "", err
	}
	digest := func(text string) []byte {
		m := hmac.New(sha256.New, salted)
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	stored := sha256.Sum256(digest("Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$4096:%s$%s:%s", b64(salt), b64(stored[:]), b64(digest("Server Key"))), nil
}

// prepare makes what must exist before the plan: the function's package, the layer
// with the driver, and the server with its one role.
func prepare(ctx context.Context, d *deploy.Deployment) error {
	module := filepath.Dir(filepath.Dir(d.Dir))
	build := exec.CommandContext(ctx, "python3", filepath.Join(module, "lambda", "build"), filepath.Join(d.Dir, "rotation.zip"))
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the rotation function: %w\n%s", err, out)
	}
	kept, err := verifier(firstPassword, []byte("a salt of tests."))
	if err != nil {
		return err
	}
	s := serverOf(d)
	if err := s.write(map[string]string{role: kept}); err != nil {
		return err
	}
	if err := layer(filepath.Join(d.Dir, "layer.zip"), s); err != nil {
		return err
	}
	// By their full paths: the provider may run in another folder.
	paths, err := json.Marshal(map[string]string{"package": filepath.Join(d.Dir, "rotation.zip"), "layer_package": filepath.Join(d.Dir, "layer.zip")})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.Dir, "prepared.auto.tfvars.json"), paths, 0o600)
}

func layer(path string, s server) error {
	files := map[string][]byte{"python/pg8000/server.txt": []byte(s.path)}
	for _, name := range []string{"__init__.py", "native.py"} {
		b, err := os.ReadFile(filepath.Join("testdata", "pg8000", name))
		if err != nil {
			return err
		}
		files["python/pg8000/"+name] = b
	}
	ca, err := authority()
	if err != nil {
		return err
	}
	files["rds/global-bundle.pem"] = ca
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := zip.NewWriter(f)
	for name, content := range files {
		e, err := w.Create(name)
		if err != nil {
			return err
		}
		if _, err := e.Write(content); err != nil {
			return err
		}
	}
	return w.Close()
}

// authority is a certificate that a TLS library takes for a bundle of authorities.
func authority() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}
