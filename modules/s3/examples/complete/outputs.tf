output "bucket" {
  description = "Bucket of the reports."
  value       = module.s3.bucket
}

output "evidence_bucket" {
  description = "Bucket under object lock."
  value       = module.evidence.bucket
}

output "access_log_bucket" {
  description = "Bucket of the access logs."
  value       = module.access_logs.bucket
}

output "kms_key_arn" {
  description = "Key that encrypts the reports and the evidence."
  value       = aws_kms_key.reports.arn
}
