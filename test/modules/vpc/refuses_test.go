package vpc_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

func TestRefuses(t *testing.T) {
	set := func(name, value string) map[string]string { return map[string]string{name: value} }
	deploy.Refuses(t, deploy.Refusals{
		Module: "vpc",
		Base: `
			name                = "fintrack"
			availability_zones  = ["us-east-1a", "us-east-1b", "us-east-1c"]
			flow_log_bucket_arn = "arn:aws:s3:::fintrack-flow-logs"
		`,
		Cases: []deploy.Refusal{
			{Name: "an upper-case name", Set: set("name", `"FinTrack"`), Message: "lower-case letters, digits and hyphens"},
			{Name: "a range with host bits", Set: set("cidr", `"10.0.0.1/16"`), Message: "without host bits"},
			{Name: "a range that is too small", Set: set("cidr", `"10.0.0.0/24"`), Message: "must be /16 to /20"},
			{Name: "a public range", Set: set("cidr", `"8.8.0.0/16"`), Message: "RFC 1918"},
			{Name: "a single zone", Set: set("availability_zones", `["us-east-1a"]`), Message: "2 to 6 different zones"},
			{Name: "a region as zone", Set: set("availability_zones", `["us-east-1", "us-east-1b"]`), Message: "must hold names of zones"},
			{Name: "a pod range outside 100.64.0.0/10", Set: set("pod_cidr", `"10.1.0.0/16"`), Message: "within 100.64.0.0/10"},
			{Name: "a pod range that is too small", Set: set("pod_cidr", `"100.64.0.0/24"`), Message: "prefix delegation needs room"},
			{Name: "SSH as database port", Set: set("database_ports", "[22]"), Message: "from 1150 to 65535"},
			{Name: "more ports than the network ACL holds", Set: set("database_ports", "[5432, 6379, 3306, 1521, 9042]"), Message: "more than the 20 rules"},
			{Name: "no bucket for flow logs", Set: set("flow_log_bucket_arn", `"flow-logs"`), Message: "cannot be investigated"},
			{Name: "a transit gateway by name", Set: set("transit_gateway", `{ id = "main", cidrs = [] }`), Message: "transit_gateway.id must be the id"},
			{Name: "a default route to the transit gateway", Set: set("transit_gateway", `{ id = "tgw-0a1b2c3d", cidrs = ["0.0.0.0/0"] }`), Message: "and not 0.0.0.0/0"},
			{Name: "a cluster name with a space", Set: set("cluster_name", `"my cluster"`), Message: "1 to 100 letters"},
		},
	})
}
