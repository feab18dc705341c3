provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

resource "aws_kms_key" "secrets" {
  description             = "Encrypts the secrets of ${var.name}."
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = data.aws_iam_policy_document.secrets_key.json

  tags = merge(var.tags, { Name = var.name })
}

data "aws_iam_policy_document" "secrets_key" {
  statement {
    sid       = "Account"
    actions   = ["kms:*"] # a key without an administrator cannot be mended
    resources = ["*"]     # in a key's policy this is the key itself

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }

  # The other half of the cross-account read: the secret's policy alone opens nothing.
  statement {
    sid       = "DrReader"
    actions   = ["kms:Decrypt"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [var.dr_reader_role_arn]
    }

    condition {
      test     = "StringLike"
      variable = "kms:ViaService"
      values   = ["secretsmanager.*.amazonaws.com"]
    }
  }

  statement {
    sid       = "Logs"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${data.aws_partition.current.partition}:logs:${var.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/lambda/${var.name}-*"]
    }
  }
}

module "secrets_manager" {
  source = "../../"

  name                    = var.name
  kms_key_arn             = aws_kms_key.secrets.arn
  recovery_window_in_days = var.recovery_window_in_days
  dr_reader_role_arns     = [var.dr_reader_role_arn]

  secrets = {
    rds = {
      description           = "The reporting role of the PostgreSQL database."
      rotation_days         = 30
      initial_value_version = 1
    }
    queue = {
      description = "Where the transactions queue is. Written by the pipeline."
    }
  }

  initial_values = {
    rds = jsonencode({
      engine   = "postgres"
      host     = var.database.host
      port     = var.database.port
      dbname   = var.database.dbname
      username = var.database.username
      password = var.password
    })
  }

  rotation = {
    layer_arns         = [aws_lambda_layer_version.driver.arn]
    package            = var.package
    rotate_immediately = var.rotate_immediately
    log_kms_key_arn    = aws_kms_key.secrets.arn
  }

  tags = var.tags
}
resource "aws_lambda_layer_version" "driver" {
  layer_name               = "${var.name}-pg8000"
  description              = "The pg8000 driver and the certificate authorities of Amazon RDS."
  filename                 = var.layer_package
  source_code_hash         = fileexists(var.layer_package) ? filebase64sha256(var.layer_package) : null
  compatible_runtimes      = ["python3.13"]
  compatible_architectures = ["arm64"]
}
