package planned_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/fintrack/platform/test/kit/reach/intent"
	"github.com/fintrack/platform/test/kit/reach/planned"
	"github.com/stretchr/testify/require"
)

// platform is the network with all that stands in it, in one plan that knows no id.
func platform(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("testdata/platform.json")
	require.NoError(t, err)
	var line bytes.Buffer
	require.NoError(t, json.Compact(&line, b))
	return strings.ReplaceAll(strings.ReplaceAll(line.String(), ",", ", "), ":", ": ")
}

// wrong lists the pairs of the whole intent that a plan breaks.
func wrong(t *testing.T, plan string) []string {
	t.Helper()
	e, err := planned.Read([]byte(plan))
	require.NoError(t, err)
	m, err := reach.New(e)
	require.NoError(t, err)
	text, err := os.ReadFile("../../../../policies/intent/reachability.yaml")
	require.NoError(t, err)
	in, err := intent.Parse("reachability.yaml", text)
	require.NoError(t, err)
	out := []string{}
	for _, f := range in.Compare(m) {
		if !f.OK && f.Needs == "" {
			out = append(out, f.Slug)
			t.Log(f.Slug, "|", f.Expected, "|", f.Observed)
		}
	}
	return out
}

func TestAPlanSaysWhatServicesWillReach(t *testing.T) {
	require.Empty(t, wrong(t, platform(t)))
}

func TestAMistakeInASecurityGroupOfAPlanIsFound(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"a rule with another port", `6379, "ip_protocol": "tcp", "to_port": 6379`, `6370, "ip_protocol": "tcp", "to_port": 6370`, "nodes-to-cache"},
		{"a range instead of one subnet", `"cidr_ipv4": "10.0.11.0/24"`, `"cidr_ipv4": "0.0.0.0/0"`, "anything-in-public-to-endpoints"},
		{"a group that takes a range inline", `"name_prefix": "fintrack-cache-"`, `"name_prefix": "x", "ingress": [{"cidr_blocks": ["10.0.0.0/16"], "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": [], "self": false, "protocol": "tcp", "from_port": 6379, "to_port": 6379}]`, "anything-in-private-to-cache"},
		{"a database that calls out", `"name_prefix": "fintrack-rds-"`, `"name_prefix": "x", "egress": [{"cidr_blocks": ["0.0.0.0/0"], "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": [], "self": false, "protocol": "-1", "from_port": 0, "to_port": 0}]`, "database-to-anything-in-private"},
		{"a function without its way to the database", `"module.rds.security_group_id", "module.rds"`, `"module.cache.security_group_id", "module.cache"`, "rotation-to-database"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.Contains(t, wrong(t, once(t, platform(t), c.from, c.to)), c.want)
		})
	}
}

func TestASecurityGroupThatCannotBeReadInFullIsRefused(t *testing.T) {
	for _, c := range []struct{ name, from, to, want string }{
		{"a reference that the plan does not follow", `"module.rds.security_group_id", "module.rds"`, `"module.rds.security_group_id", "module.rds", "local.group"`, "made of local.group too"},
		{"fewer like rules than groups that they may name", `5432, "ip_protocol": "tcp", "to_port": 5432}`, `5433, "ip_protocol": "tcp", "to_port": 5433}`, "does not say which of aws_security_group.rotation, module.eks.aws_eks_cluster.this cluster security group its referenced_security_group_id is"},
		{"a rule without a peer", `"referenced_security_group_id": {"references": ["each.value"]}, `, ``, "it names 0 peers"},
		{"a rule with two peers", `"cidr_ipv4": null`, `"cidr_ipv4": "10.0.0.0/8"`, "it names 2 peers"},
		{"an inline rule that names a group of tomorrow", `"name_prefix": "fintrack-cache-"`, `"ingress": [{"cidr_blocks": [], "ipv6_cidr_blocks": [], "prefix_list_ids": [], "self": false, "protocol": "-1"}]`, "use a resource of its own for each rule"},
		{"a database of a subnet group that is not there", `"db_subnet_group_name": "fintrack"`, `"db_subnet_group_name": "other"`, "which aws_db_subnet_group its db_subnet_group_name is"},
		{"a function whose groups the plan does not say", `"security_group_ids": {"references": ["aws_security_group.rotation.id", `, `"security_group_ids": {"references": ["var.groups", `, "made of var.groups too"},
		{"pods whose subnets come from elsewhere", `"local.region"`, `"data.terraform_remote_state.networking.outputs.pods"`, "does not say in which subnets pods are"},
		{"an endpoint with the default group", `"security_group_ids": {"references": ["aws_security_group.endpoints.id", "aws_security_group.endpoints"]}, `, "", "which aws_security_group its security_group_ids are"},
		{"a route inside a table", `"address": "module.vpc.aws_route_table.isolated", "mode": "managed", "name": "isolated", "type": "aws_route_table", "values": {`, `"address": "module.vpc.aws_route_table.isolated", "mode": "managed", "name": "isolated", "type": "aws_route_table", "values": {"route": [{"cidr_block": "0.0.0.0/0"}], `, "no rule for its block route"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := planned.Read([]byte(once(t, platform(t), c.from, c.to)))
			require.ErrorContains(t, err, c.want)
		})
	}
}

