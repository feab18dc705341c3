package cluster

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// KubeconfigFor writes the kubeconfig of a service account, by a token that is good for
// a time of 10 minutes or more, and returns its path: a program that is given it has the
// rights of its pod. The file goes with the cluster.
func (c *Cluster) KubeconfigFor(ctx context.Context, namespace, account string, lifetime time.Duration) (string, error) {
	token, err := c.Token(ctx, namespace, account, lifetime, kubernetesAudience)
	if err != nil {
		return "", err
	}
	conf, err := kubeconfigOf(c.Endpoint, c.CA, map[string]any{"token": token})
	if err != nil {
		return "", err
	}
	path := filepath.Join(c.dir, namespace+"-"+account+".conf")
	return path, os.WriteFile(path, conf, 0o600)
}
