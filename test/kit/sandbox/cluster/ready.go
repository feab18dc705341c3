package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// awaitReady waits until the API server is ready, lets anybody read the keys that
// check tokens, and waits for the default service account.
func (c *Cluster) awaitReady(ctx context.Context) error {
	err := c.await(ctx, readyWithin, "the API server was not ready", func() error {
		return c.Do(ctx, http.MethodGet, "/readyz", nil, nil)
	})
	if err != nil {
		return err
	}
	if err := c.openDiscovery(ctx); err != nil {
		return err
	}
	const account = "/api/v1/namespaces/default/serviceaccounts/default"
	if !c.Controllers {
		// Nobody else would make it.
		return c.create(ctx, "/api/v1/namespaces/default/serviceaccounts", object("v1", "ServiceAccount", "default"))
	}
	return c.await(ctx, accountWithin, "the default service account did not appear", func() error {
		return c.Do(ctx, http.MethodGet, account, nil, nil)
	})
}

// openDiscovery lets everybody read the issuer's documents, as EKS does: AWS's
// token service has no account in the cluster (Service Account Issuer Discovery in
// the Kubernetes documentation).
func (c *Cluster) openDiscovery(ctx context.Context) error {
	binding := object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "fintrack-issuer-discovery")
	binding["roleRef"] = map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:service-account-issuer-discovery"}
	binding["subjects"] = []any{map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:unauthenticated"}}
	return c.create(ctx, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
}

// await asks until there is no error, the time is up, or a process has ended.
func (c *Cluster) await(ctx context.Context, limit time.Duration, failure string, ask func() error) error {
	end := time.After(limit)
	for {
		err := ask()
		if err == nil {
			return nil
		}
		if early := c.endedEarly(); early != nil {
			return early
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end:
			return errors.Join(fmt.Errorf("%s within %s; log: %s", failure, limit, c.Log), err)
		case <-time.After(pollEvery):
		}
	}
}
