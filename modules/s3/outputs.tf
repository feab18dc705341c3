output "bucket" {
  description = "Name of the bucket. Known only once its policy, encryption and public access block are in place."
  value       = aws_s3_bucket.this.id

  depends_on = [
    aws_s3_bucket_object_lock_configuration.this,
    aws_s3_bucket_ownership_controls.this,
    aws_s3_bucket_policy.this,
    aws_s3_bucket_public_access_block.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}

output "bucket_arn" {
  description = "ARN of the bucket. Known only once the bucket is complete, as bucket is."
  value       = aws_s3_bucket.this.arn

  depends_on = [
    aws_s3_bucket_object_lock_configuration.this,
    aws_s3_bucket_ownership_controls.this,
    aws_s3_bucket_policy.this,
    aws_s3_bucket_public_access_block.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}

output "bucket_regional_domain_name" {
  description = "Name by which the bucket is reached in its Region, for origins and endpoints."
  value       = aws_s3_bucket.this.bucket_regional_domain_name
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts the objects; null with sse_algorithm \"AES256\". Readers need kms:Decrypt on it, writers kms:GenerateDataKey too."
  value       = var.kms_key_arn
}

output "replication_role_arn" {
  description = "ARN of the role by which S3 copies to the disaster recovery Region; null without replication."
  value       = one(aws_iam_role.replication[*].arn)
}
