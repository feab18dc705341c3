package rds_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

func TestRefuses(t *testing.T) {
	set := func(kv ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i]] = kv[i+1]
		}
		return m
	}
	deploy.Refuses(t, deploy.Refusals{
		Module: "rds",
		Base: `
			name                      = "ledger"
			vpc_id                    = "vpc-0a1b2c3d"
			subnet_ids                = ["subnet-0a1b2c3d", "subnet-0a1b2c3e", "subnet-0a1b2c3f"]
			client_security_group_ids = { services = "sg-0a1b2c3d" }
			kms_key_arn               = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
		`,
		Cases: []deploy.Refusal{
			{Name: "an upper-case name", Set: set("name", `"Ledger"`), Message: "lower-case letters, digits and single hyphens"},
			{Name: "a doubled hyphen in the name", Set: set("name", `"led--ger"`), Message: "single hyphens"},
			{Name: "another major version", Set: set("engine_version", `"15.4"`), Message: "must be 16 or 16.x"},
			{Name: "an instance class without its prefix", Set: set("instance_class", `"r6g.large"`), Message: "must look like db.r6g.large"},
			{Name: "a database name with a hyphen", Set: set("db_name", `"fin-track"`), Message: "db_name must start with a letter"},
			{Name: "a well-known administrator name", Set: set("master_username", `"postgres"`), Message: "not be a name that attackers try first"},
			{Name: "a port out of range", Set: set("port", "1149"), Message: "from 1150 to 65535"},
			{Name: "an expired certificate authority", Set: set("ca_cert_identifier", `"rds-ca-2019"`), Message: "rds-ca-2019 has expired"},
			{Name: "a switched-off slow query log", Set: set("slow_query_ms", "-1"), Message: "switching the log off (-1) is not allowed"},
			{Name: "a VPC by name", Set: set("vpc_id", `"main"`), Message: "must be the id of a VPC"},
			{Name: "a single subnet", Set: set("subnet_ids", `["subnet-0a1b2c3d"]`), Message: "at least 2 different subnets"},
			{Name: "a subnet by name", Set: set("subnet_ids", `["isolated-1", "isolated-2"]`), Message: "must hold ids of subnets"},
			{Name: "addresses as clients", Set: set("client_security_group_ids", `{ office = "203.0.113.0/24" }`), Message: "addresses are not allowed as clients"},
			{Name: "a client name with a space", Set: set("client_security_group_ids", `{ "my services" = "sg-0a1b2c3d" }`), Message: "must be short names"},
			{Name: "a key alias", Set: set("kms_key_arn", `"alias/rds"`), Message: "not an alias or a bare id"},
			{Name: "backups for less than a week", Set: set("backup_retention_period", "6"), Message: "from 7 to 35"},
			{Name: "a malformed backup window", Set: set("backup_window", `"2am-3am"`), Message: "must look like 02:00-03:00"},
			{Name: "a malformed maintenance window", Set: set("maintenance_window", `"sunday"`), Message: "must look like sun:04:00-sun:05:00"},
			{Name: "windows that overlap", Set: set("backup_window", `"04:30-05:30"`), Message: "must not overlap backup_window"},
			{Name: "too little storage", Set: set("allocated_storage", "10"), Message: "from 20 to 65536"},
			{Name: "no room to grow", Set: set("max_allocated_storage", "105"), Message: "at least 10 % above allocated_storage"},
			{Name: "a replica class without its prefix", Set: set("read_replica", `{ instance_class = "large" }`), Message: "read_replica.instance_class must look like"},
			{Name: "an odd retention of Performance Insights", Set: set("performance_insights_retention_period", "100"), Message: "multiple of 31"},
			{Name: "Enhanced Monitoring switched off", Set: set("monitoring_interval", "0"), Message: "0 would switch Enhanced Monitoring off"},
		},
	})
}
