output "ecr" {
  description = "Everything that the module puts out for the source."
  value       = module.ecr
}

output "dr" {
  description = "Everything that the module puts out for the copies."
  value       = module.dr
}

output "dr_kms_key_arn" {
  description = "Key of the copies."
  value       = aws_kms_key.dr.arn
}
