package observability_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	_ "github.com/fintrack/platform/test/kit/census/chatbot"
	cloudwatchcensus "github.com/fintrack/platform/test/kit/census/cloudwatch"
	_ "github.com/fintrack/platform/test/kit/census/iam"
	_ "github.com/fintrack/platform/test/kit/census/kms"
	_ "github.com/fintrack/platform/test/kit/census/logs"
	_ "github.com/fintrack/platform/test/kit/census/sns"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

func TestMain(m *testing.M) { deploy.Main(m) }

func TestModule(t *testing.T) {
	deploy.Module(t, deploy.Spec{
		Module: "observability",
		Verify: func(ctx context.Context, d *deploy.Deployment) {
			m := module{d}
			m.logGroups(ctx)
			m.metricFilters(ctx)
			m.alarms(ctx)
			m.composites(ctx)
			m.topics(ctx)
			m.channels(ctx)
			m.chatRole(ctx)
			m.states(ctx)
			m.outside()
		},
	})
}

// module is the deployed example.
type module struct{ *deploy.Deployment }

func (m module) cloudwatch() *cloudwatch.Client { return cloudwatchcensus.New(m.AWS) }

func (m module) check(id, title, resource string, controls ...string) check.Check {
	return check.Check{ID: "observability." + id, Title: title, Subject: "module.observability." + resource, Controls: controls}
}

// outside names what happens beyond the emulator: it keeps alarms, keys and channels as
// they were set, and acts on them only where a check above says so.
func (m module) outside() {
	for _, x := range []struct {
		check check.Check
		why   string
	}{
		{m.check("alarms-follow-metrics", "Metrics past their thresholds turn the alarms red", "aws_cloudwatch_metric_alarm.this", "CC7.2"),
			"the emulator evaluates no metrics; what is proven here is what each alarm watches, and who hears it once it is red"},
		{m.check("key-opens-for-alarms", "CloudWatch may use the key of the topics", "aws_sns_topic.this", "CC6.1"),
			"the emulator publishes to an encrypted topic without asking its key"},
		{m.check("slack-hears", "A notification appears in its Slack channel", "aws_chatbot_slack_channel_configuration.this", "CC7.3"),
			"there is no Slack here, and a workspace is authorised by hand"},
	} {
		m.Checks.NotProven(x.check, "aws", x.why)
	}
}

func (m module) logGroups(ctx context.Context) {
	for _, g := range []struct {
		key, id, title string
		days           int32
	}{
		{"services/reconciliation", "logs-kept-a-year", "Log groups are encrypted with the customer key and kept for a year by default", 365},
		{"audit", "audit-kept-seven-years", "The audit log is encrypted with the customer key and kept for seven years", 2557},
	} {
		c := m.check(g.id, g.title, `aws_cloudwatch_log_group.this["`+g.key+`"]`, "CC7.2", "C1.1", "C1.2")
		name := "/" + m.Name + "/" + g.key
		found, err := cloudwatchlogs.NewFromConfig(m.AWS).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(name)})
		if err != nil {
			m.Checks.Err(c, name, err)
			continue
		}
		var got []any
		for _, group := range found.LogGroups {
			got = append(got, aws.ToString(group.LogGroupName), aws.ToString(group.KmsKeyId), aws.ToInt32(group.RetentionInDays))
		}
		m.Checks.Equal(c, []any{name, m.Output("kms_key_arn"), g.days}, got)
	}
}

func (m module) metricFilters(ctx context.Context) {
	for _, f := range []struct{ id, title, metric, group, pattern string }{
		{"errors-counted", "Errors of the reconciliation service are counted from its log, with zero where there are none", "ReconciliationErrors", "services/reconciliation", `{ $.level = "error" }`},
		{"root-logins-counted", "Uses of the root user are counted from the audit log", "RootLogins", "audit", `{ $.userIdentity.type = "Root" && $.eventType != "AwsServiceEvent" }`},
	} {
		c := m.check(f.id, f.title, `aws_cloudwatch_log_metric_filter.this["`+f.metric+`"]`, "CC7.2")
		found, err := cloudwatchlogs.NewFromConfig(m.AWS).DescribeMetricFilters(ctx, &cloudwatchlogs.DescribeMetricFiltersInput{LogGroupName: aws.String("/" + m.Name + "/" + f.group)})
		if err != nil {
			m.Checks.Err(c, f.pattern, err)
			continue
		}
		if len(found.MetricFilters) != 1 {
			m.Checks.Equal(c, "one filter", found.MetricFilters)
			continue
		}
		got := found.MetricFilters[0]
		m.Checks.Equal(c, []any{f.pattern, []types.MetricTransformation{{
			MetricName: aws.String(f.metric), MetricNamespace: aws.String("FinTrack/" + m.Name), MetricValue: aws.String("1"),
			DefaultValue: aws.Float64(0), Unit: types.StandardUnitCount,
		}}}, []any{aws.ToString(got.FilterPattern), got.MetricTransformations})
	}
}
