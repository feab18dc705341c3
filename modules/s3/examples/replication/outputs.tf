output "bucket" {
  description = "Bucket that is copied."
  value       = module.s3.bucket
}

output "dr_bucket" {
  description = "Bucket of the copies."
  value       = module.dr.bucket
}

output "kms_key_arn" {
  description = "Key of the bucket."
  value       = aws_kms_key.primary.arn
}

output "dr_kms_key_arn" {
  description = "Key of the copies."
  value       = aws_kms_key.dr.arn
}

output "replication_role_arn" {
  description = "Role by which S3 copies."
  value       = module.s3.replication_role_arn
}
