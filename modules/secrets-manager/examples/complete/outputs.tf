output "secret_arns" {
  description = "ARNs of the secrets."
  value       = module.secrets_manager.secret_arns
}

output "secret_names" {
  description = "Names of the secrets."
  value       = module.secrets_manager.secret_names
}

output "rotation_function_arn" {
  description = "ARN of the rotation function."
  value       = module.secrets_manager.rotation_function_arn
}

output "rotation_role_arn" {
  description = "ARN of the rotation function's role."
  value       = module.secrets_manager.rotation_role_arn
}

output "kms_key_arn" {
  description = "Key that encrypts the secrets."
  value       = aws_kms_key.secrets.arn
}