// small is a plan of a rule for a group, in the old form and beside a base.
func small(rule string) string {
	return `{"format_version": "1.2", "planned_values": {"root_module": {"resources": [
	{"address": "aws_security_group_rule.a", "mode": "managed", "type": "aws_security_group_rule", "name": "a", "values": ` + rule + `}]}},
	"configuration": {"root_module": {"resources": [{"mode": "managed", "type": "aws_security_group_rule", "name": "a", "expressions": {}}]}}}`
}

func base() reach.Estate {
	return reach.Estate{
		VPCs:        []reach.VPC{{ID: "vpc-1", CIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}}},
		Subnets:     []reach.Subnet{{ID: "subnet-1", VPC: "vpc-1", Zone: "a", CIDRs: []netip.Prefix{netip.MustParsePrefix("10.0.1.0/24")}}},
		RouteTables: []reach.RouteTable{{ID: "rtb-1", VPC: "vpc-1", Main: true}},
		ACLs: []reach.ACL{{ID: "acl-1", VPC: "vpc-1", Default: true, In: []reach.Entry{{Number: 1, Prefix: netip.MustParsePrefix("0.0.0.0/0"), Protocol: reach.Any, Ports: reach.AllPorts, Allow: true}},
			Out: []reach.Entry{{Number: 1, Prefix: netip.MustParsePrefix("0.0.0.0/0"), Protocol: reach.Any, Ports: reach.AllPorts, Allow: true}}}},
		Groups:      []reach.Group{{ID: "sg-1", VPC: "vpc-1"}, {ID: "sg-2", VPC: "vpc-1", Out: []reach.Rule{{Protocol: reach.Any, Ports: reach.AllPorts, Prefix: netip.MustParsePrefix("0.0.0.0/0")}}}},
		PrefixLists: []reach.PrefixList{{ID: "pl-1", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.1.0/24")}}},
		Interfaces: []reach.Interface{{ID: "server", Subnet: "subnet-1", Groups: []string{"sg-1"}, Addrs: []netip.Addr{netip.MustParseAddr("10.0.1.5")}},
			{ID: "client", Subnet: "subnet-1", Groups: []string{"sg-2"}, Addrs: []netip.Addr{netip.MustParseAddr("10.0.1.6")}}},
	}
}

func TestAPlanIsAskedTogetherWithWhatIsThere(t *testing.T) {
	for _, c := range []struct {
		name, rule string
		want       bool
	}{
		{"a range", `{"type": "ingress", "security_group_id": "sg-1", "protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["10.0.1.6/32"]}`, true},
		{"a range of others", `{"type": "ingress", "security_group_id": "sg-1", "protocol": "tcp", "from_port": 80, "to_port": 80, "cidr_blocks": ["10.0.1.7/32"]}`, false},
		{"a group by its id", `{"type": "ingress", "security_group_id": "sg-1", "protocol": "-1", "source_security_group_id": "sg-2"}`, true},
		{"a prefix list by its id", `{"type": "ingress", "security_group_id": "sg-1", "protocol": "6", "from_port": 0, "to_port": 65535, "prefix_list_ids": ["pl-1"]}`, true},
		{"the group itself, which the client is not in", `{"type": "ingress", "security_group_id": "sg-1", "protocol": "-1", "self": true}`, false},
		{"the other direction", `{"type": "egress", "security_group_id": "sg-1", "protocol": "-1", "cidr_blocks": ["0.0.0.0/0"]}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := base()
			e, err := planned.On(before, planned.Layer{Plan: []byte(small(c.rule))})
			require.NoError(t, err)
			require.Equal(t, base(), before, "what is there is left as it is")
			m, err := reach.New(e)
			require.NoError(t, err)
			from, err := m.Interface("client")
			require.NoError(t, err)
			to, err := m.Interface("server")
			require.NoError(t, err)
			require.Equal(t, c.want, len(m.Ask(from, to, reach.TCP, reach.Ports(80, 80))) > 0 && m.Ask(from, to, reach.TCP, reach.Ports(80, 80))[0].Reachable())
		})
	}
	for _, c := range []struct{ name, rule, want string }{
		{"a group that is nowhere", `{"type": "ingress", "security_group_id": "sg-9", "protocol": "-1", "self": true}`, "security_group_id is sg-9, which is none"},
		{"a direction that nobody knows", `{"type": "both", "security_group_id": "sg-1", "protocol": "-1", "self": true}`, `its type is "both"`},
		{"ports the wrong way round", `{"type": "ingress", "security_group_id": "sg-1", "protocol": "tcp", "from_port": 9, "to_port": 8, "self": true}`, "ports 9 to 8"},
		{"what is there already", `{"id": "sg-1", "type": "ingress", "security_group_id": "sg-1", "protocol": "-1", "self": true}`, "which is there already"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := planned.On(base(), planned.Layer{Plan: []byte(small(c.rule))})
			require.ErrorContains(t, err, c.want)
		})
	}
	_, err := planned.On(base(), planned.Layer{Plan: []byte(strings.ReplaceAll(small("{}"), "aws_security_group_rule", "aws_lb"))})
	require.ErrorContains(t, err, "the model has no rule for aws_lb")
}

func FuzzOn(f *testing.F) {
	f.Add(small(`{"type": "ingress", "security_group_id": "sg-1", "protocol": "-1", "self": true}`))
	b, err := os.ReadFile("testdata/platform.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(b))
	f.Fuzz(func(_ *testing.T, text string) {
		if e, err := planned.On(base(), planned.Layer{Plan: []byte(text)}); err == nil {
			_, _ = reach.New(e)
		}
	})
}
