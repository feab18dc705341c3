output "repository_urls" {
  description = "Addresses for pull and push, by repository."
  value       = { for name, r in aws_ecr_repository.this : name => r.repository_url }
}

output "repository_arns" {
  description = "ARNs, by repository."
  value       = { for name, r in aws_ecr_repository.this : name => r.arn }
}

output "registry_id" {
  description = "Account whose registry it is."
  value       = data.aws_caller_identity.current.account_id
}
