# Where Loki keeps the logs of the services.
module "loki" {
  source = "../../modules/s3"

  name          = "${var.name}-loki-${var.environment}"
  kms_key_arn   = local.key["s3"]
  access_log    = { bucket = data.terraform_remote_state.security.outputs.access_log_bucket }
  force_destroy = !var.deletion_protection

  # Loki's compactor deletes what is too old; this takes what it left.
  lifecycle_rules            = { age = { expiration_days = var.loki_retention_days + 7 } }
  noncurrent_expiration_days = 7

  tags = local.tags
}
