# The transactions queue. Prometheus alerts on it as well, from within the cluster;
# these hold when the cluster itself is what fails.
locals {
  queue_alarms = {
    backlog = {
      queue   = data.terraform_remote_state.data.outputs.transactions_queue_name
      metric  = "ApproximateNumberOfMessagesVisible"
      above   = var.queue.backlog
      minutes = 5
      topic   = "critical"
      summary = "More than ${var.queue.backlog} transactions wait in the queue."
      action  = "look whether the workers run and what they wait for; Karpenter may have no capacity."
    }
    age = {
      queue   = data.terraform_remote_state.data.outputs.transactions_queue_name
      metric  = "ApproximateAgeOfOldestMessage"
      above   = var.queue.age_seconds
      minutes = 5
      topic   = "critical"
      summary = "A transaction waits for more than ${var.queue.age_seconds} seconds."
      action  = "look whether the workers run; one that is stuck shows in their log."
    }
    dead-letters = {
      queue   = data.terraform_remote_state.data.outputs.transactions_dlq_name
      metric  = "ApproximateNumberOfMessagesVisible"
      above   = 0
      minutes = 1
      topic   = "warning"
      summary = "A transaction failed five times and lies in the dead-letter queue."
      action  = "read it and the workers' log of its id; send it back once the cause is mended."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "queue" {
  for_each = local.queue_alarms

  alarm_name          = "${var.name}-queue-${each.key}"
  alarm_description   = "${each.value.summary} What to do: ${each.value.action}"
  namespace           = "AWS/SQS"
  metric_name         = each.value.metric
  dimensions          = { QueueName = each.value.queue }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  period              = 60
  evaluation_periods  = each.value.minutes
  # SQS reports nothing of a queue that has been idle for hours (Available CloudWatch
  # metrics for Amazon SQS): that is no failure.
  treat_missing_data = "notBreaching"
  alarm_actions      = [module.observability.topic_arns[each.value.topic]]
  ok_actions         = [module.observability.topic_arns[each.value.topic]]

  tags = merge(local.tags, { Name = "${var.name}-queue-${each.key}" })
}
