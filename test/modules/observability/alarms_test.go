package observability_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// expectation is what an alarm must watch. Its queries are written in one line each,
// "m1=AWS/RDS CPUUtilization Average/300 DBInstanceIdentifier=x"; a plain metric is m1.
type expectation struct {
	title      string
	queries    []string
	comparison types.ComparisonOperator
	threshold  float64
	of         [2]int32 // datapoints of evaluation periods
	missing    string
	topic      string
}

const (
	above   = types.ComparisonOperatorGreaterThanThreshold
	atLeast = types.ComparisonOperatorGreaterThanOrEqualToThreshold
	below   = types.ComparisonOperatorLessThanThreshold
)

// expected lists every metric alarm of the example, by name without its prefix.
func (m module) expected() map[string]expectation {
	all := map[string]expectation{
		"log-ReconciliationErrors": {"Ten errors of the reconciliation service in 5 minutes", []string{"m1=FinTrack/" + m.Name + " ReconciliationErrors Sum/300"}, atLeast, 10, [2]int32{1, 1}, "notBreaching", "warning"},
		"log-RootLogins":           {"Any use of the root user wakes somebody", []string{"m1=FinTrack/" + m.Name + " RootLogins Sum/300"}, atLeast, 1, [2]int32{1, 1}, "notBreaching", "critical"},
		"alb-public-5xx": {"One per cent of the requests fail", []string{
			"m1=AWS/ApplicationELB RequestCount Sum/60 LoadBalancer=app/" + m.Name + "/0123456789abcdef",
			"m2=AWS/ApplicationELB HTTPCode_ELB_5XX_Count Sum/60 LoadBalancer=app/" + m.Name + "/0123456789abcdef",
			"m3=AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum/60 LoadBalancer=app/" + m.Name + "/0123456789abcdef",
			"result=IF(FILL(m1, 0) >= 60, 100 * (FILL(m2, 0) + FILL(m3, 0)) / m1, 0)",
		}, above, 1, [2]int32{3, 5}, "notBreaching", "warning"},
	}
	for zone, id := range map[string]string{"us-east-1a": "nat-0a1b2c3d4e5f60718", "us-east-1b": "nat-0b1b2c3d4e5f60718"} {
		all["nat-"+zone+"-port-allocation"] = expectation{"The NAT gateway of " + zone + " has no port left", []string{"m1=AWS/NATGateway ErrorPortAllocation Sum/60 NatGatewayId=" + id}, above, 0, [2]int32{3, 5}, "notBreaching", "warning"}
	}
	for key, suffix := range map[string]string{"primary": "-db", "replica": "-db-replica"} {
		metric := func(name, statistic string) []string {
			return []string{"m1=AWS/RDS " + name + " " + statistic + "/300 DBInstanceIdentifier=" + m.Name + suffix}
		}
		three := [2]int32{3, 3}
		all["rds-"+key+"-cpu"] = expectation{"The " + key + " database's CPU is above 80 %", metric("CPUUtilization", "Average"), above, 80, three, "missing", "warning"}
		all["rds-"+key+"-connections"] = expectation{"The " + key + " database has more than 400 connections", metric("DatabaseConnections", "Maximum"), above, 400, three, "missing", "warning"}
		all["rds-"+key+"-storage"] = expectation{"The " + key + " database has less than 20 GiB left, or is silent", metric("FreeStorageSpace", "Minimum"), below, 20 << 30, three, "breaching", "warning"}
	}
	all["rds-replica-replica-lag"] = expectation{"The replica is 30 s behind, or silent", []string{"m1=AWS/RDS ReplicaLag Maximum/300 DBInstanceIdentifier=" + m.Name + "-db-replica"}, above, 30, [2]int32{3, 3}, "breaching", "warning"}
	for shard := 1; shard <= 3; shard++ {
		for _, k := range []struct {
			kind, metric, statistic, combine, missing, title string
			threshold                                        float64
		}{
			{"memory", "DatabaseMemoryUsagePercentage", "Maximum", "MAX", "breaching", "A node of shard %d is above 80 %% of its memory, or all are silent", 80},
			{"evictions", "Evictions", "Sum", "SUM", "notBreaching", "Shard %d throws out more than 100 entries in 5 minutes", 100},
			{"replication-lag", "ReplicationLag", "Maximum", "MAX", "notBreaching", "A replica of shard %d is 10 s behind", 10},
		} {
			var queries []string
			for node := 1; node <= 3; node++ {
				queries = append(queries, fmt.Sprintf("m%d=AWS/ElastiCache %s %s/300 CacheClusterId=%s-redis-%04d-%03d", node, k.metric, k.statistic, m.Name, shard, node))
			}
			all[fmt.Sprintf("elasticache-sessions-%04d-%s", shard, k.kind)] = expectation{fmt.Sprintf(k.title, shard), append(queries, "result="+k.combine+"([m1, m2, m3])"), above, k.threshold, [2]int32{3, 3}, k.missing, "warning"}
		}
	}
	return all
}

