# The single-page application: a bucket, a distribution before it, and its logs.
locals {
  frontend = "${var.name}-frontend-${var.environment}"
}

module "frontend" {
  source = "../../modules/cloudfront-spa"

  name            = local.frontend
  aliases         = [local.app_host]
  certificate_arn = aws_acm_certificate_validation.this["app"].certificate_arn
  web_acl_arn     = module.waf_cloudfront.web_acl_arn
  log_bucket_arn  = "${module.frontend_logs.bucket_arn}/cloudfront"
  force_destroy   = !var.deletion_protection
  content_sources = { connect-src = ["https://${local.api_host}"] }

  tags = local.tags
}

module "frontend_logs" {
  source = "../../modules/s3"

  name             = "${local.frontend}-logs"
  sse_algorithm    = "AES256"
  policy_documents = [data.aws_iam_policy_document.frontend_logs.json]
  lifecycle_rules  = { age = { expiration_days = var.log_retention_days } }
  force_destroy    = !var.deletion_protection

  tags = local.tags
}

# The distribution's log delivery alone writes (Enabling logging from AWS services).
data "aws_iam_policy_document" "frontend_logs" {
  statement {
    sid       = "AllowLogDelivery"
    actions   = ["s3:PutObject"]
    resources = ["arn:${local.partition}:s3:::${local.frontend}-logs/cloudfront/*"]

    principals {
      type        = "Service"
      identifiers = ["delivery.logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:logs:us-east-1:${local.account}:delivery-source:${local.frontend}"]
    }
  }
}
