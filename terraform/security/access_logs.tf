# Who opened which bucket. S3 delivers these logs under its own key alone.
module "access_logs" {
  source = "../../modules/s3"

  name               = "${var.name}-access-logs-${var.environment}"
  sse_algorithm      = "AES256"
  access_log_sources = [for what in ["reports", "audit", "evidence", "loki", "trail", "config"] : "arn:${local.partition}:s3:::${var.name}-${what}-${var.environment}"]
  force_destroy      = !var.deletion_protection
  lifecycle_rules    = { age = { expiration_days = 400 } }

  tags = local.tags
}
