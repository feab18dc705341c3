# The SPA's bucket is made with its distribution by the layer platform: its policy
# admits that distribution alone.

locals {
  buckets = {
    reports = {
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
      retention_days = null
    }
    audit = {
      lifecycle_rules = {
        age = {
          transitions     = [{ days = 90, storage_class = "GLACIER_IR" }]
          expiration_days = 2557
        }
      }
      retention_days = null
    }
    evidence = {
      lifecycle_rules = {}
      retention_days  = var.evidence_retention_days
    }
  }
}

module "bucket" {
  source   = "../../modules/s3"
  for_each = local.buckets

  name            = "${var.name}-${each.key}-${var.environment}"
  kms_key_arn     = data.terraform_remote_state.security.outputs.kms_key_arns["s3"]
  access_log      = { bucket = data.terraform_remote_state.security.outputs.access_log_bucket }
  lifecycle_rules = each.value.lifecycle_rules
  object_lock     = each.value.retention_days == null ? null : { retention_days = each.value.retention_days }
  force_destroy   = !var.deletion_protection && each.value.retention_days == null

  replication = {
    bucket_arn               = module.bucket_copy[each.key].bucket_arn
    kms_key_arn              = data.terraform_remote_state.security.outputs.dr_kms_key_arns["s3"]
    permissions_boundary_arn = data.terraform_remote_state.security.outputs.permissions_boundary_arn
  }

  tags = local.tags
}

module "bucket_copy" {
  source    = "../../modules/s3"
  for_each  = local.buckets
  providers = { aws = aws.dr }

  name            = "${var.name}-${each.key}-${var.environment}-copy"
  kms_key_arn     = data.terraform_remote_state.security.outputs.dr_kms_key_arns["s3"]
  lifecycle_rules = { for name, rule in each.value.lifecycle_rules : name => { prefix = try(rule.prefix, ""), expiration_days = rule.expiration_days } }
  object_lock     = each.value.retention_days == null ? null : { retention_days = each.value.retention_days }
  force_destroy   = !var.deletion_protection && each.value.retention_days == null

  tags = local.tags
}
