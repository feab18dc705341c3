# Amazon Q Developer in chat applications, which the API still calls AWS Chatbot.

data "aws_iam_policy_document" "chat_trust" {
  count = var.slack == null ? 0 : 1

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["chatbot.amazonaws.com"]
    }
  }
}

# What the channel may see: alarms, their graphs, and these log groups. Nothing else, and
# nothing that changes anything.
data "aws_iam_policy_document" "chat" {
  count = var.slack == null ? 0 : 1

  statement {
    sid = "SeeAlarms"
    actions = [
      "cloudwatch:DescribeAlarmHistory",
      "cloudwatch:DescribeAlarms",
    ]
    resources = ["arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:${var.name}-*"]
  }

  # CloudWatch has no resources for metrics.
  statement {
    sid = "SeeMetrics"
    actions = [
      "cloudwatch:GetMetricData",
      "cloudwatch:GetMetricStatistics",
      "cloudwatch:GetMetricWidgetImage",
      "cloudwatch:ListMetrics",
    ]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = length(var.log_groups) > 0 ? [1] : []

    content {
      sid       = "SeeLogs"
      actions   = ["logs:FilterLogEvents", "logs:StartQuery"]
      resources = [for group in aws_cloudwatch_log_group.this : "${group.arn}:*"]
    }
  }

  # A query is named by its id alone, which CloudWatch Logs does not take for a resource.
  dynamic "statement" {
    for_each = length(var.log_groups) > 0 ? [1] : []

    content {
      sid       = "SeeQueryResults"
      actions   = ["logs:GetQueryResults"]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role" "chat" {
  count = var.slack == null ? 0 : 1

  name                 = "${var.name}-chat"
  description          = "What members of the Slack channels may see of ${var.name}."
  assume_role_policy   = data.aws_iam_policy_document.chat_trust[0].json
  permissions_boundary = var.slack.permissions_boundary_arn

  tags = var.tags
}

resource "aws_iam_policy" "chat" {
  count = var.slack == null ? 0 : 1

  name        = "${var.name}-chat"
  description = "What members of the Slack channels may see of ${var.name}; also the channels' guardrail."
  policy      = data.aws_iam_policy_document.chat[0].json

  tags = var.tags
}

resource "aws_iam_role_policy_attachment" "chat" {
  count = var.slack == null ? 0 : 1

  role       = aws_iam_role.chat[0].name
  policy_arn = aws_iam_policy.chat[0].arn
}

# The guardrail is the same policy: whatever a member's own role allows, no more than this
# can be done from the channel. Left out, AWS takes AdministratorAccess for it.
resource "aws_chatbot_slack_channel_configuration" "this" {
  for_each = var.slack == null ? {} : var.slack.channels

  configuration_name          = "${var.name}-${each.key}"
  slack_team_id               = var.slack.team_id
  slack_channel_id            = each.value
  iam_role_arn                = aws_iam_role.chat[0].arn
  guardrail_policy_arns       = [aws_iam_policy.chat[0].arn]
  sns_topic_arns              = [aws_sns_topic.this[each.key].arn]
  logging_level               = "INFO"
  user_authorization_required = true

  tags = var.tags

  depends_on = [aws_iam_role_policy_attachment.chat]
}
