package intent_test

import (
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/fintrack/platform/test/kit/reach/example"
	"github.com/fintrack/platform/test/kit/reach/intent"
	"github.com/stretchr/testify/require"
)

const small = `
outside: {internet: internet}
tiers:
  public: {tags: {Tier: public}}
  isolated: {tags: {Tier: isolated}}
services:
  pods: {kind: pods}
  database: {kind: database}
between-services:
  - {from: pods, to: database, traffic: tcp 5432, because: PostgreSQL}
  - {from: pods, to: [pods, internet], traffic: all, because: one group}
`

func parse(t *testing.T, text string) intent.Intent {
	t.Helper()
	in, err := intent.Parse("reachability.yaml", []byte(text))
	require.NoError(t, err)
	return in
}

func failed(findings []intent.Finding) (out []intent.Finding) {
	for _, f := range findings {
		if !f.OK && f.Needs == "" {
			out = append(out, f)
		}
	}
	return out
}

func TestWhatIsDeclaredHoldsAndNothingElse(t *testing.T) {
	m, err := reach.New(example.Platform())
	require.NoError(t, err)
	require.Empty(t, failed(parse(t, small).CompareServices(m)))

	fewer := strings.Replace(small, "tcp 5432", "tcp 5433", 1)
	bad := failed(parse(t, fewer).CompareServices(m))
	require.Len(t, bad, 1)
	require.Equal(t, "pods-to-database", bad[0].Slug)
	require.Contains(t, bad[0].Observed, "not declared, and it passes:")
	require.Contains(t, bad[0].Observed, "sg-db in: tcp 5432 with group sg-cluster")

	more := strings.Replace(small, "tcp 5432", "[tcp 5432, tcp 22]", 1)
	bad = failed(parse(t, more).CompareServices(m))
	require.Len(t, bad, 1)
	require.Contains(t, bad[0].Observed, "declared, and it does not pass:")
	require.Contains(t, bad[0].Expected, "reachability.yaml:10")
}

func TestThePlatformsIntentHoldsOfTheExample(t *testing.T) {
	text, err := os.ReadFile("../../../../policies/intent/reachability.yaml")
	require.NoError(t, err)
	in := parse(t, string(text))
	m, err := reach.New(example.Platform())
	require.NoError(t, err)
	for _, f := range failed(in.CompareTiers(m)) {
		t.Errorf("%s: expected %s, observed %s", f.Slug, f.Expected, f.Observed)
	}
	for _, f := range failed(in.CompareServices(m)) {
		require.Contains(t, f.Slug, "control-plane", "the example has no control plane; %s", f.Observed)
	}
}

// balanced is the example with a load balancer as the controller makes one of the
// services' Ingress, that the internet may ask on ports.
func balanced(ports ...reach.Port) reach.Estate {
	e := example.Platform()
	front := reach.Group{ID: "sg-front"}
	for _, p := range ports {
		front.In = append(front.In, example.TCP(p, "0.0.0.0/0"))
	}
	front.Out = []reach.Rule{example.FromGroup(8080, "sg-cluster")}
	for i := range e.Groups {
		if e.Groups[i].ID == "sg-cluster" {
			e.Groups[i].In = append(e.Groups[i].In, example.FromGroup(8080, "sg-front"))
		}
	}
	e.Groups = append(e.Groups, front)
	e.LoadBalancers = []reach.LoadBalancer{{ID: "alb", VPC: "vpc"}}
	e.Interfaces = append(e.Interfaces, reach.Interface{ID: "alb-a", Subnet: "subnet-public-a", Groups: []string{"sg-front"}, Kind: reach.Balancer, Owner: "alb", Public: true})
	return e
}

func TestALoadBalancerIsHeldWhereOneIsThere(t *testing.T) {
	text, err := os.ReadFile("../../../../policies/intent/reachability.yaml")
	require.NoError(t, err)
	in := parse(t, string(text))
	about := func(e reach.Estate) (bad, needs []string) {
		m, err := reach.New(e)
		require.NoError(t, err)
		for _, f := range append(in.CompareServices(m), in.CompareStrangers(m)...) {
			switch {
			case !strings.Contains(f.Slug, "load-balancer") || strings.Contains(f.Slug, "control-plane"):
			case f.Needs != "":
				needs = append(needs, f.Slug)
			case !f.OK:
				bad = append(bad, f.Slug)
			}
		}
		return bad, needs
	}
	bad, needs := about(example.Platform())
	require.Empty(t, bad)
	require.Equal(t, []string{"load-balancer-exists"}, needs, "without one nothing is proven")
	bad, needs = about(balanced(80, 443))
	require.Empty(t, bad)
	require.Empty(t, needs)
	bad, _ = about(balanced(80, 443, 22))
	require.Contains(t, bad, "internet-to-load-balancer")
	bad, _ = about(balanced(80))
	require.Contains(t, bad, "internet-to-load-balancer")
}

func TestANameThatStandsForNobodyIsNoProof(t *testing.T) {
	m, err := reach.New(example.Platform())
	require.NoError(t, err)
	bad := failed(parse(t, strings.Replace(small, "  database: {kind: database}", "  database: {kind: database}\n  balancer: {kind: load balancer}", 1)).CompareServices(m))
	var slugs []string
	for _, f := range bad {
		slugs = append(slugs, f.Slug)
		require.Contains(t, f.Observed, "nothing in this environment is balancer")
	}
	require.ElementsMatch(t, []string{"balancer-exists", "balancer-to-balancer", "balancer-to-pods", "balancer-to-database", "pods-to-balancer", "database-to-balancer", "balancer-to-internet", "internet-to-balancer"}, slugs)
}

