# What the month costs. A topic of its own: AWS Budgets and Cost Anomaly Detection
# publish to it, which may not publish to those that wake somebody.
resource "aws_sns_topic" "cost" {
  name              = "${var.name}-cost"
  kms_master_key_id = data.terraform_remote_state.security.outputs.kms_key_arns["sns"]
  tags              = merge(local.tags, { Name = "${var.name}-cost" })
}

data "aws_iam_policy_document" "cost" {
  statement {
    sid       = "AllowCostServices"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.cost.arn]

    principals {
      type        = "Service"
      identifiers = ["budgets.amazonaws.com", "costalerts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }

  statement {
    sid       = "DenyInsecureTransport"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.cost.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sns_topic_policy" "cost" {
  arn    = aws_sns_topic.cost.arn
  policy = data.aws_iam_policy_document.cost.json
}

resource "aws_budgets_budget" "month" {
  name         = "${var.name}-month"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = tostring(var.budget_usd)
  limit_unit   = "USD"
  tags         = local.tags

  # Four fifths spent, and the whole foreseen.
  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }

    content {
      notification_type         = notification.key
      comparison_operator       = "GREATER_THAN"
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
      subscriber_sns_topic_arns = [aws_sns_topic.cost.arn]
    }
  }

  depends_on = [aws_sns_topic_policy.cost]
}

resource "aws_ce_anomaly_monitor" "services" {
  name              = "${var.name}-services"
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
  tags              = local.tags
}

resource "aws_ce_anomaly_subscription" "services" {
  name             = "${var.name}-services"
  frequency        = "IMMEDIATE" # by SNS there is no other
  monitor_arn_list = [aws_ce_anomaly_monitor.services.arn]
  tags             = local.tags

  subscriber {
    type    = "SNS"
    address = aws_sns_topic.cost.arn
  }

  threshold_expression {
    dimension {
      key           = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
      match_options = ["GREATER_THAN_OR_EQUAL"]
      values        = [tostring(var.cost_anomaly_usd)]
    }
  }

  depends_on = [aws_sns_topic_policy.cost]
}
