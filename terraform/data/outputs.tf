output "rds_instance_id" {
  description = "Identifier of the database."
  value       = module.rds.identifier
}

output "rds_resource_id" {
  description = "Immutable id of the database, for rds-db:connect."
  value       = module.rds.resource_id
}

output "rds_address" {
  description = "Host name of the database."
  value       = module.rds.address
}

output "rds_port" {
  description = "TCP port of the database."
  value       = module.rds.port
}

output "rds_security_group_id" {
  description = "Security group of the database."
  value       = module.rds.security_group_id
}

output "rds_replica_ids" {
  description = "Identifiers of the read replicas."
  value       = compact([module.rds.replica_identifier])
}

output "elasticache_replication_group_id" {
  description = "Id of the cache."
  value       = module.redis.replication_group_id
}

output "elasticache_replication_group_arn" {
  description = "ARN of the cache, for elasticache:Connect."
  value       = module.redis.replication_group_arn
}

output "elasticache_user_arns" {
  description = "ARNs of the cache's users, by name, for elasticache:Connect."
  value       = module.redis.user_arns
}

output "elasticache_shards" {
  description = "Number of the cache's shards."
  value       = var.redis.shards
}

output "elasticache_replicas_per_shard" {
  description = "Number of replicas of each shard."
  value       = var.redis.replicas_per_shard
}

output "elasticache_endpoint" {
  description = "Address from which a client learns the cache's shards."
  value       = module.redis.configuration_endpoint
}

output "elasticache_port" {
  description = "TCP port of the cache."
  value       = module.redis.port
}

output "elasticache_security_group_id" {
  description = "Security group of the cache."
  value       = module.redis.security_group_id
}

output "bucket_names" {
  description = "Names of the buckets: reports, audit, evidence."
  value       = { for name, bucket in module.bucket : name => bucket.bucket }
}

output "bucket_arns" {
  description = "ARNs of the same."
  value       = { for name, bucket in module.bucket : name => bucket.bucket_arn }
}

output "dynamodb_table_names" {
  description = "Names of the tables: idempotency, reconciliations, anomalies."
  value       = { for name, table in aws_dynamodb_table.this : name => table.name }
}

output "dynamodb_table_arns" {
  description = "ARNs of the same."
  value       = { for name, table in aws_dynamodb_table.this : name => table.arn }
}

output "transactions_queue_arn" {
  description = "ARN of the transactions queue."
  value       = aws_sqs_queue.transactions.arn
}

output "transactions_queue_url" {
  description = "URL of the transactions queue."
  value       = aws_sqs_queue.transactions.url
}

output "transactions_queue_name" {
  description = "Name of the transactions queue."
  value       = aws_sqs_queue.transactions.name
}

output "transactions_dlq_arn" {
  description = "ARN of the queue for transactions that failed five times."
  value       = aws_sqs_queue.dead_letters.arn
}

output "transactions_dlq_name" {
  description = "Name of that queue."
  value       = aws_sqs_queue.dead_letters.name
}

output "secret_arns" {
  description = "ARNs of the secrets, by short name."
  value       = module.secrets.secret_arns
}

output "secret_names" {
  description = "Full names of the secrets, by short name."
  value       = module.secrets.secret_names
}

output "backup_vault_arn" {
  description = "ARN of the backup vault."
  value       = aws_backup_vault.this.arn
}

output "backup_copy_vault_arn" {
  description = "ARN of the vault in the disaster recovery Region."
  value       = aws_backup_vault.copy.arn
}