func TestAGroupThatAdmitsARangeIsFoundOut(t *testing.T) {
	in := parse(t, small)
	e := example.Platform()
	m, err := reach.New(e)
	require.NoError(t, err)
	require.Empty(t, failed(parse(t, small+"between-strangers: [{from: pods, to: [anything in public, anything in isolated], traffic: all, because: egress}]").CompareStrangers(m))[1:], "but for the isolated tier's network ACL")
	for i := range e.Groups {
		if e.Groups[i].ID == "sg-db" {
			e.Groups[i].In = append(e.Groups[i].In, example.TCP(5432, "10.0.21.0/24"))
		}
	}
	m, err = reach.New(e)
	require.NoError(t, err)
	require.Empty(t, failed(in.CompareServices(m)), "no service of today has such an address")
	bad := failed(in.CompareStrangers(m))
	require.Equal(t, "anything-in-isolated-to-database", bad[0].Slug)
	require.Contains(t, bad[0].Observed, "sg-db in: tcp 5432 with 10.0.21.0/24")
}

func TestARouteTooManyIsFoundOutBehindANetworkACL(t *testing.T) {
	in := parse(t, strings.Replace(small, "{tags: {Tier: isolated}}", "{tags: {Tier: isolated}, leads-to: [local, gateway endpoint]}", 1))
	e := example.Platform()
	m, err := reach.New(e)
	require.NoError(t, err)
	require.Empty(t, failed(in.CompareRoutes(m)))
	for i := range e.RouteTables {
		if e.RouteTables[i].ID == "rtb-isolated" {
			e.RouteTables[i].Routes = append(e.RouteTables[i].Routes, reach.Route{Prefix: netip.MustParsePrefix("0.0.0.0/0"), Kind: reach.ToInternet, Target: "igw"})
		}
	}
	m, err = reach.New(e)
	require.NoError(t, err)
	bad := failed(in.CompareRoutes(m))
	require.Len(t, bad, 1)
	require.Contains(t, bad[0].Observed, "route table rtb-isolated")
	require.Contains(t, bad[0].Observed, "leads to internet gateway igw")
	in.Tiers["isolated"] = intent.Tier{Tags: map[string]string{"Tier": "none"}, LeadsTo: []reach.TargetKind{reach.Local}}
	require.Contains(t, failed(in.CompareRoutes(m))[0].Observed, "nobody was asked")
}

func TestBadIntentsAreNamedByLineAndNearestName(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"an unknown service", "from: pods, to: database", "from: pots, to: database", `reachability.yaml:10: unknown name "pots"; the nearest are pods`},
		{"an unknown key", "because: PostgreSQL", "becuse: PostgreSQL", `unknown key "becuse"; the nearest are because`},
		{"a target that is none", "isolated: {tags: {Tier: isolated}}", "isolated: {tags: {Tier: isolated}, leads-to: locl}", `unknown target "locl"; the nearest are local`},
		{"no reason", ", because: PostgreSQL", "", "reachability.yaml:10: the rule does not say why"},
		{"a port that is none", "tcp 5432", "tcp 99999", `reachability.yaml:10: traffic "tcp 99999"`},
		{"an unknown kind", "kind: pods", "kind: bots", `reachability.yaml:7: service "pods": unknown kind "bots"; the nearest are pods`},
		{"a tier of no tags", "public: {tags: {Tier: public}}", "public: {}", `reachability.yaml:4: tier "public": want tags`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := intent.Parse("reachability.yaml", []byte(strings.Replace(small, c.from, c.to, 1)))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(small)
	f.Add("between-tiers: [{}]")
	f.Fuzz(func(t *testing.T, text string) { _, _ = intent.Parse("any", []byte(text)) })
}

func TestAPartOfTheServicesIsAskedAlone(t *testing.T) {
	m, err := reach.New(example.Platform())
	require.NoError(t, err)
	in := parse(t, small)
	require.Empty(t, failed(in.Of("pods").CompareServices(m)))
	for _, f := range in.Of("pods").CompareServices(m) {
		require.NotContains(t, f.Slug, "database")
	}
	e := example.Platform()
	e.Interfaces = nil
	m, err = reach.New(e)
	require.NoError(t, err)
	require.Equal(t, "pods-exists", failed(in.Of("pods").CompareServices(m))[0].Slug, "one that is not there fails")
}

func TestWhoStandsAloneProvesNothingOfHisKind(t *testing.T) {
	e := example.Platform()
	seen := false
	e.Interfaces = slices.DeleteFunc(e.Interfaces, func(f reach.Interface) bool {
		again := f.Kind == reach.Pods && seen
		seen = seen || f.Kind == reach.Pods
		return again
	})
	m, err := reach.New(e)
	require.NoError(t, err)
	for _, f := range parse(t, small).CompareServices(m) {
		if f.Slug == "pods-to-pods" {
			require.False(t, f.OK)
			require.Equal(t, "a second member of pods", f.Needs)
			return
		}
	}
	t.Fatal("nobody asked about pods among themselves")
}
