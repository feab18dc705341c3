package observability_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/chatbot"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/fintrack/platform/test/kit/policydoc"
)

func (m module) topics(ctx context.Context) {
	for _, name := range []string{"critical", "warning"} {
		arn := m.topicARN(name)
		encrypted := m.check("topic-encrypted-"+name, "The topic "+name+" is encrypted with the customer key", `aws_sns_topic.this["`+name+`"]`, "CC6.1", "C1.1")
		closed := m.check("topic-policy-"+name, "The topic "+name+" takes messages from alarms and rules of this account, over TLS, and from nobody else", `aws_sns_topic_policy.this["`+name+`"]`, "CC6.1", "CC6.7")
		got, err := sns.NewFromConfig(m.AWS).GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(arn)})
		if err != nil {
			m.Checks.Err(encrypted, "the customer key", err)
			m.Checks.Err(closed, "three statements", err)
			continue
		}
		m.Checks.Equal(encrypted, m.Output("kms_key_arn"), got.Attributes["KmsMasterKeyId"])
		policy, err := policydoc.BySid(got.Attributes["Policy"])
		if err != nil {
			m.Checks.Err(closed, "three statements", err)
			continue
		}
		here := m.Region + ":" + m.Sandbox.Account
		m.Checks.Equal(closed, map[string]map[string]any{
			"AllowAlarms": {
				"Sid": "AllowAlarms", "Effect": "Allow", "Principal": map[string]any{"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": arn,
				"Condition": map[string]any{
					"StringEquals": map[string]any{"aws:SourceAccount": m.Sandbox.Account},
					"ArnLike":      map[string]any{"aws:SourceArn": "arn:aws:cloudwatch:" + here + ":alarm:*"},
				},
			},
			"AllowEventRules": {
				"Sid": "AllowEventRules", "Effect": "Allow", "Principal": map[string]any{"Service": "events.amazonaws.com"}, "Action": "sns:Publish", "Resource": arn,
				"Condition": map[string]any{"ArnLike": map[string]any{"aws:SourceArn": "arn:aws:events:" + here + ":rule/*"}},
			},
			"DenyInsecureTransport": {
				"Sid": "DenyInsecureTransport", "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": arn,
				"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
			},
		}, policy)
	}
}

func (m module) policyARN() string {
	return "arn:aws:iam::" + m.Sandbox.Account + ":policy/" + m.Name + "-chat"
}

func (m module) channels(ctx context.Context) {
	// The service lives in this Region; its configurations have none.
	client := chatbot.NewFromConfig(m.AWS, func(o *chatbot.Options) { o.Region = "us-east-2" })
	found, err := client.DescribeSlackChannelConfigurations(ctx, &chatbot.DescribeSlackChannelConfigurationsInput{})
	for topic, channel := range map[string]string{"critical": "C07EZ1ABC23", "warning": "C07EZ1ABC24"} {
		c := m.check("slack-"+topic, "The Slack channel for "+topic+" hears that topic alone, behind a guardrail, and asks members for their own roles", `aws_chatbot_slack_channel_configuration.this["`+topic+`"]`, "CC7.3", "CC6.3")
		if err != nil {
			m.Checks.Err(c, channel, err)
			continue
		}
		var got []any
		for _, x := range found.SlackChannelConfigurations {
			if aws.ToString(x.ConfigurationName) == m.Name+"-"+topic {
				got = []any{aws.ToString(x.SlackTeamId), aws.ToString(x.SlackChannelId), aws.ToString(x.IamRoleArn), x.GuardrailPolicyArns, x.SnsTopicArns, aws.ToString(x.LoggingLevel), aws.ToBool(x.UserAuthorizationRequired)}
			}
		}
		m.Checks.Equal(c, []any{"T07EA123LEP", channel, m.Output("chat_role_arn"), []string{m.policyARN()}, []string{m.topicARN(topic)}, "INFO", true}, got)
	}
}

// chatRole reads everything that members of the channels may do.
func (m module) chatRole(ctx context.Context) {
	client, name := iam.NewFromConfig(m.AWS), aws.String(m.Name+"-chat")
	c := m.check("chat-role-trust", "Only the chat service takes the channels' role", "aws_iam_role.chat[0]", "CC6.1", "CC6.3")
	role, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: name})
	if err != nil {
		m.Checks.Err(c, "chatbot.amazonaws.com", err)
	} else if got, err := policydoc.BySid(*role.Role.AssumeRolePolicyDocument); err != nil {
		m.Checks.Err(c, "chatbot.amazonaws.com", err)
	} else {
		m.Checks.Equal(c, map[string]map[string]any{"": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"Service": "chatbot.amazonaws.com"}}}, got)
	}

	c = m.check("chat-reads-only", "Members of the channels see alarms, metrics and these log groups, and change nothing", "aws_iam_policy.chat[0]", "CC6.1", "CC6.3")
	got, err := m.granted(ctx, client, name)
	if err != nil {
		m.Checks.Err(c, "four statements", err)
		return
	}
	here := m.Region + ":" + m.Sandbox.Account
	m.Checks.Equal(c, map[string]map[string]any{
		"SeeAlarms": {
			"Sid": "SeeAlarms", "Effect": "Allow", "Action": []any{"cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms"},
			"Resource": "arn:aws:cloudwatch:" + here + ":alarm:" + m.Name + "-*",
		},
		"SeeMetrics": {
			"Sid": "SeeMetrics", "Effect": "Allow", "Resource": "*",
			"Action": []any{"cloudwatch:GetMetricData", "cloudwatch:GetMetricStatistics", "cloudwatch:GetMetricWidgetImage", "cloudwatch:ListMetrics"},
		},
		"SeeLogs": {
			"Sid": "SeeLogs", "Effect": "Allow", "Action": []any{"logs:FilterLogEvents", "logs:StartQuery"},
			"Resource": []any{"arn:aws:logs:" + here + ":log-group:/" + m.Name + "/audit:*", "arn:aws:logs:" + here + ":log-group:/" + m.Name + "/services/reconciliation:*"},
		},
		"SeeQueryResults": {"Sid": "SeeQueryResults", "Effect": "Allow", "Action": "logs:GetQueryResults", "Resource": "*"},
	}, got)
}

// granted reads the one policy that the role may have.
func (m module) granted(ctx context.Context, client *iam.Client, role *string) (map[string]map[string]any, error) {
	inline, err := client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: role})
	if err != nil {
		return nil, err
	}
	attached, err := client.ListAttachedRolePolicies(ctx, &iam.ListAttachedRolePoliciesInput{RoleName: role})
	if err != nil {
		return nil, err
	}
	all := map[string]map[string]any{}
	for _, p := range inline.PolicyNames {
		all["inline policy "+p] = nil
	}
	for _, p := range attached.AttachedPolicies {
		if *p.PolicyArn != m.policyARN() {
			all["attached policy "+*p.PolicyArn] = nil
			continue
		}
		policy, err := client.GetPolicy(ctx, &iam.GetPolicyInput{PolicyArn: p.PolicyArn})
		if err != nil {
			return nil, err
		}
		version, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: p.PolicyArn, VersionId: policy.Policy.DefaultVersionId})
		if err != nil {
			return nil, err
		}
		found, err := policydoc.BySid(*version.PolicyVersion.Document)
		if err != nil {
			return nil, err
		}
		for id, s := range found {
			all[id] = s
		}
	}
	return all, nil
}
