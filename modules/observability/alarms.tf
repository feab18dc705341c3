locals {
  # Each family of alarms is described in a file of its own, all in the same shape.
  alarms = merge(
    local.rds_alarms,
    local.elasticache_alarms,
    local.nat_alarms,
    local.alb_alarms,
    local.log_alarms,
  )

  # An alarm over several time series combines them by metric math.
  plain_alarms    = { for key, alarm in local.alarms : key => alarm if alarm.combine == null }
  combined_alarms = { for key, alarm in local.alarms : key => alarm if alarm.combine != null }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.plain_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions[0]
  statistic           = each.value.statistic
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  period              = each.value.period
  evaluation_periods  = each.value.evaluation_periods
  datapoints_to_alarm = each.value.datapoints_to_alarm
  treat_missing_data  = each.value.missing_data
  alarm_actions       = [aws_sns_topic.this[each.value.topic].arn]
  ok_actions          = [aws_sns_topic.this[each.value.topic].arn]

  tags = var.tags
}

resource "aws_cloudwatch_metric_alarm" "combined" {
  for_each = local.combined_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  evaluation_periods  = each.value.evaluation_periods
  datapoints_to_alarm = each.value.datapoints_to_alarm
  treat_missing_data  = each.value.missing_data
  alarm_actions       = [aws_sns_topic.this[each.value.topic].arn]
  ok_actions          = [aws_sns_topic.this[each.value.topic].arn]

  metric_query {
    id          = "result"
    label       = each.key
    expression  = each.value.combine
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.dimensions

    content {
      id = "m${metric_query.key + 1}"

      metric {
        namespace   = each.value.namespace
        metric_name = try(each.value.metrics[metric_query.key], each.value.metric)
        dimensions  = metric_query.value
        period      = each.value.period
        stat        = each.value.statistic
      }
    }
  }

  tags = var.tags
}
