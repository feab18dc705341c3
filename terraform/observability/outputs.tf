output "topic_arns" {
  description = "ARNs of the topics: critical, warning, cost."
  value       = merge(module.observability.topic_arns, { cost = aws_sns_topic.cost.arn })
}

output "log_group_names" {
  description = "Log groups of the services, by service."
  value       = { for service in local.services : service => module.observability.log_group_names["services/${service}"] }
}

output "alarm_names" {
  description = "Names of the alarms on metrics."
  value       = sort(concat(module.observability.metric_alarm_names, [for a in aws_cloudwatch_metric_alarm.queue : a.alarm_name]))
}

output "composite_alarm_names" {
  description = "Names of the alarms on other alarms."
  value       = module.observability.composite_alarm_names
}

output "event_rule_names" {
  description = "Names of the rules that pass on what AWS tells of."
  value       = sort([for r in aws_cloudwatch_event_rule.this : r.name])
}

output "dashboard_names" {
  description = "Names of the dashboards."
  value       = sort([for d in aws_cloudwatch_dashboard.this : d.dashboard_name])
}

output "budget_names" {
  description = "Names of the budgets."
  value       = [aws_budgets_budget.month.name]
}

output "chat_role_arn" {
  description = "ARN of the Slack channels' role; null without chat."
  value       = module.observability.chat_role_arn
}
