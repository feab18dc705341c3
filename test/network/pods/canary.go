package pods

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/netpol/probe"
)

// canaryPort is where the canary's server answers; canary.yaml declares it.
const canaryPort = 8080

// denial is a policy that admits nothing to the canary's server.
const denial = `{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "canary"},
"spec": {"podSelector": {"matchLabels": {"app": "server"}}, "policyTypes": ["Ingress"]}}`

// canary records whether the cluster's network holds any policy: what passes without
// one must stop with it, from a pod of the same node and of another, and pass again
// when it is gone.
func (s Scene) canary(ctx context.Context, checks *check.Set) (bool, error) {
	c, err := Stage(ctx, s.Kind, map[string][]byte{"canary.yaml": canary})
	if err != nil {
		return false, err
	}
	var seen []string
	holds := true
	for _, step := range []struct {
		what string
		do   []string
		want probe.Answer
	}{
		{"without a policy", nil, probe.Open},
		{"with a denial", []string{"apply", "-f", "-"}, probe.Silent},
		{"after it", []string{"delete", "--namespace", "canary", "networkpolicy", "deny"}, probe.Open},
	} {
		if len(step.do) > 0 {
			if _, err := s.Kind.Kubectl(ctx, []byte(denial), step.do...); err != nil {
				return false, err
			}
			if err := settle(ctx); err != nil {
				return false, err
			}
		}
		got, as, err := c.callers(ctx, step.want)
		if err != nil {
			return false, err
		}
		holds = holds && as
		seen = append(seen, step.what+": "+got)
	}
	checks.That(check.Check{ID: "network.pods-enforced", Title: "The cluster's network holds NetworkPolicies at all, and a canary shows it", Subject: "kind cluster " + s.Kind.Name, Controls: controls,
		Next: "the network of the node image must enforce NetworkPolicy; look at it: kubectl --namespace kube-system get pods, and the logs of nodeagent or kindnet"},
		holds, "connections without a policy, none with a denial, and connections after it", strings.Join(seen, "; "))
	return holds, c.leave(ctx)
}

// callers says what came of connections from the canary's other two pods, by TCP and
// UDP and each family, and whether all were as wanted.
func (c *Cast) callers(ctx context.Context, want probe.Answer) (string, bool, error) {
	as, all := 0, 0
	for _, name := range []string{"canary/caller", "canary/neighbour"} {
		r := probe.Round{Patience: patience}
		for _, a := range c.addrs["canary/server"] {
			for _, network := range []string{"tcp", "udp"} {
				r.Questions = append(r.Questions, probe.Question{Network: network, Address: at(a, canaryPort)})
			}
		}
		answers, err := c.put(ctx, c.one(name).Pod, nil, r)
		if err != nil {
			return "", false, err
		}
		for _, a := range answers {
			all++
			if a == want {
				as++
			}
		}
	}
	return fmt.Sprintf("%d of %d %s", as, all, want), as == all && all > 0, nil
}

func at(a netip.Addr, port int) string { return net.JoinHostPort(a.String(), strconv.Itoa(port)) }

// steady records that policies that change leave no gap: while others come and go, what
// is denied never passes, and what is admitted always does.
func (c *Cast) steady(ctx context.Context, checks *check.Set) error {
	const changes = 20
	changing, done := context.WithCancel(ctx)
	defer done()
	denied := c.keepAsking(ctx, changing, "features-peer/other", probe.Silent, probe.Round{Patience: 300 * time.Millisecond, AtOnce: 20})
	admitted := c.keepAsking(ctx, changing, "features-peer/friend", probe.Open, probe.Round{Patience: 5 * time.Second, AtOnce: 1})
	for i := range changes {
		policy := fmt.Sprintf(`{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "passing", "namespace": "features"},
			"spec": {"podSelector": {}, "ingress": [{"ports": [{"port": %d}], "from": [{"podSelector": {}}]}]}}`, 9000+i)
		if _, err := c.kind.Kubectl(ctx, []byte(policy), "apply", "-f", "-"); err != nil {
			return err
		}
		if i%2 == 0 {
			continue // the next one replaces it
		}
		if _, err := c.kind.Kubectl(ctx, nil, "delete", "--namespace", "features", "networkpolicy", "passing"); err != nil {
			return err
		}
	}
	done()
	no, yes := <-denied, <-admitted
	if err := errors.Join(no.err, yes.err); err != nil {
		return err
	}
	checks.That(check.Check{ID: "network.pods-steady", Title: "While policies change, nothing passes that is denied and nothing stops that is admitted", Subject: "test/network/pods/features.yaml", Controls: controls,
		Next: "rules must be replaced in one transaction"}, no.wrong+yes.wrong == 0 && no.asked > changes && yes.asked > changes,
		"connections all along, none against the policies", fmt.Sprintf("%d of %d that are denied passed, %d of %d that are admitted did not, during %d changes", no.wrong, no.asked, yes.wrong, yes.asked, changes))
	return nil
}

// kept is what came of asking all along.
type kept struct {
	asked, wrong int
	err          error
}

// keepAsking connects to the server of the features, again and again until changing
// ends, and counts what did not come out as wanted.
func (c *Cast) keepAsking(ctx, changing context.Context, as string, want probe.Answer, r probe.Round) chan kept {
	from, server := c.one(as), c.one("features/server")
	for range 100 {
		r.Questions = append(r.Questions, probe.Question{Network: "tcp", Address: at(server.Addr, 8080)})
	}
	out := make(chan kept, 1)
	go func() {
		var k kept
		for changing.Err() == nil && k.err == nil {
			var answers []probe.Answer
			answers, k.err = c.put(ctx, from.Pod, nil, r)
			for _, a := range answers {
				k.asked++
				if a != want {
					k.wrong++
				}
			}
		}
		out <- k
	}()
	return out
}
