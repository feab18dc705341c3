package cluster

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// command is one process to start.
type command struct {
	name, path string
	args       []string
}

// commands returns the processes of the control plane in the order of their start,
// and writes the file that one program for all of them reads.
func (c *Cluster) commands() ([]command, error) {
	if c.programs.all == "" {
		var list []command
		for _, x := range []struct {
			name string
			args []string
		}{
			{"etcd", c.etcdFlags()}, {"kube-apiserver", c.apiServerFlags()},
			{"kube-controller-manager", c.controllerManagerFlags()}, {"kube-scheduler", c.schedulerFlags()},
		} {
			if path := c.programs.apart[x.name]; path != "" {
				list = append(list, command{x.name, path, x.args})
			}
		}
		return list, nil
	}
	file := filepath.Join(c.dir, "controlplane.json")
	b, err := json.MarshalIndent(map[string]any{
		"etcd":                   map[string]string{"dataDir": c.file("etcd"), "clientURL": c.etcdURL(c.ports.etcd), "peerURL": c.etcdURL(c.ports.peer)},
		"apiServer":              c.Endpoint,
		"caFile":                 c.file("ca.crt"),
		"apiServerFlags":         c.apiServerFlags(),
		"controllerManagerFlags": c.controllerManagerFlags(),
		"schedulerFlags":         c.schedulerFlags(),
	}, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return nil, err
	}
	return []command{{"controlplane", c.programs.all, []string{"--config", file}}}, nil
}

func (c *Cluster) file(name string) string { return filepath.Join(c.dir, name) }

func (c *Cluster) etcdURL(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }

func (c *Cluster) etcdFlags() []string {
	client, peer := c.etcdURL(c.ports.etcd), c.etcdURL(c.ports.peer)
	return []string{
		"--data-dir=" + c.file("etcd"), "--log-level=error", "--unsafe-no-fsync",
		"--listen-client-urls=" + client, "--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=default=" + peer,
	}
}

func (c *Cluster) apiServerFlags() []string {
	return append([]string{
		"--etcd-servers=" + c.etcdURL(c.ports.etcd),
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", c.ports.api),
		// No Endpoints are written for the Service kubernetes, since nothing in the
		// cluster could reach a loopback address; so this one is good enough.
		"--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
		"--tls-cert-file=" + c.file("apiserver.crt"), "--tls-private-key-file=" + c.file("apiserver.key"),
		"--client-ca-file=" + c.file("ca.crt"),
		"--service-account-key-file=" + c.file("sa.pub"), "--service-account-signing-key-file=" + c.file("sa.key"),
		"--service-account-issuer=" + c.Issuer, "--service-account-jwks-uri=" + c.JWKSURL,
		"--api-audiences=" + kubernetesAudience,
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
		"--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged=true", "--profiling=false",
	}, c.settings.flags...)
}

func (c *Cluster) controllerManagerFlags() []string {
	return append(c.clientFlags("kube-controller-manager"),
		"--service-account-private-key-file="+c.file("sa.key"), "--root-ca-file="+c.file("ca.crt"),
		"--cluster-signing-cert-file="+c.file("ca.crt"), "--cluster-signing-key-file="+c.file("ca.key"),
		"--use-service-account-credentials", "--allocate-node-cidrs", "--cluster-cidr=10.244.0.0/16")
}

func (c *Cluster) schedulerFlags() []string { return c.clientFlags("kube-scheduler") }

// clientFlags are those of a component that is a client of the API server and
// serves nothing itself.
func (c *Cluster) clientFlags(name string) []string {
	conf := c.file(name + ".conf")
	return []string{
		"--kubeconfig=" + conf, "--authentication-kubeconfig=" + conf, "--authorization-kubeconfig=" + conf,
		"--leader-elect=false", "--secure-port=0", "--profiling=false",
	}
}
