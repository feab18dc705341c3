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
  # that has an IAM grant may use the key. grants: those of them that hold grants.
  # services: what AWS services may do with the key by themselves, without
  # a principal of ours.
  uses = {
    eks = {
      description = "envelope encryption of Kubernetes secrets, and the control plane's log"
      via         = ["eks"]
      grants      = ["eks"]
      services    = ["logs"]
    }
    ebs = {
      description = "volumes of nodes and pods"
      via         = ["ec2"]
      grants      = ["ec2"]
      services    = []
    }
    rds = {
      description = "RDS storage, backups and Performance Insights"
      via         = ["rds"]
      grants      = ["rds"]
      services    = []
    }
    elasticache = {
      description = "ElastiCache data, snapshots and logs"
      via         = ["elasticache"]
      grants      = ["elasticache"]
      services    = ["logs"]
    }
    dynamodb = {
      description = "DynamoDB tables"
      via         = ["dynamodb"]
      grants      = ["dynamodb"]
      services    = []
    }
    backup = {
      description = "AWS Backup vaults"
      via         = ["backup"]
      grants      = ["backup"]
      services    = []
    }
    s3 = {
      description = "S3 objects"
      via         = ["s3"]
      grants      = []
      services    = []
    }
    sqs = {
      description = "SQS messages"
      via         = ["sqs"]
      grants      = []
      services    = []
    }
    sns = {
      description = "SNS messages, and the logs beside them"
      via         = ["sns"]
      grants      = []
      services    = ["alarms", "logs"]
    }
    ecr = {
      description = "container images"
      via         = ["ecr"]
      grants      = ["ecr"]
      services    = []
    }
    # Lambda as well, for the environment of the function that rotates a secret: it
    # asks in the name of who makes the function for a grant to the function's role
    # (AWS Lambda Developer Guide, Securing Lambda environment variables).
    secrets-manager = {
      description = "secrets, and the environment of the functions that rotate them"
      via         = ["secretsmanager", "lambda"]
      grants      = ["lambda"]
      services    = []
    }
    logs = {
      description = "CloudWatch log groups"
      via         = []
      grants      = []
      services    = ["logs"]
    }
    cloudtrail = {
      description = "CloudTrail's log files"
      via         = ["s3"]
      grants      = []
      services    = ["cloudtrail"]
    }
  }

  # The services that act by themselves, each bound to this account.
  services = {
    # The encryption context names the log group (Encrypt log data in CloudWatch
    # Logs using AWS KMS).
    logs = {
      Sid       = "Service"
      Effect    = "Allow"
      Principal = { Service = ["logs.${local.region}.${local.suffix}"] }
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
      Resource  = "*"
      Condition = {
        ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${data.aws_partition.current.partition}:logs:${local.region}:${local.account}:log-group:*" }
      }
    }
    # Whoever publishes to an encrypted topic needs its key (Managing Amazon SNS
    # encryption keys and costs).
    alarms = {
      Sid       = "Publishers"
      Effect    = "Allow"
      Principal = { Service = ["budgets.${local.suffix}", "cloudwatch.${local.suffix}", "costalerts.${local.suffix}", "events.${local.suffix}"] }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }
    # Configure AWS KMS key policies for CloudTrail.
    cloudtrail = {
      Sid       = "Trail"
      Effect    = "Allow"
      Principal = { Service = ["cloudtrail.${local.suffix}"] }
      Action    = ["kms:DescribeKey", "kms:GenerateDataKey"]
      Resource  = "*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${data.aws_partition.current.partition}:cloudtrail:${local.region}:${local.account}:trail/*" }
      }
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
        length(u.grants) == 0 ? [] : [{
          Sid       = "GrantsForTheServicesResources"
          Effect    = "Allow"
          Principal = { AWS = local.root }
          Action    = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]
          Resource  = "*"
          Condition = {
            Bool = { "kms:GrantIsForAWSResource" = "true" }
            StringEquals = {
              "kms:CallerAccount" = local.account
              "kms:ViaService"    = [for s in u.grants : "${s}.${local.region}.${local.suffix}"]
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
        # The role by which Auto Scaling starts nodes asks KMS itself (Required AWS KMS
        # key policy for use with encrypted volumes).
        use != "ebs" || length(var.node_starter_role_arns) == 0 ? [] : [
          {
            Sid       = "NodeStarters"
            Effect    = "Allow"
            Principal = { AWS = var.node_starter_role_arns }
            Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
            Resource  = "*"
            Condition = {}
          },
          {
            Sid       = "NodeStartersGrant"
            Effect    = "Allow"
            Principal = { AWS = var.node_starter_role_arns }
            Action    = ["kms:CreateGrant"]
            Resource  = "*"
            Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
          },
        ],
        [for service in u.services : local.services[service]],
      )
    }
  }
}
