output "topic_arns" {
  description = "ARNs of the topics."
  value       = module.observability.topic_arns
}

output "log_group_names" {
  description = "Names of the log groups."
  value       = module.observability.log_group_names
}

output "metric_namespace" {
  description = "Namespace of the metrics counted from logs."
  value       = module.observability.metric_namespace
}

output "metric_alarm_names" {
  description = "Names of the metric alarms."
  value       = module.observability.metric_alarm_names
}

output "composite_alarm_names" {
  description = "Names of the composite alarms."
  value       = module.observability.composite_alarm_names
}

output "chat_role_arn" {
  description = "Role of the Slack channels."
  value       = module.observability.chat_role_arn
}

output "kms_key_arn" {
  description = "Key of logs and topics."
  value       = aws_kms_key.this.arn
}
