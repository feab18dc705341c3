provider "aws" {
  region = var.region
}

data "aws_partition" "current" {}

locals {
  reports = "${var.name}-reports"
}

resource "aws_kms_key" "reports" {
  description             = "Encrypts the reports of ${var.name}."
  enable_key_rotation     = true
  deletion_window_in_days = 7

  tags = merge(var.tags, { Name = local.reports })
}

# Receives the access logs of the reports.
module "access_logs" {
  source = "../../"

  name               = "${var.name}-access-logs"
  sse_algorithm      = "AES256"
  access_log_sources = ["arn:${data.aws_partition.current.partition}:s3:::${local.reports}", "arn:${data.aws_partition.current.partition}:s3:::${var.name}-evidence"]
  force_destroy      = var.force_destroy

  lifecycle_rules = {
    expire = { expiration_days = 400 }
  }

  tags = var.tags
}

# The reports, cheaper as they age.
module "s3" {
  source = "../../"

  name          = local.reports
  kms_key_arn   = aws_kms_key.reports.arn
  access_log    = { bucket = module.access_logs.bucket }
  force_destroy = var.force_destroy

  lifecycle_rules = {
    age = {
      prefix = "reports/"
      transitions = [
        { days = 30, storage_class = "STANDARD_IA" },
        { days = 90, storage_class = "GLACIER_IR" },
      ]
      expiration_days = 2557 # seven years
    }
  }

  tags = var.tags
}

# Evidence for the auditor: nobody can delete it for a year.
module "evidence" {
  source = "../../"

  name        = "${var.name}-evidence"
  kms_key_arn = aws_kms_key.reports.arn
  access_log  = { bucket = module.access_logs.bucket }

  object_lock = { retention_days = 365 }

  tags = var.tags
}
