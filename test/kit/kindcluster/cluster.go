// Package kindcluster makes and removes throwaway clusters of containers, by
// sigs.k8s.io/kind as a library and the docker program for what kind has no call for.
//
// DOCKER_HOST names the engine; scripts/docker-engine starts one where none runs.
package kindcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/cluster/nodes"
)

// Limits, as data.
const (
	// nodesReady is how long the nodes may take to be ready once Kubernetes is set up.
	nodesReady = 3 * time.Minute
	// Removal is how long removing a cluster may take, and removals how often the
	// engine is asked to.
	Removal  = 2 * time.Minute
	removals = 3
)

// Spec is a cluster to make.
type Spec struct {
	// Name tells clusters of one engine apart; one of the same name is removed first.
	Name string
	// Image is the node image (scripts/kind/node-image).
	Image string
	// Workers is how many nodes there are beside the one of the control plane.
	Workers int
	// Dual gives pods IPv6 addresses beside IPv4.
	Dual bool
	// Run is whose cluster it is: its ledger is told, so that a later run removes what
	// this one leaves when it is killed.
	Run *sandbox.Run
	// Folder takes the credentials.
	Folder string
	// Log takes what kind says while it works.
	Log io.Writer
}

// Cluster is one that runs.
type Cluster struct {
	Spec
	Nodes    []Node
	provider *cluster.Provider
}

// Node is a container that is a machine of the cluster.
type Node struct {
	Name         string
	ControlPlane bool
	// Addrs are its IPv4 and, where there is one, IPv6 address.
	Addrs []netip.Addr
}

// Create makes a cluster and waits until its nodes are ready. When the context ends or
// anything fails, what was made is removed.
func Create(ctx context.Context, s Spec) (*Cluster, error) {
	c := &Cluster{Spec: s, provider: cluster.NewProvider(cluster.ProviderWithDocker(), cluster.ProviderWithLogger(lines{s.Log}))}
	if err := c.Delete(ctx); err != nil { // of a run that was killed
		return nil, err
	}
	if err := s.Run.Contain(c.entry(), "kind cluster", nodeOf+"="+s.Name, beside+"="+s.Name); err != nil {
		return nil, err
	}
	config := &v1alpha4.Cluster{Nodes: []v1alpha4.Node{{Role: v1alpha4.ControlPlaneRole}}}
	for range s.Workers {
		config.Nodes = append(config.Nodes, v1alpha4.Node{Role: v1alpha4.WorkerRole})
	}
	if s.Dual {
		config.Networking.IPFamily = v1alpha4.DualStackFamily
	}
	made := make(chan error, 1)
	go func() { // kind knows no context
		made <- c.provider.Create(s.Name, cluster.CreateWithV1Alpha4Config(config), cluster.CreateWithNodeImage(s.Image),
			cluster.CreateWithKubeconfigPath(c.kubeconfig()), cluster.CreateWithWaitForReady(nodesReady),
			cluster.CreateWithDisplayUsage(false), cluster.CreateWithDisplaySalutation(false))
	}()
	var err error
	select {
	case err = <-made:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil {
		err = c.look(ctx)
	}
	if err != nil {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), Removal)
		defer cancel()
		return nil, errors.Join(fmt.Errorf("create the kind cluster %s of %s: %w", s.Name, s.Image, err), c.Delete(clean))
	}
	return c, nil
}

// entry is the cluster's in the ledger. A cache has one of a name.
func (c *Cluster) entry() string { return "kind-" + c.Name }

func (c *Cluster) kubeconfig() string { return filepath.Join(c.Folder, c.Name+".kubeconfig") }

// Delete removes the cluster, and every container that was started beside it. There
// need not be one.
func (c *Cluster) Delete(ctx context.Context) error {
	var errs []error
	for try := 1; ; try++ { // a node with many processes may outlive one try
		err := c.provider.Delete(c.Name, c.kubeconfig())
		if err == nil {
			break
		}
		if try == removals || ctx.Err() != nil {
			errs = append(errs, fmt.Errorf("delete the kind cluster %s: %w", c.Name, err))
			break
		}
	}
	left, err := docker(ctx, nil, "ps", "-aq", "--filter", "label="+beside+"="+c.Name)
	if ids := strings.Fields(string(left)); err == nil && len(ids) > 0 {
		_, err = docker(ctx, nil, append([]string{"rm", "-f", "-v"}, ids...)...)
	}
	if err = errors.Join(append(errs, err)...); err != nil {
		return err
	}
	return c.Run.Uncontain(c.entry())
}

// Labels: kind gives the nodes of a cluster the one, and this package gives the other
// to containers that belong to a cluster and are none of its nodes.
const (
	nodeOf = "io.x-k8s.kind.cluster"
	beside = "fintrack.kind.beside"
)

// look reads which nodes there are.
func (c *Cluster) look(ctx context.Context) error {
	all, err := c.provider.ListNodes(c.Name)
	if err != nil {
		return err
	}
	for _, n := range all {
		node, err := read(n)
		if err != nil {
			return err
		}
		c.Nodes = append(c.Nodes, node)
	}
	return ctx.Err()
}

func read(n nodes.Node) (Node, error) {
	out := Node{Name: n.String()}
	role, err := n.Role()
	if err != nil {
		return out, err
	}
	out.ControlPlane = role == "control-plane"
	four, six, err := n.IP()
	if err != nil {
		return out, err
	}
	for _, word := range []string{four, six} {
		if a, err := netip.ParseAddr(word); err == nil {
			out.Addrs = append(out.Addrs, a)
		}
	}
	return out, nil
}

// Kubectl runs kubectl as the cluster's administrator, on the node of the control
// plane, and returns what it printed.
func (c *Cluster) Kubectl(ctx context.Context, input []byte, args ...string) ([]byte, error) {
	for _, n := range c.Nodes {
		if n.ControlPlane {
			return c.On(ctx, n.Name, input, append([]string{"kubectl", "--kubeconfig=/etc/kubernetes/admin.conf"}, args...)...)
		}
	}
	return nil, fmt.Errorf("the kind cluster %s has no control plane", c.Name)
}

// On runs a program in a container of the cluster, or beside it.
func (c *Cluster) On(ctx context.Context, container string, input []byte, args ...string) ([]byte, error) {
	return docker(ctx, input, append([]string{"exec", "-i", container}, args...)...)
}

// docker runs the program of that name; an error has the end of what it complained of.
func docker(ctx context.Context, input []byte, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &complaint
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(complaint.String())
		if len(said) > 1000 {
			said = "..." + said[len(said)-1000:]
		}
		return out.Bytes(), fmt.Errorf("docker %s: %w: %s", strings.Join(args[:min(len(args), 6)], " "), err, said)
	}
	return out.Bytes(), nil
}

// Background starts a program in a container and leaves it running there.
func (c *Cluster) Background(ctx context.Context, container string, args ...string) error {
	_, err := docker(ctx, nil, append([]string{"exec", "-d", container}, args...)...)
	return err
}
