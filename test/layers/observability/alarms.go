package observability

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	census "github.com/fintrack/platform/test/kit/census/cloudwatch"
)

// logs reads the log groups of the services.
func (l layer) logs(ctx context.Context) {
	c := l.check("service-logs", "Each of the six services has a log group, under the layer security's key, kept as long as the environment says", "module.observability.aws_cloudwatch_log_group.this", "CC7.2", "C1.1", "C1.2")
	var days int32
	l.d.Variable("log_retention_days", &days)
	prefix := "/" + l.d.Name + "/services/"
	out, err := cloudwatchlogs.NewFromConfig(l.d.AWS).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &prefix})
	if err != nil {
		l.d.Checks.Err(c, "six log groups", err)
		return
	}
	var names map[string]string
	l.d.OutputAs("log_group_names", &names)
	want, got := map[string]any{}, map[string]any{}
	for _, s := range services {
		want[prefix+s] = []any{days, l.key, prefix + s}
	}
	for _, g := range out.LogGroups {
		name := aws.ToString(g.LogGroupName)
		got[name] = []any{aws.ToInt32(g.RetentionInDays), aws.ToString(g.KmsKeyId), names[strings.TrimPrefix(name, prefix)]}
	}
	l.d.Checks.Equal(c, want, got)
}

// everyAlarm reads all alarms of the platform.
func (l layer) everyAlarm(ctx context.Context) ([]types.MetricAlarm, error) {
	var all []types.MetricAlarm
	for p := cloudwatch.NewDescribeAlarmsPaginator(census.New(l.d.AWS), &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String(l.d.Name + "-")}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, page.MetricAlarms...)
	}
	return all, nil
}

// alarms: what is watched are this environment's own resources, all of them; an alarm
// on an id that does not exist never rings.
func (l layer) alarms(ctx context.Context) {
	c := l.check("alarms-on-what-is-there", "Every database, cache node, NAT gateway and queue of the platform is watched, and nothing that is not there", "module.observability", "CC7.2", "A1.1")
	named := l.check("alarms-named", "The layer tells of every alarm that is there", "output.alarm_names", "CC8.1")
	all, err := l.everyAlarm(ctx)
	if err != nil {
		l.d.Checks.Err(c, "alarms", err)
		l.d.Checks.Err(named, "alarms", err)
		return
	}
	got := map[string][]string{}
	var names []string
	for _, a := range all {
		names = append(names, aws.ToString(a.AlarmName))
		note(got, a.Namespace, a.Dimensions)
		for _, m := range a.Metrics {
			if m.MetricStat != nil {
				note(got, m.MetricStat.Metric.Namespace, m.MetricStat.Metric.Dimensions)
			}
		}
	}
	var shards, replicas int
	data := l.d.Stack.Deployment("data")
	data.OutputAs("elasticache_shards", &shards)
	data.OutputAs("elasticache_replicas_per_shard", &replicas)
	var nodes []string
	for shard := 1; shard <= shards; shard++ {
		for node := 1; node <= replicas+1; node++ {
			nodes = append(nodes, fmt.Sprintf("%s-%04d-%03d", l.of("data", "elasticache_replication_group_id"), shard, node))
		}
	}
	want := map[string][]string{
		"AWS/RDS DBInstanceIdentifier":   sorted(l.databases()),
		"AWS/ElastiCache CacheClusterId": sorted(nodes),
		"AWS/NATGateway NatGatewayId":    sorted(l.gateways()),
		"AWS/SQS QueueName":              sorted([]string{l.of("data", "transactions_queue_name"), l.of("data", "transactions_dlq_name")}),
	}
	l.d.Checks.Equal(c, want, got)
	var told []string
	l.d.OutputAs("alarm_names", &told)
	l.d.Checks.Equal(named, sorted(names), sorted(told))
}

