output "kms_key_arns" {
  description = "ARNs of the keys, by use."
  value       = module.kms.key_arns
}

output "dr_kms_key_arns" {
  description = "ARNs of the keys in the disaster recovery Region, by use."
  value       = module.kms_dr.key_arns
}

output "permissions_boundary_arn" {
  description = "ARN of the permission boundary of service roles."
  value       = aws_iam_policy.boundary.arn
}

output "github_oidc_provider_arn" {
  description = "ARN of GitHub's OIDC provider."
  value       = aws_iam_openid_connect_provider.github.arn
}

output "github_role_arns" {
  description = "ARNs of the pipelines' roles: ci, migration, frontend."
  value       = { for name, role in aws_iam_role.pipeline : name => role.arn }
}

output "access_log_bucket" {
  description = "Bucket that takes the access logs of the others."
  value       = module.access_logs.bucket
}

output "audit_bucket" {
  description = "Bucket of CloudTrail's log files."
  value       = module.trail.bucket
}

output "cloudtrail_arn" {
  description = "ARN of the trail."
  value       = aws_cloudtrail.this.arn
}

output "guardduty_detector_id" {
  description = "Id of GuardDuty's detector."
  value       = aws_guardduty_detector.this.id
}

output "access_analyzer_arn" {
  description = "ARN of the access analyzer."
  value       = aws_accessanalyzer_analyzer.this.arn
}

output "config_recorder_name" {
  description = "Name of AWS Config's recorder."
  value       = aws_config_configuration_recorder.this.name
}

output "frontend_bucket" {
  description = "Name that the bucket of the single-page application must have for its pipeline."
  value       = local.frontend_bucket
}
