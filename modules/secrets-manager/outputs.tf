output "secret_arns" {
  description = "ARNs of the secrets, by name. Readers need kms:Decrypt on the key too."
  value       = { for key, secret in aws_secretsmanager_secret.this : key => secret.arn }
}

output "secret_names" {
  description = "Full names of the secrets, by name."
  value       = { for key, secret in aws_secretsmanager_secret.this : key => secret.name }
}

output "rotation_function_arn" {
  description = "ARN of the rotation function; null without rotation."
  value       = one(aws_lambda_function.rotation[*].arn)
}

output "rotation_role_arn" {
  description = "ARN of the rotation function's role; null without rotation. The policy of a superuser's secret or key in another account must name it."
  value       = one(aws_iam_role.rotation[*].arn)
}
