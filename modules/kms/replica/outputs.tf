output "key_arns" {
  description = "ARN of each replica, by use."
  value       = { for use, k in aws_kms_replica_key.this : use => k.arn }
}