func (m module) topicARN(name string) string {
	return "arn:aws:sns:" + m.Region + ":" + m.Sandbox.Account + ":" + m.Name + "-" + name
}

// alarms reads every metric alarm and compares it with what it must watch; an alarm
// too many, or without somebody to tell and something to do, fails as well.
func (m module) alarms(ctx context.Context) {
	client, want := m.cloudwatch(), m.expected()
	found := map[string]types.MetricAlarm{}
	pages := cloudwatch.NewDescribeAlarmsPaginator(client, &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String(m.Name + "-"), AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm}})
	var err error
	for pages.HasMorePages() && err == nil {
		var page *cloudwatch.DescribeAlarmsOutput
		if page, err = pages.NextPage(ctx); err == nil {
			for _, a := range page.MetricAlarms {
				found[strings.TrimPrefix(*a.AlarmName, m.Name+"-")] = a
			}
		}
	}
	var silent, extra []string
	for name, a := range found {
		if _, ok := want[name]; !ok {
			extra = append(extra, name)
		}
		if !strings.Contains(aws.ToString(a.AlarmDescription), " What to do: ") {
			silent = append(silent, name)
		}
	}
	slices.Sort(extra)
	slices.Sort(silent)
	for name, e := range want {
		c := m.check("alarm-"+strings.ToLower(name), "Alarm: "+e.title, "aws_cloudwatch_metric_alarm", "CC7.2", "CC7.3", "A1.1")
		if err != nil {
			m.Checks.Err(c, "an alarm", err)
			continue
		}
		a := found[name]
		topic := []string{m.topicARN(e.topic)}
		m.Checks.Equal(c,
			[]any{e.queries, e.comparison, e.threshold, e.of, e.missing, true, topic, topic},
			[]any{queries(a), a.ComparisonOperator, aws.ToFloat64(a.Threshold), [2]int32{aws.ToInt32(a.DatapointsToAlarm), aws.ToInt32(a.EvaluationPeriods)}, aws.ToString(a.TreatMissingData), aws.ToBool(a.ActionsEnabled), a.AlarmActions, a.OKActions})
	}
	if err == nil {
		m.Checks.That(m.check("no-other-alarms", "There is no alarm that nobody asked for", "aws_cloudwatch_metric_alarm", "CC7.2"), len(extra) == 0, fmt.Sprintf("%d alarms", len(want)), fmt.Sprintf("%d alarms, unasked for: %v", len(found), extra))
		m.Checks.That(m.check("alarms-say-what-to-do", "Every alarm says what to do", "aws_cloudwatch_metric_alarm", "CC7.3"), len(silent) == 0 && len(found) > 0, "a description with \"What to do:\"", fmt.Sprintf("without: %v of %d", silent, len(found)))
	}
}

// queries writes an alarm's metrics as an expectation does, expressions last.
func queries(a types.MetricAlarm) []string {
	line := func(id, namespace, name, statistic string, period int32, dimensions []types.Dimension) string {
		text := fmt.Sprintf("%s=%s %s %s/%d", id, namespace, name, statistic, period)
		for _, d := range dimensions {
			text += " " + *d.Name + "=" + *d.Value
		}
		return text
	}
	if len(a.Metrics) == 0 {
		return []string{line("m1", aws.ToString(a.Namespace), aws.ToString(a.MetricName), string(a.Statistic), aws.ToInt32(a.Period), a.Dimensions)}
	}
	var out []string
	for _, q := range a.Metrics {
		if s := q.MetricStat; s != nil {
			out = append(out, line(*q.Id, *s.Metric.Namespace, *s.Metric.MetricName, *s.Stat, *s.Period, s.Metric.Dimensions))
		} else {
			out = append(out, *q.Id+"="+aws.ToString(q.Expression))
		}
	}
	slices.Sort(out)
	return out
}
