output "replication_group_id" {
  description = "Id of the replication group."
  value       = aws_elasticache_replication_group.this.id
}

output "replication_group_arn" {
  description = "ARN of the replication group, as elasticache:Connect names it."
  value       = aws_elasticache_replication_group.this.arn
}

output "configuration_endpoint" {
  description = "Address from which a client learns the shards."
  value       = aws_elasticache_replication_group.this.configuration_endpoint_address
}

output "port" {
  description = "Port of every node."
  value       = var.port
}

output "security_group_id" {
  description = "Security group of the nodes."
  value       = aws_security_group.this.id
}

output "user_arns" {
  description = "ARNs of the users, as elasticache:Connect names them, by the name given."
  value       = { for k, u in aws_elasticache_user.this : k => u.arn }
}

output "user_names" {
  description = "Names to log in with, by the name given."
  value       = { for k, u in aws_elasticache_user.this : k => u.user_name }
}

output "user_group_id" {
  description = "Id of the user group."
  value       = aws_elasticache_user_group.this.user_group_id
}

output "parameter_group_name" {
  description = "Name of the parameter group."
  value       = aws_elasticache_parameter_group.this.name
}

output "log_group_names" {
  description = "Names of the log groups, by log: slow and engine."
  value       = { for k, g in aws_cloudwatch_log_group.this : k => g.name }
}
