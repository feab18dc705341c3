# The log service writes under S3's own key: this layer comes before any key.
module "flow_logs" {
  source = "../../modules/s3"

  name             = "${var.name}-flow-logs-${var.environment}"
  sse_algorithm    = "AES256"
  policy_documents = [data.aws_iam_policy_document.flow_logs.json]
  force_destroy    = !var.deletion_protection
  lifecycle_rules  = { age = { transitions = var.flow_log_retention_days > 90 ? [{ days = 90, storage_class = "GLACIER_IR" }] : [], expiration_days = var.flow_log_retention_days } }

  tags = local.tags
}

# Publish flow logs to Amazon S3, in the VPC's documentation.
data "aws_iam_policy_document" "flow_logs" {
  statement {
    sid       = "AWSLogDeliveryWrite"
    actions   = ["s3:PutObject"]
    resources = ["arn:${local.partition}:s3:::${var.name}-flow-logs-${var.environment}/AWSLogs/*"]

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
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:logs:${var.region}:${local.account}:*"]
    }
  }

  statement {
    sid       = "AWSLogDeliveryCheck"
    actions   = ["s3:GetBucketAcl"]
    resources = ["arn:${local.partition}:s3:::${var.name}-flow-logs-${var.environment}"]

    principals {
      type        = "Service"
      identifiers = ["delivery.logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}
