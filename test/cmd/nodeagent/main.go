// Command nodeagent is the network of a node of a test cluster: addresses for its
// pods, routes to those of other nodes, and NetworkPolicy in the node's kernel. It
// stands in for kindnet where a node image had to be built (scripts/kind/node-image).
//
//	nodeagent --node NAME --pods RANGE[,RANGE] --root FOLDER
//
// It runs in a pod of the node's network, with the node's file system at FOLDER, whose
// nft and ip it calls. CONTROL_PLANE_ENDPOINT, where it is set, is the host and port of
// an API server that can be reached before there are Services.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

const (
	// gather is how long one change waits for others, so that a burst of them costs
	// one transaction.
	gather = 20 * time.Millisecond
	// again is when what failed is tried anew.
	again = time.Second
)

func main() {
	log.SetFlags(log.LstdFlags | log.Lmicroseconds)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal("nodeagent: ", err)
	}
}

func run(ctx context.Context) error {
	node := flag.String("node", "", "the node's `name`")
	pods := flag.String("pods", "", "the `ranges` that all pods have addresses from")
	root := flag.String("root", "/", "the `folder` with the node's file system")
	flag.Parse()
	a := agent{node: *node, root: *root}
	for _, word := range strings.Split(*pods, ",") {
		p, err := netip.ParsePrefix(word)
		if err != nil {
			return fmt.Errorf("--pods: %w", err)
		}
		a.cluster = append(a.cluster, p)
	}
	if a.node == "" {
		return errors.New("--node is missing")
	}
	config, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	if endpoint := os.Getenv("CONTROL_PLANE_ENDPOINT"); endpoint != "" {
		config.Host = "https://" + endpoint
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	changed, err := a.watch(ctx, client)
	if err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
		time.Sleep(gather)
		select { // what came meanwhile is seen now
		case <-changed:
		default:
		}
		if err := a.apply(ctx); err != nil {
			log.Print(err)
			time.AfterFunc(again, func() { kick(changed) })
		}
	}
}

// agent is what it knows, and what it did last.
type agent struct {
	node, root string
	cluster    []netip.Prefix

	nodes      corelisters.NodeLister
	pods       corelisters.PodLister
	namespaces corelisters.NamespaceLister
	policies   networkinglisters.NetworkPolicyLister

	loaded string
}

// watch follows all that the rules depend on. The channel has one place: it says that
// something changed, not what.
func (a *agent) watch(ctx context.Context, client kubernetes.Interface) (chan struct{}, error) {
	changed := make(chan struct{}, 1)
	f := informers.NewSharedInformerFactory(client, 0)
	nodes, pods, namespaces := f.Core().V1().Nodes(), f.Core().V1().Pods(), f.Core().V1().Namespaces()
	policies := f.Networking().V1().NetworkPolicies()
	a.nodes, a.pods, a.namespaces, a.policies = nodes.Lister(), pods.Lister(), namespaces.Lister(), policies.Lister()
	for _, informer := range []cache.SharedIndexInformer{nodes.Informer(), pods.Informer(), namespaces.Informer(), policies.Informer()} {
		if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc:    func(any) { kick(changed) },
			UpdateFunc: func(any, any) { kick(changed) },
			DeleteFunc: func(any) { kick(changed) },
		}); err != nil {
			return nil, err
		}
	}
	f.Start(ctx.Done())
	for kind, ok := range f.WaitForCacheSync(ctx.Done()) {
		if !ok {
			return nil, fmt.Errorf("%s were not listed", kind)
		}
	}
	kick(changed)
	return changed, nil
}

func kick(changed chan struct{}) {
	select {
	case changed <- struct{}{}:
	default:
	}
}

// ranges are those that a node gives its pods addresses from.
func ranges(n *corev1.Node) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, word := range n.Spec.PodCIDRs {
		p, err := netip.ParsePrefix(word)
		if err != nil {
			return nil, fmt.Errorf("node %s: %w", n.Name, err)
		}
		out = append(out, p)
	}
	return out, nil
}

// apply makes the node's network what the cluster says: rules first, so that no
// pod can start before they hold it.
func (a *agent) apply(ctx context.Context) error {
	self, err := a.nodes.Get(a.node)
	if err != nil {
		return err
	}
	local, err := ranges(self)
	if err != nil {
		return err
	}
	if len(local) == 0 {
		return fmt.Errorf("node %s has no range for pods yet", a.node)
	}
	if err := a.load(ctx, local); err != nil {
		return err
	}
	if err := a.route(ctx); err != nil {
		return err
	}
	return a.addresses(local)
}

// everything is what a lister is asked for.
var everything = labels.Everything()
