output "ecr" {
  description = "Everything that the module puts out."
  value       = module.ecr
}

output "kms_key_arn" {
  description = "Key of the example."
  value       = aws_kms_key.this.arn
}

output "role_arns" {
  description = "The roles that pull (node) and push (ci)."
  value       = { for k, r in aws_iam_role.this : k => r.arn }
}
