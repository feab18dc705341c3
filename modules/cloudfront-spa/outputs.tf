output "distribution_id" {
  description = "Id of the distribution, for invalidations after a release."
  value       = aws_cloudfront_distribution.this.id
}

output "distribution_arn" {
  description = "ARN of the distribution, for the policies of roles that invalidate and of the KMS key."
  value       = aws_cloudfront_distribution.this.arn
}

output "domain_name" {
  description = "CloudFront's name of the distribution, the target of the aliases' DNS records."
  value       = aws_cloudfront_distribution.this.domain_name
}

output "hosted_zone_id" {
  description = "Zone of domain_name, for Route 53 alias records."
  value       = aws_cloudfront_distribution.this.hosted_zone_id
}

output "bucket" {
  description = "Name of the bucket that releases are uploaded to."
  value       = aws_s3_bucket.origin.id
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.origin.arn
}

output "kms_key_policy_json" {
  description = "Policy that lets the distribution decrypt, as JSON: part of the policy of the key of kms_key_arn (source_policy_documents)."
  value       = data.aws_iam_policy_document.key.json
}

output "log_delivery_source_arn" {
  description = "ARN of the log delivery, for the log bucket's policy."
  value       = aws_cloudwatch_log_delivery_source.this.arn
}
