locals {
  trail_bucket = "${var.name}-trail-${var.environment}"
  trail_arn    = "arn:${local.partition}:cloudtrail:${var.region}:${local.account}:trail/${var.name}"
}

# Who called what. Nobody, the account's own root included, can delete a file of
# the bucket before its time.
module "trail" {
  source = "../../modules/s3"

  name             = local.trail_bucket
  kms_key_arn      = module.kms.key_arns["cloudtrail"]
  access_log       = { bucket = module.access_logs.bucket }
  policy_documents = [data.aws_iam_policy_document.trail.json]
  object_lock      = { retention_days = var.trail_retention_days }
  lifecycle_rules  = { age = { transitions = [{ days = 90, storage_class = "GLACIER_IR" }], expiration_days = 2557 } }

  tags = local.tags
}

# Amazon S3 bucket policy for CloudTrail.
data "aws_iam_policy_document" "trail" {
  statement {
    sid       = "CloudTrailCheck"
    actions   = ["s3:GetBucketAcl"]
    resources = ["arn:${local.partition}:s3:::${local.trail_bucket}"]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }

  statement {
    sid       = "CloudTrailWrite"
    actions   = ["s3:PutObject"]
    resources = ["arn:${local.partition}:s3:::${local.trail_bucket}/AWSLogs/${local.account}/*"]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }
}

resource "aws_cloudtrail" "this" {
  name                          = var.name
  s3_bucket_name                = module.trail.bucket
  kms_key_id                    = module.kms.key_arns["cloudtrail"]
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  tags                          = local.tags

  # Management events, and every object that is read or written in the buckets of
  # the data.
  event_selector {
    read_write_type           = "All"
    include_management_events = true

    data_resource {
      type   = "AWS::S3::Object"
      values = [for what in ["reports", "audit", "evidence"] : "arn:${local.partition}:s3:::${var.name}-${what}-${var.environment}/"]
    }
  }
}
