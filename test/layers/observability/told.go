package observability

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/chatbot"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/fintrack/platform/test/kit/policydoc"
)

// tell reads the topics, and the channels that hear them.
func (l layer) tell(ctx context.Context) {
	client := sns.NewFromConfig(l.d.AWS)
	for short, subject := range map[string]string{
		"critical": `module.observability.aws_sns_topic.this["critical"]`, "warning": `module.observability.aws_sns_topic.this["warning"]`, "cost": "aws_sns_topic.cost",
	} {
		c := l.check("topic-key."+short, "Messages are under the layer security's key, which lets those publish that must", subject, "CC6.1", "CC7.3")
		out, err := client.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(l.topics[short])})
		if err != nil {
			l.d.Checks.Err(c, l.key, err)
			continue
		}
		l.d.Checks.Equal(c, l.key, out.Attributes["KmsMasterKeyId"])
		if short == "cost" {
			l.costPublishers(out.Attributes["Policy"])
		}
	}

	var slack *struct {
		Team     string            `json:"team_id"`
		Channels map[string]string `json:"channels"`
	}
	l.d.Variable("slack", &slack)
	c := l.check("chat", "Each topic is heard in the Slack channel that the environment names, and in no other", "module.observability.aws_chatbot_slack_channel_configuration.this", "CC7.3")
	// The service lives in this Region; its configurations have none.
	found, err := chatbot.NewFromConfig(l.d.AWS, func(o *chatbot.Options) { o.Region = "us-east-2" }).DescribeSlackChannelConfigurations(ctx, &chatbot.DescribeSlackChannelConfigurationsInput{})
	if err != nil {
		l.d.Checks.Err(c, "channels", err)
		return
	}
	want, got := map[string]any{}, map[string]any{}
	if slack != nil {
		for topic, channel := range slack.Channels {
			want[l.d.Name+"-"+topic] = []any{slack.Team, channel, []string{l.topics[topic]}}
		}
	}
	for _, x := range found.SlackChannelConfigurations {
		got[aws.ToString(x.ConfigurationName)] = []any{aws.ToString(x.SlackTeamId), aws.ToString(x.SlackChannelId), x.SnsTopicArns}
	}
	l.d.Checks.Equal(c, want, got)
	if slack == nil {
		return
	}
	c = l.check("chat-bounded", "The channels' role can never be given more than the boundary", "module.observability.aws_iam_role.chat[0]", "CC6.3")
	role, err := iam.NewFromConfig(l.d.AWS).GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(l.d.Name + "-chat")})
	if err != nil || role.Role.PermissionsBoundary == nil {
		l.d.Checks.Err(c, "a boundary", err)
		return
	}
	l.d.Checks.Equal(c, []string{l.of("security", "permissions_boundary_arn"), l.d.Output("chat_role_arn")},
		[]string{aws.ToString(role.Role.PermissionsBoundary.PermissionsBoundaryArn), aws.ToString(role.Role.Arn)})
}

// costPublishers: who may publish to the topic of the cost.
func (l layer) costPublishers(policy string) {
	c := l.check("cost-publishers", "AWS Budgets and Cost Anomaly Detection publish to the topic of the cost, for this account alone, and never in clear text", "aws_sns_topic_policy.cost", "CC6.1", "CC6.7")
	got, err := policydoc.BySid(policy)
	if err != nil {
		l.d.Checks.Err(c, "a policy", err)
		return
	}
	l.d.Checks.Equal(c, map[string]policydoc.Statement{
		"AllowCostServices": {
			"Sid": "AllowCostServices", "Effect": "Allow", "Action": "sns:Publish", "Resource": l.topics["cost"],
			"Principal": map[string]any{"Service": []any{"budgets.amazonaws.com", "costalerts.amazonaws.com"}},
			"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": l.d.Sandbox.Account}},
		},
		"DenyInsecureTransport": {
			"Sid": "DenyInsecureTransport", "Effect": "Deny", "Action": "sns:Publish", "Resource": l.topics["cost"], "Principal": "*",
			"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
		},
	}, got)
}

// events reads what of AWS's own events goes to which topic.
func (l layer) events(ctx context.Context) {
	client := eventbridge.NewFromConfig(l.d.AWS)
	for name, want := range map[string]struct{ says, topic, pattern string }{
		"root-user": {"the use of the root user", "critical",
			`{"detail-type":["AWS Console Sign In via CloudTrail"],"detail":{"userIdentity":{"type":["Root"]}}}`},
		"keys-and-trails": {"keys that are deleted or off, and trails that are stopped", "critical",
			`{"source":["aws.kms","aws.cloudtrail"],"detail-type":["AWS API Call via CloudTrail"],"detail":{"eventName":["DeleteTrail","DisableKey","ScheduleKeyDeletion","StopLogging"]}}`},
		"guardduty-high": {"findings of high severity", "critical",
			`{"source":["aws.guardduty"],"detail-type":["GuardDuty Finding"],"detail":{"severity":[{"numeric":[">=",7]}]}}`},
		"guardduty-medium": {"findings of medium severity", "warning",
			`{"source":["aws.guardduty"],"detail-type":["GuardDuty Finding"],"detail":{"severity":[{"numeric":[">=",4,"<",7]}]}}`},
		"backup-failed": {"backups and copies that failed", "warning",
			`{"source":["aws.backup"],"detail-type":["Backup Job State Change","Copy Job State Change"],"detail":{"state":["ABORTED","EXPIRED","FAILED"]}}`},
		"database-failover": {"a failover of the database", "warning",
			`{"source":["aws.rds"],"detail-type":["RDS DB Instance Event"],"detail":{"EventCategories":["failover"]}}`},
	} {
		subject := `aws_cloudwatch_event_rule.this["` + name + `"]`
		c := l.check("event."+name, "Somebody is told of "+want.says, subject, "CC7.2", "CC7.3")
		rule := aws.String(l.d.Name + "-" + name)
		r, err := client.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: rule})
		if err != nil {
			l.d.Checks.Err(c, "a rule", err)
			continue
		}
		targets, err := client.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: rule})
		if err != nil {
			l.d.Checks.Err(c, "a target", err)
			continue
		}
		var arns []string
		for _, t := range targets.Targets {
			arns = append(arns, aws.ToString(t.Arn))
		}
		l.d.Checks.Equal(c, []any{object(want.pattern), "ENABLED", []string{l.topics[want.topic]}}, []any{object(aws.ToString(r.EventPattern)), string(r.State), arns})
	}
	l.d.Checks.NotProven(l.check("events-arrive", "An event of each kind arrives in its topic", "aws_cloudwatch_event_rule.this", "CC7.2", "CC7.3"), "aws", "the emulator makes no events of its own, and cannot test a pattern")
}

// object is JSON as it compares; a text that is none stays one.
func object(text string) any {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	return v
}
