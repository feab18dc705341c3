locals {
  config_bucket = "${var.name}-config-${var.environment}"

  rules = {
    cloudtrail-enabled           = "CLOUD_TRAIL_ENABLED"
    ebs-encrypted-by-default     = "EC2_EBS_ENCRYPTION_BY_DEFAULT"
    iam-no-user-policies         = "IAM_USER_NO_POLICIES_CHECK"
    iam-root-has-no-access-key   = "IAM_ROOT_ACCESS_KEY_CHECK"
    rds-encrypted                = "RDS_STORAGE_ENCRYPTED"
    rds-not-public               = "RDS_INSTANCE_PUBLIC_ACCESS_CHECK"
    s3-encrypted                 = "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"
    s3-no-public-read            = "S3_BUCKET_PUBLIC_READ_PROHIBITED"
    s3-no-public-write           = "S3_BUCKET_PUBLIC_WRITE_PROHIBITED"
    s3-tls-only                  = "S3_BUCKET_SSL_REQUESTS_ONLY"
    security-groups-closed       = "INCOMING_SSH_DISABLED"
    vpc-default-group-closed     = "VPC_DEFAULT_SECURITY_GROUP_CLOSED"
    vpc-flow-logs-enabled        = "VPC_FLOW_LOGS_ENABLED"
    eks-secrets-encrypted        = "EKS_SECRETS_ENCRYPTED"
    secrets-rotation-as-intended = "SECRETSMANAGER_SCHEDULED_ROTATION_SUCCESS_CHECK"
  }
}

module "config" {
  source = "../../modules/s3"

  name             = local.config_bucket
  sse_algorithm    = "AES256" # AWS Config delivers under S3's key unless its role has one
  access_log       = { bucket = module.access_logs.bucket }
  policy_documents = [data.aws_iam_policy_document.config_bucket.json]
  force_destroy    = !var.deletion_protection
  lifecycle_rules  = { age = { expiration_days = 2557 } }

  tags = local.tags
}

# Permissions for the Amazon S3 bucket for the AWS Config delivery channel.
data "aws_iam_policy_document" "config_bucket" {
  statement {
    sid       = "ConfigCheck"
    actions   = ["s3:GetBucketAcl", "s3:ListBucket"]
    resources = ["arn:${local.partition}:s3:::${local.config_bucket}"]

    principals {
      type        = "Service"
      identifiers = ["config.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }

  statement {
    sid       = "ConfigWrite"
    actions   = ["s3:PutObject"]
    resources = ["arn:${local.partition}:s3:::${local.config_bucket}/AWSLogs/${local.account}/Config/*"]

    principals {
      type        = "Service"
      identifiers = ["config.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "config_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["config.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "config" {
  name               = "${var.name}-config"
  description        = "AWS Config records the resources of ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.config_trust.json
  tags               = local.tags
}

resource "aws_iam_role_policy_attachment" "config" {
  role       = aws_iam_role.config.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AWS_ConfigRole"
}

resource "aws_config_configuration_recorder" "this" {
  name     = var.name
  role_arn = aws_iam_role.config.arn

  recording_group {
    all_supported                 = true
    include_global_resource_types = true
  }
}

resource "aws_config_delivery_channel" "this" {
  name           = var.name
  s3_bucket_name = module.config.bucket

  snapshot_delivery_properties {
    delivery_frequency = "TwentyFour_Hours"
  }

  depends_on = [aws_config_configuration_recorder.this]
}

resource "aws_config_configuration_recorder_status" "this" {
  name       = aws_config_configuration_recorder.this.name
  is_enabled = true

  depends_on = [aws_config_delivery_channel.this]
}

resource "aws_config_config_rule" "this" {
  for_each = local.rules

  name = "${var.name}-${each.key}"
  tags = local.tags

  source {
    owner             = "AWS"
    source_identifier = each.value
  }

  depends_on = [aws_config_configuration_recorder.this]
}
