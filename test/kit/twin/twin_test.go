package twin_test

import (
	"errors"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/fintrack/platform/test/kit/reach/example"
	"github.com/fintrack/platform/test/kit/twin"
	"github.com/stretchr/testify/require"
)

// build makes a twin, or says that this machine cannot: then it must be one.
func build(t *testing.T, p *twin.Plan) (*twin.Twin, bool) {
	t.Helper()
	made, err := twin.Build(t.Context(), p)
	if errors.Is(err, twin.ErrNotHere) && (runtime.GOOS != "linux" || os.Geteuid() != 0 || !installed()) {
		t.Log(err)
		return nil, false
	}
	require.NoError(t, err)
	t.Cleanup(made.Close)
	return made, true
}

func installed() bool {
	return slices.ContainsFunc([]string{"/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"}, func(f string) bool { _, err := os.Stat(f); return err == nil })
}

func TestPacketsOfTheTwinPassAsTheEngineSays(t *testing.T) {
	e := example.Platform()
	hosts, far := twin.Cast(e)
	p, err := twin.Compile(e, hosts, far)
	require.NoError(t, err)
	made, ok := build(t, p)
	if !ok {
		return
	}
	m, err := reach.New(e)
	require.NoError(t, err)
	checked, err := twin.Witness(made, m, hosts, far, []reach.Port{443, 5432, 6379, 8080}, 700*time.Millisecond)
	require.NoError(t, err)
	require.Empty(t, checked.Differences)
	require.Greater(t, checked.Passed, 100)
	require.Greater(t, checked.Asked-checked.Passed, 100)
}

func TestTheTwinSeesWhatTheEngineIsNotTold(t *testing.T) {
	e := example.Platform()
	wider := example.Platform() // the twin has a network ACL that the engine does not know of
	for i := range wider.ACLs {
		if wider.ACLs[i].ID == "acl-isolated" {
			wider.ACLs[i].In = append(wider.ACLs[i].In, reach.Entry{Number: 1, Protocol: reach.TCP, Prefix: netip.MustParsePrefix("10.0.1.0/24"), Ports: reach.Ports(8080, 8080), Allow: true})
			wider.ACLs[i].Out = append(wider.ACLs[i].Out, reach.Entry{Number: 1, Protocol: reach.TCP, Prefix: netip.MustParsePrefix("10.0.1.0/24"), Ports: reach.AllPorts, Allow: true})
		}
	}
	hosts, far := twin.Cast(e)
	p, err := twin.Compile(wider, hosts, far)
	require.NoError(t, err)
	made, ok := build(t, p)
	if !ok {
		return
	}
	m, err := reach.New(e)
	require.NoError(t, err)
	checked, err := twin.Witness(made, m, hosts, far, []reach.Port{8080}, 700*time.Millisecond)
	require.NoError(t, err)
	require.NotEmpty(t, checked.Differences)
	require.Contains(t, checked.Differences[0], "the kernel passed it and the engine does not")
}

func TestATwinIsOfOneVPCOfAnEstate(t *testing.T) {
	e := example.Platform()
	id := e.VPCs[0].ID
	alone := len(e.Subnets)
	e.VPCs = append(e.VPCs, reach.VPC{ID: "vpc-other", CIDRs: []netip.Prefix{netip.MustParsePrefix("172.31.0.0/16")}})
	e.Subnets = append(e.Subnets, reach.Subnet{ID: "subnet-other", VPC: "vpc-other", Zone: "a", CIDRs: []netip.Prefix{netip.MustParsePrefix("172.31.0.0/20")}})
	e.Interfaces = append(e.Interfaces, reach.Interface{ID: "eni-other", Subnet: "subnet-other"})
	e.PrefixLists = append(e.PrefixLists, reach.PrefixList{ID: "pl-lattice", Service: "vpc-lattice", Prefixes: []netip.Prefix{netip.MustParsePrefix("169.254.171.0/24")}})
	part, err := twin.Within(e, id)
	require.NoError(t, err)
	require.Len(t, part.Subnets, alone)
	hosts, far := twin.Cast(part)
	require.False(t, slices.ContainsFunc(hosts, func(h twin.Host) bool { return h.Name == "eni-other" }))
	require.Equal(t, []string{"internet", "s3"}, []string{far[0].Name, far[1].Name}, "a service without a gateway endpoint stands nowhere")
	_, err = twin.Compile(part, hosts, far)
	require.NoError(t, err)

	e.Peerings = []reach.Peering{{ID: "pcx-1", A: "vpc-other", B: id, Active: true}}
	_, err = twin.Within(e, id)
	require.ErrorContains(t, err, "peering connection pcx-1 joins "+id+" to another")
	e.Peerings = nil
	e.Attachments = []reach.Attachment{{ID: "att-1", TransitGateway: "tgw", Kind: "vpc", VPC: id}, {ID: "att-2", TransitGateway: "tgw", Kind: "vpn"}}
	_, err = twin.Within(e, id)
	require.ErrorContains(t, err, "transit gateway tgw joins "+id+" to what is behind att-2")
	_, err = twin.Within(example.Platform(), "vpc-none")
	require.ErrorContains(t, err, "VPC vpc-none is not in the estate")
}

func TestOnlyWhatATwinCanBeIsPlanned(t *testing.T) {
	e := example.Platform()
	_, err := twin.Compile(e, []twin.Host{{Name: "x", Subnet: "subnet-none", Addr: netip.MustParseAddr("10.0.1.9")}}, nil)
	require.ErrorContains(t, err, "no subnet subnet-none")
	_, err = twin.Compile(e, []twin.Host{{Name: "x", Subnet: "subnet-public-a", Addr: netip.MustParseAddr("10.0.2.9")}}, nil)
	require.ErrorContains(t, err, "10.0.2.9 cannot be an address of subnet 10.0.1.0/24")
	e.VPCs = append(e.VPCs, e.VPCs[0])
	_, err = twin.Compile(e, nil, nil)
	require.ErrorContains(t, err, "a twin is of one VPC; this estate has 2")
}

// TestAnAnswerAndACallLookTheSameToANetworkACL sends from the database's port: the
// isolated tier's ACL lets such packets out as answers, and the engine says so.
func TestAnAnswerAndACallLookTheSameToANetworkACL(t *testing.T) {
	e := example.Platform()
	hosts, far := twin.Cast(e)
	p, err := twin.Compile(e, hosts, far)
	require.NoError(t, err)
	made, ok := build(t, p)
	if !ok {
		return
	}
	require.NoError(t, made.Serve([]reach.Port{8080}))
	const from, to = "anything in subnet-isolated-a", "anything in subnet-private-a"
	answers, err := made.Ask([]twin.Question{
		{From: from, To: to, Protocol: reach.TCP, FromPort: 5432, ToPort: 8080},
		{From: from, To: to, Protocol: reach.TCP, FromPort: 40000, ToPort: 8080},
	}, 700*time.Millisecond)
	require.NoError(t, err)
	require.Equal(t, []bool{true, false}, []bool{answers[0].Passed, answers[1].Passed})
	m, err := reach.New(e)
	require.NoError(t, err)
	party := func(id string) reach.Party { return m.Anything(id, func(s reach.Subnet) bool { return s.ID == id }) }
	for _, a := range answers {
		q := m.Ask(party("subnet-isolated-a"), party("subnet-private-a"), reach.TCP, reach.Ports(8080, 8080))[0]
		require.Equal(t, a.Passed, m.TracePacket(q, a.Packet).Pass)
	}
}
