package pods

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/kindcluster"
	"github.com/fintrack/platform/test/kit/netpol"
)

// controls are the criteria that isolation bears on.
var controls = []string{"CC6.1", "CC6.6"}

// Actors are pods beside those that the platform renders, features a cluster of every
// shape of policy, and canary three pods.
var (
	//go:embed actors.yaml
	Actors []byte
	//go:embed features.yaml
	features []byte
	//go:embed canary.yaml
	canary []byte
)

// Scene is a cluster with what stands outside of it.
type Scene struct {
	Kind *kindcluster.Cluster
	// Probe is the file with the probe's program.
	Probe string
	// Stage tells that something begins.
	Stage func(what string)
}

// Prove records what holds of a cluster's network: that it holds policies at all, that
// it reads every shape of them as they are meant, and that the platform's let pass what
// they should and nothing else. manifests are the platform's, by the environment's name.
// It ends at the first thing without which the rest says nothing.
func (s Scene) Prove(ctx context.Context, checks *check.Set, manifests map[string][]byte) error {
	if err := s.Kind.LoadProgram(ctx, Image, Program, s.Probe); err != nil {
		return err
	}
	s.Stage("canary")
	holds, err := s.canary(ctx, checks)
	if err != nil || !holds {
		return err
	}
	s.Stage("features")
	if err := s.features(ctx, checks); err != nil {
		return err
	}
	s.Stage("platform")
	return s.platform(ctx, checks, manifests)
}

// features holds the kernel against the engine on policies of every shape.
func (s Scene) features(ctx context.Context, checks *check.Set) error {
	c, err := Stage(ctx, s.Kind, map[string][]byte{"features.yaml": features})
	if err != nil {
		return err
	}
	outside := c.outsiders(s.dual())
	machine, err := s.outside(ctx, outside, c.ports)
	if err != nil {
		return err
	}
	if err := c.Enforce(ctx); err != nil {
		return err
	}
	if err := settle(ctx); err != nil {
		return err
	}
	between, err := c.Between(ctx)
	if err != nil {
		return err
	}
	across, err := c.Across(ctx, machine, outside)
	if err != nil {
		return err
	}
	record(checks, check.Check{ID: "network.pods-features", Title: "Packets follow policies of every shape: blocks with exceptions, ranges and names of ports, both directions", Subject: "test/network/pods/features.yaml"}, between)
	record(checks, check.Check{ID: "network.pods-features-outside", Title: "Packets from and to the outside follow policies of every shape", Subject: "test/network/pods/features.yaml"}, across)
	if err := c.steady(ctx, checks); err != nil {
		return err
	}
	return c.leave(ctx)
}

// platform holds the kernel against the engine on the platform's own policies.
func (s Scene) platform(ctx context.Context, checks *check.Set, manifests map[string][]byte) error {
	all := maps.Clone(manifests)
	all["test/network/pods/actors.yaml"] = Actors
	c, err := Stage(ctx, s.Kind, all)
	if err != nil {
		return err
	}
	idle := c.Idle()
	checks.That(check.Check{ID: "network.pods-cast", Title: "Every selector of the platform's policies meets a pod in the cluster", Subject: "policies/network", Controls: controls,
		Next: "add a pod with the labels that the policy names to test/network/pods/actors.yaml, or mend the policy"},
		len(idle) == 0, "no policy of which nobody sees whether it holds", fmt.Sprintf("%d pods, %d policies; %s", len(c.probes()), len(c.Policies()), orNone(idle)))
	outside := c.outsiders(false) // the platform's policies speak of IPv4 alone
	machine, err := s.outside(ctx, outside, c.ports)
	if err != nil {
		return err
	}
	if err := c.Enforce(ctx); err != nil {
		return err
	}
	if err := settle(ctx); err != nil {
		return err
	}
	between, err := c.Between(ctx)
	if err != nil {
		return err
	}
	record(checks, check.Check{ID: "network.pods-matrix", Title: "Between all pods of the platform packets pass exactly where its NetworkPolicies admit them", Subject: "policies/network"}, between)
	across, err := c.Across(ctx, machine, outside)
	if err != nil {
		return err
	}
	record(checks, check.Check{ID: "network.pods-outside", Title: "Between pods and the outside packets pass exactly where NetworkPolicies admit them", Subject: "policies/network"}, across)
	return nil
}

