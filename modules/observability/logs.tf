resource "aws_cloudwatch_log_group" "this" {
  for_each = var.log_groups

  name              = "/${var.name}/${each.key}"
  retention_in_days = each.value.retention_in_days
  kms_key_id        = var.kms_key_arn

  tags = merge(var.tags, { Name = "/${var.name}/${each.key}" })
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = var.metric_filters

  name           = "${var.name}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.this[each.value.log_group].name
  pattern        = each.value.pattern

  metric_transformation {
    name      = each.key
    namespace = local.namespace
    value     = each.value.value
    unit      = each.value.unit

    # Zero where nothing matches: an alarm then knows quiet from broken.
    default_value = "0"
  }
}

locals {
  namespace = "FinTrack/${var.name}"

  log_alarms = {
    for key, filter in var.metric_filters : "log-${key}" => {
      namespace           = local.namespace
      metric              = key
      dimensions          = [{}]
      combine             = null
      statistic           = "Sum"
      comparison          = "GreaterThanOrEqualToThreshold"
      threshold           = filter.alarm.threshold
      period              = filter.alarm.period
      evaluation_periods  = filter.alarm.evaluation_periods
      datapoints_to_alarm = filter.alarm.evaluation_periods
      missing_data        = "notBreaching"
      topic               = filter.alarm.topic
      description         = "${filter.alarm.summary} What to do: ${filter.alarm.action}"
    } if filter.alarm != null
  }
}
