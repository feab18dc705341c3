provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  prefix  = "arn:${data.aws_partition.current.partition}"
}

resource "aws_kms_key" "this" {
  description             = "Encrypts the logs and notifications of ${var.name}."
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = data.aws_iam_policy_document.key.json

  tags = merge(var.tags, { Name = var.name })
}

data "aws_iam_policy_document" "key" {
  statement {
    sid       = "Account"
    actions   = ["kms:*"] # a key without an administrator cannot be mended
    resources = ["*"]     # in a key's policy this is the key itself

    principals {
      type        = "AWS"
      identifiers = ["${local.prefix}:iam::${local.account}:root"]
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
      values   = ["${local.prefix}:logs:${var.region}:${local.account}:log-group:/${var.name}/*"]
    }
  }

  # Without this the alarms turn red and nobody hears of it.
  statement {
    sid       = "Notifications"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:sns:topicArn"
      values   = ["${local.prefix}:sns:${var.region}:${local.account}:${var.name}-*"]
    }
  }
}

module "observability" {
  source = "../../"

  name        = var.name
  kms_key_arn = aws_kms_key.this.arn

  log_groups = {
    "services/reconciliation" = {}
    "audit"                   = { retention_in_days = 2557 }
  }

  metric_filters = {
    ReconciliationErrors = {
      log_group = "services/reconciliation"
      pattern   = "{ $.level = \"error\" }"
      alarm = {
        threshold = 10
        summary   = "The reconciliation service logs ten or more errors in 5 minutes."
        action    = "read them in its log group, grouped by code; a run of one code is one cause."
      }
    }
    RootLogins = {
      log_group = "audit"
      pattern   = "{ $.userIdentity.type = \"Root\" && $.eventType != \"AwsServiceEvent\" }"
      alarm = {
        threshold = 1
        topic     = "critical"
        summary   = "Somebody used the root user."
        action    = "ask the two people who can; if it was neither, follow the runbook for a stolen account."
      }
    }
  }

  rds_instances = {
    primary = { identifier = "${var.name}-db", connections = 400 }
    replica = { identifier = "${var.name}-db-replica", connections = 400, replica = true }
  }

  elasticache_replication_groups = {
    sessions = { id = "${var.name}-redis", shards = 3, replicas_per_shard = 2 }
  }

  nat_gateways = {
    "us-east-1a" = "nat-0a1b2c3d4e5f60718"
    "us-east-1b" = "nat-0b1b2c3d4e5f60718"
  }

  load_balancers = {
    public = { arn_suffix = "app/${var.name}/0123456789abcdef" }
  }

  slack = {
    team_id = "T07EA123LEP"
    channels = {
      critical = "C07EZ1ABC23"
      warning  = "C07EZ1ABC24"
    }
  }

  tags = var.tags
}
