output "secret_names" {
  description = "Names of the secrets."
  value       = module.secrets_manager.secret_names
}

output "dr_kms_key_arn" {
  description = "Key of the copies."
  value       = aws_kms_key.dr.arn
}
