output "distribution_id" {
  description = "Id of the distribution."
  value       = module.cloudfront_spa.distribution_id
}

output "distribution_arn" {
  description = "ARN of the distribution."
  value       = module.cloudfront_spa.distribution_arn
}

output "bucket" {
  description = "Bucket that releases are uploaded to."
  value       = module.cloudfront_spa.bucket
}

output "log_bucket" {
  description = "Bucket of the access logs."
  value       = aws_s3_bucket.logs.id
}

output "log_delivery_source_arn" {
  description = "ARN of the log delivery."
  value       = module.cloudfront_spa.log_delivery_source_arn
}

output "kms_key_arn" {
  description = "Key of the files, empty without one."
  value       = try(aws_kms_key.this[0].arn, "")
}

output "certificate_arn" {
  description = "Certificate of the aliases."
  value       = var.certificate_arn == null ? aws_acm_certificate.this[0].arn : var.certificate_arn
}

output "web_acl_arn" {
  description = "The web ACL."
  value       = aws_wafv2_web_acl.this.arn
}