// note remembers what an alarm watches; metrics counted from logs have no dimensions.
func note(got map[string][]string, namespace *string, dimensions []types.Dimension) {
	for _, d := range dimensions {
		key, value := aws.ToString(namespace)+" "+aws.ToString(d.Name), aws.ToString(d.Value)
		if !slices.Contains(got[key], value) {
			got[key] = sorted(append(got[key], value))
		}
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// queue reads the alarms on the transactions queue.
func (l layer) queue(ctx context.Context) {
	var limits struct {
		Backlog float64 `json:"backlog"`
		Age     float64 `json:"age_seconds"`
	}
	l.d.Variable("queue", &limits)
	transactions, dead := l.of("data", "transactions_queue_name"), l.of("data", "transactions_dlq_name")
	for name, want := range map[string][]any{
		"backlog":      {transactions, "ApproximateNumberOfMessagesVisible", limits.Backlog, int32(5), l.topics["critical"]},
		"age":          {transactions, "ApproximateAgeOfOldestMessage", limits.Age, int32(5), l.topics["critical"]},
		"dead-letters": {dead, "ApproximateNumberOfMessagesVisible", 0.0, int32(1), l.topics["warning"]},
	} {
		c := l.check("queue-"+name, "An alarm tells whom it must of the queue's "+name+", and what to do", `aws_cloudwatch_metric_alarm.queue["`+name+`"]`, "CC7.2", "CC7.3", "A1.1")
		out, err := census.New(l.d.AWS).DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{l.d.Name + "-queue-" + name}})
		if err != nil || len(out.MetricAlarms) != 1 {
			l.d.Checks.Err(c, "an alarm", err)
			continue
		}
		a := out.MetricAlarms[0]
		var dimensions []string
		for _, d := range a.Dimensions {
			dimensions = append(dimensions, aws.ToString(d.Name)+"="+aws.ToString(d.Value))
		}
		l.d.Checks.Equal(c,
			[]any{
				"AWS/SQS", want[1], []string{"QueueName=" + want[0].(string)}, types.StatisticMaximum, types.ComparisonOperatorGreaterThanThreshold, want[2], int32(60), want[3],
				true, "notBreaching", []string{want[4].(string)}, []string{want[4].(string)}, true,
			},
			[]any{
				aws.ToString(a.Namespace), aws.ToString(a.MetricName), dimensions, a.Statistic, a.ComparisonOperator, aws.ToFloat64(a.Threshold), aws.ToInt32(a.Period), aws.ToInt32(a.EvaluationPeriods),
				aws.ToBool(a.ActionsEnabled), aws.ToString(a.TreatMissingData), a.AlarmActions, a.OKActions, strings.Contains(aws.ToString(a.AlarmDescription), "What to do: "),
			})
	}
}

// dashboards: every metric drawn is of a resource that is there.
func (l layer) dashboards(ctx context.Context) {
	c := l.check("dashboards", "The dashboards draw the platform's own databases, cache, gateways and queues, all of them", "aws_cloudwatch_dashboard.this", "CC7.2")
	client := census.New(l.d.AWS)
	var names []string
	l.d.OutputAs("dashboard_names", &names)
	got := map[string][]string{}
	for _, name := range names {
		out, err := client.GetDashboard(ctx, &cloudwatch.GetDashboardInput{DashboardName: &name})
		if err != nil {
			l.d.Checks.Err(c, "a dashboard", err)
			return
		}
		var body struct {
			Widgets []struct {
				Properties struct {
					Region  string
					Metrics [][]string
				}
			}
		}
		if err := json.Unmarshal([]byte(aws.ToString(out.DashboardBody)), &body); err != nil {
			l.d.Checks.Err(c, "widgets", err)
			return
		}
		for _, w := range body.Widgets {
			for _, m := range w.Properties.Metrics {
				if len(m) != 4 || w.Properties.Region != l.d.Region {
					l.d.Checks.That(c, false, "metrics of this Region with one dimension each", fmt.Sprint(w.Properties))
					return
				}
				note(got, &m[0], []types.Dimension{{Name: &m[2], Value: &m[3]}})
			}
		}
	}
	l.d.Checks.Equal(c, []any{[]string{l.d.Name + "-data", l.d.Name + "-traffic"}, map[string][]string{
		"AWS/RDS DBInstanceIdentifier":       sorted(l.databases()),
		"AWS/ElastiCache ReplicationGroupId": {l.of("data", "elasticache_replication_group_id")},
		"AWS/NATGateway NatGatewayId":        sorted(l.gateways()),
		"AWS/SQS QueueName":                  sorted([]string{l.of("data", "transactions_queue_name"), l.of("data", "transactions_dlq_name")}),
	}}, []any{sorted(names), got})
}
