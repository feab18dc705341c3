package planned_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/fintrack/platform/test/kit/reach/intent"
	"github.com/fintrack/platform/test/kit/reach/planned"
	"github.com/stretchr/testify/require"
)

// networking is the plan of the layer networking for prod, without what does not
// shape the network.
func networking(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("testdata/networking.json")
	require.NoError(t, err)
	return string(b)
}

func failed(t *testing.T, plan string) []string {
	t.Helper()
	e, err := planned.Read([]byte(plan))
	require.NoError(t, err)
	m, err := reach.New(e)
	require.NoError(t, err)
	text, err := os.ReadFile("../../../../policies/intent/reachability.yaml")
	require.NoError(t, err)
	in, err := intent.Parse("reachability.yaml", text)
	require.NoError(t, err)
	var out []string
	endpoints := in.Of("endpoints")
	for _, f := range slices.Concat(in.CompareRoutes(m), in.CompareTiers(m), endpoints.CompareServices(m), endpoints.CompareStrangers(m)) {
		if !f.OK {
			out = append(out, f.Slug)
		}
	}
	return out
}

func TestAPlanSaysWhatTiersWillReach(t *testing.T) {
	require.Empty(t, failed(t, networking(t)))
}

// once replaces text that must be in the plan.
func once(t *testing.T, plan, from, to string) string {
	t.Helper()
	require.Contains(t, plan, from)
	return strings.Replace(plan, from, to, 1)
}

func TestAMistakeInAPlanIsFound(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"a network ACL that admits too many", `"cidr_block": "10.0.21.0/24",
        "egress": false`, `"cidr_block": "10.0.0.0/16",
        "egress": false`, "tier-private-to-isolated"},
		{"an endpoint that admits every address", `"cidr_ipv4": "10.0.11.0/24"`, `"cidr_ipv4": "0.0.0.0/0"`, "anything-in-public-to-endpoints"},
		{"an endpoint that does not admit one range", `"cidr_ipv4": "10.0.11.0/24"`, `"cidr_ipv4": "10.0.111.0/24"`, "anything-in-private-to-endpoints"},
		{"a network ACL that denies", `"rule_action": "allow"`, `"rule_action": "deny"`, "tier-private-to-isolated"},
		{"a port that is not declared", `"from_port": 5432`, `"from_port": 5000`, "tier-private-to-isolated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Contains(t, failed(t, once(t, networking(t), c.from, c.to)), c.want)
		})
	}
}

func TestAPlanThatCannotBeReadInFullIsRefused(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"a resource that nobody has a rule for", `"type": "aws_internet_gateway"`, `"type": "aws_vpn_gateway"`, "has no such resource"},
		{"a range that only an apply will tell", `"cidr_block": "10.0.1.0/24"`, `"cidr": "10.0.1.0/24"`, "its cidr_block is not known before an apply"},
		{"an action that is neither", `"rule_action": "allow"`, `"rule_action": "maybe"`, `rule_action "maybe"`},
		{"a format of tomorrow", `"format_version": "1.2"`, `"format_version": "2.0"`, `format version "2.0"`},
		{"a route of a kind that is not followed", `"destination_cidr_block": "0.0.0.0/0"`, `"destination_cidr_block": "0.0.0.0/0", "vpc_peering_connection_id": "pcx-1"`, "no rule for its vpc_peering_connection_id"},
		{"a transit gateway with a table of its own", `"default_route_table_association": "disable"`, `"default_route_table_association": "enable"`, "wants disable"},
		{"an id that the plan does not make", `"connectivity_type": "public"`, `"connectivity_type": "public", "subnet_id": "subnet-1"`, "its subnet_id is subnet-1, which is none of the plan's aws_subnet"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := planned.Read([]byte(once(t, networking(t), c.from, c.to)))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestAChoiceThatMattersIsRefused(t *testing.T) {
	plan := networking(t)
	// One of three like routes is gone: which table has none is not said.
	gone := strings.Replace(plan, `"10.100.0.0/16"`, `"10.101.0.0/16"`, 1)
	_, err := planned.Read([]byte(gone))
	require.ErrorContains(t, err, "the plan does not say which of")
	require.ErrorContains(t, err, "its route to 10.10")
	// The subnet of an association is somewhere in a local value.
	_, err = planned.Read([]byte(strings.ReplaceAll(plan, `"each.value`, `"local.subnets`)))
	require.ErrorContains(t, err, "the plan does not say which aws_subnet its subnet_id is")
}

func FuzzRead(f *testing.F) {
	b, err := os.ReadFile("testdata/networking.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"format_version": "1.0"}`))
	f.Fuzz(func(_ *testing.T, text []byte) {
		if e, err := planned.Read(text); err == nil {
			_, _ = reach.New(e)
		}
	})
}
