output "reporting" {
  description = "Everything that the module puts out for one service account."
  value       = module.reporting
}

output "workers" {
  description = "Everything that the module puts out for several service accounts."
  value       = module.workers
}

output "issuer" {
  description = "Issuer of the tokens, without https://."
  value       = local.issuer
}

output "oidc_provider_arn" {
  description = "ARN of the issuer's provider."
  value       = aws_iam_openid_connect_provider.cluster.arn
}

output "policy_arns" {
  description = "The policies of the example."
  value = {
    reports  = aws_iam_policy.reports.arn
    queue    = aws_iam_policy.queue.arn
    boundary = aws_iam_policy.boundary.arn
  }
}
