output "topic_arns" {
  description = "ARNs of the SNS topics \"critical\" and \"warning\", for further alarms and rules."
  value       = { for key, topic in aws_sns_topic.this : key => topic.arn }

  depends_on = [aws_sns_topic_policy.this]
}

output "log_group_arns" {
  description = "ARNs of the log groups, by name."
  value       = { for key, group in aws_cloudwatch_log_group.this : key => group.arn }
}

output "log_group_names" {
  description = "Full names of the log groups, by name."
  value       = { for key, group in aws_cloudwatch_log_group.this : key => group.name }
}

output "metric_namespace" {
  description = "Namespace of the metrics counted from logs."
  value       = local.namespace
}

output "metric_alarm_names" {
  description = "Names of the metric alarms."
  value       = sort([for key in keys(local.alarms) : "${var.name}-${key}"])
}

output "composite_alarm_names" {
  description = "Names of the composite alarms."
  value = sort(concat(
    [for alarm in aws_cloudwatch_composite_alarm.tier : alarm.alarm_name],
    aws_cloudwatch_composite_alarm.incident[*].alarm_name,
  ))
}

output "chat_role_arn" {
  description = "ARN of the role of the Slack channels; null without chat."
  value       = one(aws_iam_role.chat[*].arn)
}
