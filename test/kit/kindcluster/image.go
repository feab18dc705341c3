package kindcluster

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"sync"
)

// LoadProgram makes an image of one static program, which is its entry point and lies
// at /name, and puts it on every node.
func (c *Cluster) LoadProgram(ctx context.Context, image, name, file string) error {
	layer, err := archive(name, file)
	if err != nil {
		return err
	}
	if _, err := docker(ctx, layer, "import", "-c", fmt.Sprintf("ENTRYPOINT [%q]", "/"+name), "-", image); err != nil {
		return err
	}
	saved, err := docker(ctx, nil, "save", image)
	if err != nil {
		return err
	}
	return c.each(func(n Node) error {
		_, err := c.On(ctx, n.Name, saved, "ctr", "--namespace=k8s.io", "images", "import", "--all-platforms", "--digests", "-")
		return err
	})
}

// each does something on all nodes side by side.
func (c *Cluster) each(do func(Node) error) error {
	errs := make([]error, len(c.Nodes))
	var wg sync.WaitGroup
	for i, n := range c.Nodes {
		wg.Add(1)
		go func() {
			defer wg.Done()
			errs[i] = do(n)
		}()
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// archive is a tar of one program.
func archive(name, file string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(b))}); err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

// Outside is a machine beside the cluster that has addresses of its own choice, to
// which the nodes have routes, and it has routes to the pods.
type Outside struct {
	// Container is its name for Cluster.On.
	Container string
}

// StartOutside starts such a machine, on which a program lies at /name. It is gone with
// the cluster. pods has each node's ranges for pods, by the node's name.
func (c *Cluster) StartOutside(ctx context.Context, name, file string, addrs []netip.Addr, pods map[string][]netip.Prefix) (*Outside, error) {
	o := &Outside{Container: c.Name + "-outside"}
	network, err := docker(ctx, nil, "inspect", "-f", "{{range $name, $x := .NetworkSettings.Networks}}{{$name}}{{end}}", c.Nodes[0].Name)
	if err != nil {
		return nil, err
	}
	_, _ = docker(ctx, nil, "rm", "-f", "-v", o.Container) // the one before, if any
	if _, err := docker(ctx, nil, "run", "-d", "--privileged", "--name", o.Container, "--label", beside+"="+c.Name,
		"--network", string(bytes.TrimSpace(network)), "--entrypoint", "sleep", c.Image, "infinity"); err != nil {
		return nil, err
	}
	layer, err := archive(name, file)
	if err != nil {
		return nil, err
	}
	if _, err := docker(ctx, layer, "cp", "-", o.Container+":/"); err != nil {
		return nil, err
	}
	own, err := docker(ctx, nil, "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.GlobalIPv6Address}}{{end}}", o.Container)
	if err != nil {
		return nil, err
	}
	var self []netip.Addr
	for _, word := range bytes.Fields(own) {
		a, err := netip.ParseAddr(string(word))
		if err != nil {
			return nil, err
		}
		self = append(self, a)
	}
	var here, there bytes.Buffer
	for _, a := range addrs {
		fmt.Fprintf(&here, "address add %s dev lo\n", netip.PrefixFrom(a, a.BitLen()))
		if by, ok := sameFamily(self, a); ok {
			fmt.Fprintf(&there, "route replace %s via %s\n", netip.PrefixFrom(a, a.BitLen()), by)
		}
	}
	for _, n := range c.Nodes {
		for _, p := range pods[n.Name] {
			if by, ok := sameFamily(n.Addrs, p.Addr()); ok {
				fmt.Fprintf(&here, "route replace %s via %s\n", p, by)
			}
		}
	}
	if _, err := c.On(ctx, o.Container, here.Bytes(), "ip", "-batch", "-"); err != nil {
		return nil, err
	}
	return o, c.each(func(n Node) error {
		_, err := c.On(ctx, n.Name, there.Bytes(), "ip", "-batch", "-")
		return err
	})
}

func sameFamily(of []netip.Addr, as netip.Addr) (netip.Addr, bool) {
	for _, a := range of {
		if a.Is4() == as.Is4() {
			return a, true
		}
	}
	return netip.Addr{}, false
}
