package elasticache_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

func TestRefuses(t *testing.T) {
	one := func(k, v string) map[string]string { return map[string]string{k: v} }
	deploy.Refuses(t, deploy.Refusals{
		Module: "elasticache",
		Base: `
			name                      = "sessions"
			vpc_id                    = "vpc-0a1b2c3d"
			subnet_ids                = ["subnet-0a1b2c3d", "subnet-0a1b2c3e", "subnet-0a1b2c3f"]
			client_security_group_ids = { services = "sg-0a1b2c3d" }
			kms_key_arn               = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
			users                     = { auth = "~session:* +@read +@write" }
		`,
		Cases: []deploy.Refusal{
			{Name: "an upper-case name", Set: one("name", `"Sessions"`), Message: "lower-case letters, digits and single hyphens"},
			{Name: "Redis 6", Set: one("engine_version", `"6.2"`), Message: "must be 7.0 or 7.1"},
			{Name: "a node type without its prefix", Set: one("node_type", `"r7g.large"`), Message: "must look like cache.r7g.large"},
			{Name: "no shard", Set: one("shards", "0"), Message: "from 1 to 90"},
			{Name: "a shard without a replica", Set: one("replicas_per_shard", "0"), Message: "takes its data with it"},
			{Name: "a port out of range", Set: one("port", "80"), Message: "from 1150 to 65535"},
			{Name: "an unknown eviction policy", Set: one("eviction_policy", `"oldest"`), Message: "must be one of Redis's"},
			{Name: "a VPC by name", Set: one("vpc_id", `"main"`), Message: "must be the id of a VPC"},
			{Name: "a subnet by name", Set: one("subnet_ids", `["isolated-1", "isolated-2"]`), Message: "must hold ids of subnets"},
			{Name: "a single subnet", Set: one("subnet_ids", `["subnet-0a1b2c3d"]`), Message: "at least 2 different subnets"},
			{Name: "addresses as clients", Set: one("client_security_group_ids", `{ office = "203.0.113.0/24" }`), Message: "addresses are not allowed as clients"},
			{Name: "a client name with a space", Set: one("client_security_group_ids", `{ "my services" = "sg-0a1b2c3d" }`), Message: "must be short names"},
			{Name: "nobody", Set: one("users", `{}`), Message: "at least one user"},
			{Name: "the default user", Set: one("users", `{ default = "~* +@read" }`), Message: "that user is switched off"},
			{Name: "a user without keys", Set: one("users", `{ auth = "+@read" }`), Message: "must name keys"},
			{Name: "a user without commands", Set: one("users", `{ auth = "~session:*" }`), Message: "and commands"},
			{Name: "a user that may do everything", Set: one("users", `{ auth = "~* +@all" }`), Message: "must not hold on, off, a password"},
			{Name: "a user without a password", Set: one("users", `{ auth = "nopass ~* +@read" }`), Message: "logs in by IAM"},
			{Name: "a user with a password", Set: one("users", `{ auth = ">secret ~* +@read" }`), Message: "logs in by IAM"},
			{Name: "a key alias", Set: one("kms_key_arn", `"alias/redis"`), Message: "not an alias or a bare id"},
			{Name: "no snapshots", Set: one("snapshot_retention_limit", "0"), Message: "0 would switch the snapshots off"},
			{Name: "a malformed snapshot window", Set: one("snapshot_window", `"2am-3am"`), Message: "must look like 02:00-03:00"},
			{Name: "a malformed maintenance window", Set: one("maintenance_window", `"sunday"`), Message: "must look like sun:04:00-sun:05:00"},
			{Name: "logs for a day", Set: one("log_retention_in_days", "1"), Message: "from 30 on"},
		},
	})
}
