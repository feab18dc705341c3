package observability_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

func TestRefuses(t *testing.T) {
	filter := func(arguments string) map[string]string {
		return map[string]string{"metric_filters": `{ Errors = { ` + arguments + ` } }`}
	}
	alarm := func(arguments string) map[string]string {
		return filter(`log_group = "audit", pattern = "ERROR", alarm = { ` + arguments + ` }`)
	}
	instance := func(arguments string) map[string]string {
		return map[string]string{"rds_instances": `{ db = { identifier = "db", ` + arguments + ` } }`}
	}
	cache := func(arguments string) map[string]string {
		return map[string]string{"elasticache_replication_groups": `{ redis = { id = "redis", ` + arguments + ` } }`}
	}
	balancer := func(arguments string) map[string]string {
		return map[string]string{"load_balancers": `{ public = { ` + arguments + ` } }`}
	}
	deploy.Refuses(t, deploy.Refusals{
		Module: "observability",
		Base: `
			name           = "ft-prod"
			kms_key_arn    = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
			log_groups     = { "services/api" = {}, audit = { retention_in_days = 2557 } }
			metric_filters = { Errors = { log_group = "audit", pattern = "ERROR", alarm = { threshold = 1, period = 30, summary = "s", action = "a" } }, Lines = { log_group = "audit", pattern = "x" } }
			rds_instances  = { db = { identifier = "db", connections = 400 } }
			elasticache_replication_groups = { redis = { id = "redis", shards = 3, replicas_per_shard = 2 } }
			nat_gateways   = { a = "nat-0a1b2c3d4e5f60718" }
			load_balancers = { public = { arn_suffix = "app/web/0123456789abcdef" } }
			slack          = { team_id = "T07EA123LEP", channels = { critical = "C07EZ1ABC23" } }
		`,
		Cases: []deploy.Refusal{
			{Name: "a name with a space", Set: map[string]string{"name": `"ft prod"`}, Message: "2 to 40 letters, digits and hyphens"},
			{Name: "the AWS managed key", Set: map[string]string{"kms_key_arn": `"alias/aws/sns"`}, Message: "alarms would be sent into nothing"},
			{Name: "a log group with a leading slash", Set: map[string]string{"log_groups": `{ "/audit" = {} }`, "metric_filters": "{}"}, Message: "the leading slash is the module's"},
			{Name: "logs kept for ever", Set: map[string]string{"log_groups": `{ audit = { retention_in_days = 0 } }`}, Message: "Keeping for ever (0) is refused"},
			{Name: "a retention that CloudWatch does not know", Set: map[string]string{"log_groups": `{ audit = { retention_in_days = 100 } }`}, Message: "one of the periods that CloudWatch Logs takes"},
			{Name: "a metric with a space", Set: map[string]string{"metric_filters": `{ "All errors" = { log_group = "audit", pattern = "ERROR" } }`}, Message: "they become names of metrics"},
			{Name: "a filter of no group", Set: filter(`log_group = "gone", pattern = "ERROR"`), Message: "must be a key of log_groups"},
			{Name: "a filter that matches everything", Set: filter(`log_group = "audit", pattern = " "`), Message: "an empty one matches every line"},
			{Name: "an alarm every 45 seconds", Set: alarm(`threshold = 1, period = 45, summary = "s", action = "a"`), Message: "10, 30 or a multiple of 60 seconds"},
			{Name: "an alarm to nobody", Set: alarm(`threshold = 1, topic = "info", summary = "s", action = "a"`), Message: `topic of an alarm must be "warning" or "critical"`},
			{Name: "an alarm that says nothing to do", Set: alarm(`threshold = 1, summary = "s", action = " "`), Message: "whoever it wakes must read what to do"},
			{Name: "a workspace by its name", Set: map[string]string{"slack": `{ team_id = "fintrack", channels = { critical = "C07EZ1ABC23" } }`}, Message: "slack.team_id must be a workspace's id"},
			{Name: "a channel for no topic", Set: map[string]string{"slack": `{ team_id = "T07EA123LEP", channels = { info = "C07EZ1ABC23" } }`}, Message: `keyed by "critical" or "warning"`},
			{Name: "a workspace without channels", Set: map[string]string{"slack": `{ team_id = "T07EA123LEP", channels = {} }`}, Message: `keyed by "critical" or "warning"`},
			{Name: "a channel by its name", Set: map[string]string{"slack": `{ team_id = "T07EA123LEP", channels = { critical = "#incidents" } }`}, Message: "must be a channel's id"},
			{Name: "a database by a name with capitals", Set: map[string]string{"rds_instances": `{ DB = { identifier = "db", connections = 1 } }`}, Message: "Names of rds_instances"},
			{Name: "CPU at 100 %", Set: instance(`connections = 1, cpu_percent = 100`), Message: "cpu_percent must be above 0 and below 100"},
			{Name: "no connections at all", Set: instance(`connections = 0`), Message: "connections, free_storage_gib and replica_lag_seconds must be greater than 0"},
			{Name: "a cache by a name with capitals", Set: map[string]string{"elasticache_replication_groups": `{ Redis = { id = "redis", shards = 1, replicas_per_shard = 1 } }`}, Message: "Names of elasticache_replication_groups"},
			{Name: "more shards than a composite alarm holds", Set: cache(`shards = 31, replicas_per_shard = 1`), Message: "shards must be a whole number from 1 to 30"},
			{Name: "shards without replicas", Set: cache(`shards = 1, replicas_per_shard = 0`), Message: "replicas_per_shard must be a whole number from 1 to 5"},
			{Name: "memory at 100 %", Set: cache(`shards = 1, replicas_per_shard = 1, memory_percent = 100`), Message: "memory_percent must be above 0 and below 100"},
			{Name: "a negative number of evictions", Set: cache(`shards = 1, replicas_per_shard = 1, evictions = -1`), Message: "evictions must not be negative"},
			{Name: "a NAT gateway by a name with capitals", Set: map[string]string{"nat_gateways": `{ A = "nat-0a1b2c3d4e5f60718" }`}, Message: "Names of nat_gateways"},
			{Name: "a NAT gateway that is none", Set: map[string]string{"nat_gateways": `{ a = "igw-0a1b2c3d4e5f60718" }`}, Message: "must be ids of NAT gateways"},
			{Name: "a load balancer by a name with capitals", Set: map[string]string{"load_balancers": `{ Public = { arn_suffix = "app/web/0123456789abcdef" } }`}, Message: "Names of load_balancers"},
			{Name: "a network load balancer", Set: balancer(`arn_suffix = "net/web/0123456789abcdef"`), Message: "of an application load balancer"},
			{Name: "errors of 100 %", Set: balancer(`arn_suffix = "app/web/0123456789abcdef", error_percent = 100`), Message: "error_percent must be above 0 and below 100"},
		},
	})
}
