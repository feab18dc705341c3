package main

import (
	"context"
	"fmt"
	"log"
	"net/netip"

	"github.com/fintrack/platform/test/kit/netpol/ruleset"
)

// load compiles the policies and puts them into the kernel, in one transaction. What
// cannot be compiled leaves the rules as they are.
func (a *agent) load(ctx context.Context, local []netip.Prefix) error {
	s := ruleset.State{Node: a.node, Local: local, Cluster: a.cluster}
	var err error
	if s.Pods, err = a.pods.List(everything); err != nil {
		return err
	}
	if s.Namespaces, err = a.namespaces.List(everything); err != nil {
		return err
	}
	if s.Policies, err = a.policies.List(everything); err != nil {
		return err
	}
	r, err := ruleset.Compile(s)
	if err != nil {
		return err
	}
	text := r.NFT(a.outside())
	if text == a.loaded {
		return nil
	}
	if out, err := a.onNode(ctx, text, "/usr/sbin/nft", "-f", "-"); err != nil {
		return fmt.Errorf("nft: %w: %s", err, out)
	}
	a.loaded = text
	log.Printf("rules of %d pods, %d of them held, by %d policies", len(r.Known), len(r.Held), len(s.Policies))
	return nil
}
