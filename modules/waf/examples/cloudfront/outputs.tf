output "waf" {
  description = "Everything that the module puts out."
  value       = module.waf
}

output "kms_key_arn" {
  description = "Key of the example."
  value       = aws_kms_key.this.arn
}
