// Package endtoend proves the platform's identities from end to end, as a pod uses
// them: a token by TokenRequest for its own service account, a session by the token
// service, a request that is answered or refused. The API server that issues the
// tokens is a real one; it stands in the place of the EKS cluster that the layer
// compute made, under the issuer that EKS gave that cluster, so that the trust
// policies are the deployed ones, unchanged.
package endtoend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/gateway"
	"github.com/fintrack/platform/test/kit/sandbox/cluster"
)

// clearBound is how long it may take to remove what was made beside the layers.
const clearBound = 2 * time.Minute

// Verify proves an applied platform.
func Verify(ctx context.Context, s *deploy.Stack) {
	started := promise("environment", "The cluster issues tokens under the issuer that EKS gave, and the gateway enforces IAM", "output.oidc_issuer", "CC6.1")
	if !s.Sandbox.Run.Environment.EmulatesAWS() {
		s.Checks.NotProven(started, "emulated", "the gateway never stands before a real account; the intent is compared with that account by simulation")
		return
	}
	w, err := begin(ctx, s)
	if err != nil {
		s.Checks.Err(started, "a cluster and a gateway", err)
		return
	}
	defer func() {
		if err := w.end(); err != nil {
			s.T.Error(err)
		}
	}()
	s.Checks.Equal(started, s.Deployment("compute").Output("oidc_issuer"), w.cluster.Issuer)
	w.trust(ctx)
	w.tokens(ctx)
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearBound)
		defer cancel()
		if err := w.clear(ctx); err != nil {
			s.T.Errorf("remove what the requests asked for: %v", err)
		}
	}()
	if err := w.fill(ctx); err != nil {
		s.Checks.Err(promise("material", "What the requests ask for is there", "account", "CC6.1"), "queues, objects, items and secrets to ask for", err)
		return
	}
	w.ask(ctx)
	w.rotate(ctx)
	w.exercised(ctx)
}

func promise(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "identity." + id, Title: title, Subject: subject, Controls: controls}
}

// world is an applied platform with a cluster and a gateway.
type world struct {
	s       *deploy.Stack
	cluster *cluster.Cluster
	gateway *gateway.Gateway
	// later is a gateway before the same account whose clock is hours ahead: tokens
	// that are good now have expired there.
	later *gateway.Gateway
	// roles are the ARNs of the pods' roles by "namespace/service account", and accounts
	// their keys in order.
	roles    map[string]string
	accounts []string
	sessions map[string]session
	trail    *os.File
	material material
}

// begin starts the cluster under the issuer of the applied one, and the gateways.
func begin(ctx context.Context, s *deploy.Stack) (*world, error) {
	w := &world{s: s, sessions: map[string]session{}}
	s.Deployment("platform").OutputAs("irsa_role_arns", &w.roles)
	w.accounts = sorted(w.roles)
	var err error
	if w.trail, err = os.Create(filepath.Join(s.Sandbox.Dir, "trail.jsonl")); err != nil {
		return nil, err
	}
	issuer := s.Deployment("compute").Output("oidc_issuer")
	if w.cluster, err = cluster.Start(ctx, s.Sandbox.Run, cluster.Issuer(issuer)); err != nil {
		return nil, errors.Join(err, w.end())
	}
	client, err := w.cluster.HTTP()
	if err != nil {
		return nil, errors.Join(err, w.end())
	}
	start := func(trail io.Writer, now clock) (*gateway.Gateway, error) {
		return gateway.Start(gateway.Config{
			AWS: s.Sandbox.AWS, Account: s.Sandbox.Account, Trail: trail, Now: now,
			Issuers: map[string]gateway.Route{issuer: {Base: w.cluster.Endpoint, Client: client}},
		})
	}
	if w.gateway, err = start(w.trail, nil); err != nil {
		return nil, errors.Join(err, w.end())
	}
	if w.later, err = start(nil, ahead); err != nil {
		return nil, errors.Join(err, w.end())
	}
	for _, account := range w.accounts {
		namespace, name := split(account)
		if err := w.cluster.EnsureServiceAccount(ctx, namespace, name); err != nil {
			return nil, errors.Join(err, w.end())
		}
	}
	return w, nil
}

func (w *world) end() error {
	var errs []error
	for _, g := range []*gateway.Gateway{w.gateway, w.later} {
		if g != nil {
			errs = append(errs, g.Close())
		}
	}
	if w.cluster != nil {
		errs = append(errs, w.cluster.Stop())
	}
	if w.trail != nil {
		errs = append(errs, w.trail.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("end the cluster and the gateway: %w", err)
	}
	return nil
}
