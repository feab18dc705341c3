output "elasticache" {
  description = "Everything that the module puts out."
  value       = module.elasticache
}

output "subnet_ids" {
  description = "Isolated subnets of the example."
  value       = aws_subnet.isolated[*].id
}

output "services_security_group_id" {
  description = "The group that may connect."
  value       = aws_security_group.services.id
}

output "kms_key_arn" {
  description = "Key of the example."
  value       = aws_kms_key.this.arn
}