func record(checks *check.Set, c check.Check, got Cells) {
	c.Controls = controls
	c.Next = "the first difference names the connection and the policies that decide; the node's rules: docker exec NODE nft list table inet fintrack-pods"
	checks.That(c, got.Proves(), "connections of which some pass and some do not, each as test/kit/netpol answers", got.String())
}

func orNone(of []string) string {
	if len(of) == 0 {
		return "every selector meets one"
	}
	return strings.Join(of, "; ")
}

// settled is how long a change of policy may take to reach the kernels before packets
// are counted. A network that needs longer is one that leaves a gap.
const settled = 3 * time.Second

func settle(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(settled):
		return nil
	}
}

func (s Scene) dual() bool { return s.Kind.Dual }

// outsiders are addresses that are no pod's: one for each part of all addresses that
// the policies tell apart.
func (c *Cast) outsiders(dual bool) []netip.Addr {
	ranges := []string{"0.0.0.0/0", "::/0"}
	if !dual {
		ranges = ranges[:1]
	}
	var out []netip.Addr
	for _, r := range ranges {
		for _, a := range c.Addrs(netip.MustParsePrefix(r)) {
			switch {
			case a == netip.IPv4Unspecified():
				a = netip.MustParseAddr("203.0.113.1")
			case a == netip.IPv6Unspecified():
				a = netip.MustParseAddr("2001:db8:ffff::1")
			}
			if !strings.HasPrefix(a.String(), "10.244.") {
				out = append(out, a)
			}
		}
	}
	return out
}

// outside starts a machine with such addresses that answers on ports, in the place of
// the one before.
func (s Scene) outside(ctx context.Context, addrs []netip.Addr, ports []int) (*kindcluster.Outside, error) {
	pods := map[string][]netip.Prefix{}
	for _, n := range s.Kind.Nodes {
		b, err := s.Kind.Kubectl(ctx, nil, "get", "node", n.Name, "-o", `jsonpath={.spec.podCIDRs[*]}`)
		if err != nil {
			return nil, err
		}
		for _, word := range strings.Fields(string(b)) {
			p, err := netip.ParsePrefix(word)
			if err != nil {
				return nil, err
			}
			pods[n.Name] = append(pods[n.Name], p)
		}
	}
	o, err := s.Kind.StartOutside(ctx, Program, s.Probe, addrs, pods)
	if err != nil {
		return nil, err
	}
	words := func(n int, word func(i int) string) string {
		out := make([]string, n)
		for i := range n {
			out[i] = word(i)
		}
		return strings.Join(out, ",")
	}
	return o, s.Kind.Background(ctx, o.Container, "/"+Program, "serve",
		words(len(ports), func(i int) string { return fmt.Sprint(ports[i]) }), words(len(addrs), func(i int) string { return addrs[i].String() }))
}

// leave removes the probes and policies of a cast, and its namespaces.
func (c *Cast) leave(ctx context.Context) error {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c.Namespaces())) {
		if name != "default" && name != "kube-system" {
			names = append(names, name)
		}
	}
	_, err := c.kind.Kubectl(ctx, nil, append([]string{"delete", "namespace", "--wait=false"}, names...)...)
	return err
}

// one is the pod of a name that the cast has for certain.
func (c *Cast) one(name string) netpol.Peer {
	p, err := c.Find(name)
	if err != nil || len(c.addrs[p.String()]) == 0 {
		return netpol.Peer{}
	}
	return netpol.Peer{Pod: p, Addr: c.addrs[p.String()][0]}
}
