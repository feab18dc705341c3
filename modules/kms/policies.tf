# Key policies. A key policy is the only door to a key (Key policies in AWS KMS):
# whoever is not named here, or admitted through the account statement by an IAM
# policy, cannot use it.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  root    = "arn:${data.aws_partition.current.partition}:iam::${local.account}:root"
  region  = data.aws_region.current.name
  suffix  = "amazonaws.com"

  # What each use needs. via: services through which a principal of the account
  # that has an IAM grant may use the key. service: a service that uses the key by
  # itself, without a principal of ours.
  uses = {
    eks = {
      description = "envelope encryption of Kubernetes secrets"
      via         = ["eks"]
      grants      = true
      service     = null
    }
    rds = {
      description = "RDS storage, backups and Performance Insights"
      via         = ["rds"]
      grants      = true
      service     = null
    }
    s3 = {
      description = "S3 objects"
      via         = ["s3"]
      grants      = false
      service     = null
    }
    secrets-manager = {
      description = "secrets"
      via         = ["secretsmanager"]
      grants      = false
      service     = null
    }
    logs = {
      description = "CloudWatch log groups"
      via         = []
      grants      = false
      service     = "logs.${local.region}.${local.suffix}"
    }
  }

  keys = { for use in var.uses : use => local.uses[use] }

  administrators = length(var.administrator_arns) > 0 ? var.administrator_arns : [local.root]

  # Administrators look after a key but cannot use it: no Encrypt, Decrypt or
  # GenerateDataKey, and no CreateGrant, by which they could give themselves those.
  # PutKeyPolicy stays with them: without it a key can become unmanageable
  # (Default key policy), and CloudTrail shows its use.
  administration = {
    Sid       = "Administration"
    Effect    = "Allow"
    Principal = { AWS = local.administrators }
    Action = [
      "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
      "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus", "kms:ListAliases", "kms:ListGrants", "kms:ListKeyPolicies",
      "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:ReplicateKey",
      "kms:RevokeGrant", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource",
      "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription", "kms:UpdatePrimaryRegion",
    ]
    Resource = "*" # in a key policy: this key
  }

  policies = {
    for use, u in local.keys : use => {
      Version = "2012-10-17"
      Id      = "${var.name}-${use}"
      Statement = concat(
        [local.administration],
        length(u.via) == 0 ? [] : [{
          Sid       = "UseThroughTheService"
          Effect    = "Allow"
          Principal = { AWS = local.root } # the account: an IAM policy must grant it as well
          Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
          Resource  = "*"
          Condition = {
            StringEquals = {
              "kms:CallerAccount" = local.account
              "kms:ViaService"    = [for s in u.via : "${s}.${local.region}.${local.suffix}"]
            }
          }
        }],
        # The service acts later, when nobody is there to ask: it holds a grant,
        # which only it may make and only for its own resources.
        !u.grants ? [] : [{
          Sid       = "GrantsForTheServicesResources"
          Effect    = "Allow"
          Principal = { AWS = local.root }
          Action    = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]
          Resource  = "*"
          Condition = {
            Bool = { "kms:GrantIsForAWSResource" = "true" }
            StringEquals = {
              "kms:CallerAccount" = local.account
              "kms:ViaService"    = [for s in u.via : "${s}.${local.region}.${local.suffix}"]
            }
          }
        }],
        # The cluster's own role asks KMS directly, not through a service.
        use != "eks" || length(var.eks_cluster_role_arns) == 0 ? [] : [{
          Sid       = "ClusterRole"
          Effect    = "Allow"
          Principal = { AWS = var.eks_cluster_role_arns }
          Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt"]
          Resource  = "*"
        }],
        # CloudWatch Logs uses the key itself; the encryption context names the
        # log group, so the statement holds for this account's groups alone
        # (Encrypt log data in CloudWatch Logs using AWS KMS).
        u.service == null ? [] : [{
          Sid       = "Service"
          Effect    = "Allow"
          Principal = { Service = u.service }
          Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
          Resource  = "*"
          Condition = {
            ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${data.aws_partition.current.partition}:logs:${local.region}:${local.account}:log-group:*" }
          }
        }],
      )
    }
  }
}
