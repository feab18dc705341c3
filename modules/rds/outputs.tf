output "identifier" {
  description = "Identifier of the instance."
  value       = aws_db_instance.this.identifier
}

output "arn" {
  description = "ARN of the instance."
  value       = aws_db_instance.this.arn
}

output "resource_id" {
  description = "Immutable id of the instance, for rds-db:connect ARNs."
  value       = aws_db_instance.this.resource_id
}

output "address" {
  description = "Host name of the instance."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "TCP port of the instance."
  value       = aws_db_instance.this.port
}

output "db_name" {
  description = "Name of the first database."
  value       = aws_db_instance.this.db_name
}

output "master_user_secret_arn" {
  description = "ARN of the secret in which RDS keeps the administrator's password."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}

output "security_group_id" {
  description = "Security group of the instance."
  value       = aws_security_group.this.id
}

output "subnet_group_name" {
  description = "Name of the subnet group."
  value       = aws_db_subnet_group.this.name
}

output "parameter_group_name" {
  description = "Name of the parameter group."
  value       = aws_db_parameter_group.this.name
}

output "monitoring_role_arn" {
  description = "ARN of the role of Enhanced Monitoring."
  value       = aws_iam_role.monitoring.arn
}

output "final_snapshot_identifier" {
  description = "Identifier of the snapshot that a destroy leaves."
  value       = aws_db_instance.this.final_snapshot_identifier
}

output "replica_identifier" {
  description = "Identifier of the read replica, null without one."
  value       = one(aws_db_instance.replica[*].identifier)
}

output "replica_address" {
  description = "Host name of the read replica, null without one."
  value       = one(aws_db_instance.replica[*].address)
}
