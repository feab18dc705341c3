// Package cluster starts a Kubernetes API for a run: a real etcd, API server,
// controller manager and scheduler as one child process on the loopback address.
// There are no nodes, so no container runs; tokens, admission, RBAC and the
// controllers are the real ones.
//
// It links no Kubernetes code. A suite that wants client-go gives it
// Cluster.Kubeconfig; the few calls that a check of identities needs are here.
package cluster

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox"
)

// Limits of a cluster's life, as data.
var (
	readyWithin   = 180 * time.Second     // from start to readyz, on a loaded machine
	accountWithin = 60 * time.Second      // from readyz to the default service account
	pollEvery     = 50 * time.Millisecond // between two questions
	stopGrace     = 15 * time.Second      // from SIGTERM to SIGKILL
	portTries     = 5                     // sets of ports to try
	askWithin     = 30 * time.Second      // for one request to the API
	certificates  = 30 * 24 * time.Hour   // for which the certificates are good
)

// kubernetesAudience is the audience of the tokens that the API server itself
// takes, the one of EKS.
const kubernetesAudience = "https://kubernetes.default.svc"

// Cluster is a running control plane.
type Cluster struct {
	// Endpoint is the address of the API server: https://127.0.0.1:<port>.
	Endpoint string
	// Issuer is the iss of the service accounts' tokens.
	Issuer string
	// JWKSURL serves the keys that check the tokens' signatures, to anybody.
	JWKSURL string
	// Kubeconfig is the path of an administrator's kubeconfig.
	Kubeconfig string
	// CA is the PEM of the certificate that Endpoint's own is signed by.
	CA []byte
	// Controllers says that a controller manager and a scheduler run. A folder of
	// KUBEBUILDER_ASSETS may lack them.
	Controllers bool
	// ReadyAfter is how long the last start took.
	ReadyAfter time.Duration
	// Log is the file with what the components said.
	Log string

	run      *sandbox.Run
	dir      string
	programs programs
	settings settings
	ports    ports
	pki      pki
	client   *http.Client

	mu      sync.Mutex
	running []*child
}

type settings struct {
	issuer string
	flags  []string
}

// Option changes how a cluster is started.
type Option func(*settings)

// Issuer makes the tokens carry another issuer than the cluster's own address:
// the one that EKS gave the cluster whose place this one takes.
func Issuer(url string) Option { return func(s *settings) { s.issuer = url } }

// APIServerFlags adds flags of kube-apiserver, after the cluster's own.
func APIServerFlags(flags ...string) Option {
	return func(s *settings) { s.flags = append(s.flags, flags...) }
}

// Start starts a cluster for the run and returns when its API is ready, its
// default service account exists and anybody may read its keys. The ledger knows
// the process from its first moment, so that a killed run's cluster is stopped by
// the next run or the janitor.
//
// The program is the one that scripts/build-tool controlplane builds, or those in
// the folder that KUBEBUILDER_ASSETS names.
func Start(ctx context.Context, r *sandbox.Run, opts ...Option) (*Cluster, error) {
	p, err := findPrograms(ctx, r.Paths)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	return startWith(ctx, r, p, freePorts, opts...)
}

// New is Start for one test, which it fails when the cluster cannot be had; the
// cluster stops with the test.
func New(ctx context.Context, t testing.TB, r *sandbox.Run, opts ...Option) *Cluster {
	t.Helper()
	c, err := Start(ctx, r, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func startWith(ctx context.Context, r *sandbox.Run, p programs, choose func() (ports, error), opts ...Option) (*Cluster, error) {
	c := &Cluster{run: r, programs: p, Controllers: p.controllers()}
	for _, o := range opts {
		o(&c.settings)
	}
	id := make([]byte, 3)
	_, _ = rand.Read(id) // never fails, by its documentation
	c.dir = filepath.Join(r.Dir, "cluster-"+hex.EncodeToString(id))
	c.Log = c.dir + ".log"
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w (set FINTRACK_CACHE to a writable folder)", sandbox.ErrSetup, err)
	}
	var last error
	for range portTries {
		if last = c.prepare(choose); last != nil {
			break
		}
		if last = c.launch(ctx); last == nil {
			return c, nil
		}
		if ctx.Err() != nil || !errors.Is(last, errPortTaken) {
			break
		}
	}
	return nil, fmt.Errorf("%w: start a cluster: %w", sandbox.ErrSetup, errors.Join(last, os.RemoveAll(c.dir)))
}

// prepare chooses ports and writes what depends on them.
func (c *Cluster) prepare(choose func() (ports, error)) (err error) {
	if c.ports, err = choose(); err != nil {
		return fmt.Errorf("find free loopback ports: %w", err)
	}
	c.Endpoint = fmt.Sprintf("https://127.0.0.1:%d", c.ports.api)
	c.JWKSURL = c.Endpoint + "/openid/v1/jwks"
	if c.Issuer = c.settings.issuer; c.Issuer == "" {
		c.Issuer = c.Endpoint
	}
	if c.pki, err = newPKI(time.Now()); err != nil {
		return fmt.Errorf("make certificates: %w", err)
	}
	if err := c.pki.write(c.dir, c.Endpoint); err != nil {
		return err
	}
	c.CA, c.Kubeconfig = c.pki.ca.certificate, filepath.Join(c.dir, "admin.conf")
	c.client, err = c.pki.client(c.pki.admin)
	return err
}

// launch starts the processes and waits until the API can be used.
func (c *Cluster) launch(ctx context.Context) error {
	begun := time.Now()
	if err := c.startProcesses(); err != nil {
		return errors.Join(err, c.halt(syscall.SIGKILL))
	}
	if err := c.awaitReady(ctx); err != nil {
		return errors.Join(err, c.halt(syscall.SIGKILL))
	}
	c.ReadyAfter = time.Since(begun)
	return nil
}

// RotateKey replaces the key that signs the service accounts' tokens and starts
// the cluster anew with the new one alone: every token that was issued before is
// void from then on. What the cluster holds is kept.
func (c *Cluster) RotateKey(ctx context.Context) error {
	if err := c.halt(syscall.SIGTERM); err != nil {
		return fmt.Errorf("rotate the key: %w", err)
	}
	if err := writeServiceAccountKey(c.dir); err != nil {
		return fmt.Errorf("rotate the key: %w", err)
	}
	if err := c.launch(ctx); err != nil {
		return fmt.Errorf("rotate the key: start again: %w", err)
	}
	return nil
}

// Restart stops the cluster and starts it again with what it held.
func (c *Cluster) Restart(ctx context.Context) error {
	if err := c.halt(syscall.SIGTERM); err != nil {
		return fmt.Errorf("restart the cluster: %w", err)
	}
	if err := c.launch(ctx); err != nil {
		return fmt.Errorf("restart the cluster: %w", err)
	}
	return nil
}

// Stop ends the cluster's processes, strikes them from the ledger and removes
// all that the cluster held but its log.
func (c *Cluster) Stop() error {
	if err := c.halt(syscall.SIGKILL); err != nil { // nothing of it is wanted any more
		return fmt.Errorf("stop the cluster on %s: %w", c.Endpoint, err)
	}
	return os.RemoveAll(c.dir)
}

// ports are the loopback ports of the API server, of etcd's clients and peers.
type ports struct{ api, etcd, peer int }

// freePorts chooses three ports that are free now. They are held together while
// they are chosen, so that they differ.
func freePorts() (ports, error) {
	var p ports
	for _, port := range []*int{&p.api, &p.etcd, &p.peer} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return p, err
		}
		defer l.Close()
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}
