package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// outside is the interface of a node's default route; kind's nodes have this one.
func (a *agent) outside() string { return "eth0" }

// route sends packets to the pods of other nodes by those nodes.
func (a *agent) route(ctx context.Context) error {
	all, err := a.nodes.List(everything)
	if err != nil {
		return err
	}
	for _, n := range all {
		if n.Name == a.node {
			continue
		}
		to, err := ranges(n)
		if err != nil {
			return err
		}
		for _, prefix := range to {
			for _, address := range n.Status.Addresses {
				by, err := netip.ParseAddr(address.Address)
				if address.Type != corev1.NodeInternalIP || err != nil || by.Is4() != prefix.Addr().Is4() {
					continue
				}
				if out, err := a.onNode(ctx, "", "/usr/sbin/ip", "route", "replace", prefix.String(), "via", by.String()); err != nil {
					return fmt.Errorf("route to %s: %w: %s", n.Name, err, out)
				}
			}
		}
	}
	return nil
}

// addresses tells the container runtime how a pod gets its interface and addresses
// (CNI specification, "Network configuration format"). The file is put in place whole.
func (a *agent) addresses(local []netip.Prefix) error {
	type object map[string]any
	var from [][]object
	var routes []object
	for _, p := range local {
		from = append(from, []object{{"subnet": p.String()}})
		everywhere := "0.0.0.0/0"
		if p.Addr().Is6() {
			everywhere = "::/0"
		}
		routes = append(routes, object{"dst": everywhere})
	}
	b, err := json.Marshal(object{
		"cniVersion": "0.3.1",
		"name":       "fintrack",
		"plugins": []object{{
			"type": "ptp", "ipMasq": false, "mtu": 1500,
			"ipam": object{"type": "host-local", "dataDir": "/run/cni-ipam-state", "routes": routes, "ranges": from},
		}},
	})
	if err != nil {
		return err
	}
	file := filepath.Join(a.root, "etc", "cni", "net.d", "10-fintrack.conflist")
	if old, err := os.ReadFile(file); err == nil && slices.Equal(old, b) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", b, 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
