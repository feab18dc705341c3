// Package argocd runs the programs of Argo CD beside a cluster of the sandbox: its
// application controller and its repo server, with the settings of the platform, over a
// local Git repository.
package argocd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/controllers"
	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/cluster"
)

// Namespace is where Argo CD's settings and the Applications are.
const Namespace = "argocd"

// Programs are what Argo CD is made of here.
type Programs struct{ ArgoCD, Helm, Redis string }

// FindPrograms builds Argo CD and Helm, if they were not built before, and finds Redis,
// through which the two programs of Argo CD share what they know.
func FindPrograms(ctx context.Context, r *sandbox.Run) (p Programs, err error) {
	if p.Redis, err = exec.LookPath("redis-server"); err != nil {
		return p, fmt.Errorf("%w: redis-server is not here: apt-get install redis-server", sandbox.ErrSetup)
	}
	if p.Helm, err = controllers.Program(ctx, r, "helm"); err != nil {
		return p, err
	}
	p.ArgoCD, err = controllers.Program(ctx, r, "argocd")
	return p, err
}

// Settings are those of Argo CD's chart that count here.
type Settings struct {
	// ConfigMap is the content of argocd-cm.
	ConfigMap map[string]any
	// Reconciliation is how often Argo CD asks Git, at the least; up to Jitter more.
	Reconciliation, Jitter time.Duration
}

// ReadSettings reads the values of Argo CD's chart.
func ReadSettings(values map[string]any) (Settings, error) {
	configs, _ := values["configs"].(map[string]any)
	s := Settings{Jitter: time.Minute}
	s.ConfigMap, _ = configs["cm"].(map[string]any)
	for key, into := range map[string]*time.Duration{"timeout.reconciliation": &s.Reconciliation, "timeout.reconciliation.jitter": &s.Jitter} {
		text, there := s.ConfigMap[key].(string)
		if !there && key != "timeout.reconciliation" {
			continue // Argo CD's own default
		}
		var err error
		if *into, err = time.ParseDuration(text); err != nil {
			return s, fmt.Errorf("configs.cm.%s is %q: want a duration, as 60s", key, text)
		}
	}
	return s, nil
}

// Server is a running Argo CD.
type Server struct {
	processes []*controllers.Process
	names     []string
}

// Start puts the settings into the cluster and starts the programs. The namespace and
// Argo CD's kinds must be there.
func Start(ctx context.Context, r *sandbox.Run, c *cluster.Cluster, p Programs, s Settings) (*Server, error) {
	if err := controllers.In(c).Make(ctx, time.Minute, settings(s)...); err != nil {
		return nil, err
	}
	ports, err := controllers.Ports(4)
	if err != nil {
		return nil, err
	}
	work := filepath.Join(r.Dir, "argocd")
	if err := os.MkdirAll(work, 0o755); err != nil {
		return nil, err
	}
	redis, repo := fmt.Sprintf("127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])
	shared := []string{
		"REDIS_PASSWORD=", "TMPDIR=" + work, "PATH=" + filepath.Dir(p.Helm) + string(os.PathListSeparator) + os.Getenv("PATH"),
		"ARGOCD_RECONCILIATION_TIMEOUT=" + s.Reconciliation.String(), "ARGOCD_RECONCILIATION_JITTER=" + s.Jitter.String(),
	}
	server := &Server{}
	for _, x := range []struct {
		name, program string
		environment   []string
		args          []string
	}{
		{"redis", p.Redis, nil, []string{"--port", fmt.Sprint(ports[0]), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", work}},
		{"argocd-repo-server", p.ArgoCD, append(slices.Clone(shared), "ARGOCD_BINARY_NAME=argocd-repo-server", "ARGOCD_GPG_ENABLED=false"), []string{
			"--redis", redis, "--disable-tls", "--address", "127.0.0.1", "--port", fmt.Sprint(ports[1]), "--metrics-address", "127.0.0.1", "--metrics-port", fmt.Sprint(ports[2]),
		}},
		{"argocd-controller", p.ArgoCD, append(slices.Clone(shared), "ARGOCD_BINARY_NAME=argocd-application-controller", "ARGOCD_FAKE_IN_CLUSTER=true", "KUBECONFIG="+c.Kubeconfig), []string{
			"--kubeconfig", c.Kubeconfig, "--namespace", Namespace, "--redis", redis, "--repo-server", repo, "--repo-server-plaintext", "--metrics-port", fmt.Sprint(ports[3]),
		}},
	} {
		process, err := controllers.Start(r, x.name, x.program, x.environment, x.args...)
		if err != nil {
			return nil, errors.Join(err, server.Stop())
		}
		server.processes, server.names = append(server.processes, process), append(server.names, x.name)
	}
	return server, nil
}

// Ended says which program has ended that should run, "" while all do.
func (s *Server) Ended() string {
	var out []string
	for i, p := range s.processes {
		if why := p.Ended(); why != "" {
			out = append(out, s.names[i]+": "+why)
		}
	}
	return strings.Join(out, "; ")
}

// Stop ends the programs, the last one first.
func (s *Server) Stop() error {
	var errs []error
	for i := len(s.processes) - 1; i >= 0; i-- {
		errs = append(errs, s.processes[i].Stop())
	}
	return errors.Join(errs...)
}

// settings are the objects that Argo CD's programs read at their start (Argo CD's
// documentation, "Declarative Setup").
func settings(s Settings) []gitops.Object {
	var out []gitops.Object
	add := func(kind, name, field string, data map[string]any) {
		out = append(out, gitops.Object{Namespace: Namespace, Fields: map[string]any{
			"apiVersion": "v1", "kind": kind, field: data,
			"metadata": map[string]any{"name": name, "namespace": Namespace, "labels": map[string]any{"app.kubernetes.io/part-of": "argocd"}},
		}})
	}
	add("ConfigMap", "argocd-cm", "data", s.ConfigMap)
	for _, name := range []string{"argocd-rbac-cm", "argocd-cmd-params-cm", "argocd-ssh-known-hosts-cm", "argocd-tls-certs-cm", "argocd-gpg-keys-cm"} {
		add("ConfigMap", name, "data", map[string]any{})
	}
	// Nobody logs in here: the key signs no session.
	add("Secret", "argocd-secret", "stringData", map[string]any{"server.secretkey": "no-session-is-signed-by-this"})
	add("Secret", "argocd-redis", "stringData", map[string]any{"auth": ""})
	return out
}
