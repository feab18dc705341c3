# What the pods of the six services may do in AWS. Each service has a role of its own;
# a policy that several of them need is made once. Every policy names its resources,
# and every use of a key goes through the service that holds the data.

locals {
  services = {
    reconciliation-service = {
      policies = ["rds-iam-connect", "s3-reports-access", "sqs-transactions-access", "dynamodb-reconciliations-write"]
      secrets  = ["rds", "redis", "sqs"]
      cache    = "reconciliation"
    }
    reporting-service = {
      policies = ["rds-iam-connect", "s3-reports-access", "dynamodb-reconciliations-read", "dynamodb-anomalies-read"]
      secrets  = ["rds"]
      cache    = null
    }
    notification-service = {
      policies = ["rds-iam-connect", "dynamodb-anomalies-read"]
      secrets  = ["rds"]
      cache    = null
    }
    auth-service = {
      policies = ["rds-iam-connect"]
      secrets  = ["rds", "redis"]
      cache    = "auth"
    }
    transaction-worker = {
      policies = ["rds-iam-connect", "sqs-transactions-access", "dynamodb-idempotency-write"]
      secrets  = ["rds", "redis", "sqs"]
      cache    = "worker"
    }
    ml-anomaly-detector = {
      policies = ["s3-models-read", "dynamodb-reconciliations-read", "dynamodb-anomalies-write"]
      secrets  = []
      cache    = null
    }
  }

  key = data.terraform_remote_state.security.outputs.kms_key_arns

  # Reading and writing a table's items.
  table_read  = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"]
  table_write = concat(local.table_read, ["dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem"])

  tables = {
    dynamodb-idempotency-write     = { table = "idempotency", actions = local.table_write }
    dynamodb-reconciliations-write = { table = "reconciliations", actions = local.table_write }
    dynamodb-reconciliations-read  = { table = "reconciliations", actions = local.table_read }
    dynamodb-anomalies-write       = { table = "anomalies", actions = local.table_write }
    dynamodb-anomalies-read        = { table = "anomalies", actions = local.table_read }
  }

  shared_policies = merge(
    {
      rds-iam-connect         = data.aws_iam_policy_document.rds_connect.json
      s3-reports-access       = data.aws_iam_policy_document.reports.json
      s3-models-read          = data.aws_iam_policy_document.models.json
      sqs-transactions-access = data.aws_iam_policy_document.transactions.json
    },
    { for name, document in data.aws_iam_policy_document.table : name => document.json },
  )
}

# The token of IAM is the password: nobody holds one of the database (IAM database
# authentication in the RDS guide).
data "aws_iam_policy_document" "rds_connect" {
  statement {
    sid       = "ConnectAsApplication"
    actions   = ["rds-db:connect"]
    resources = ["arn:${local.partition}:rds-db:${var.region}:${local.account}:dbuser:${data.terraform_remote_state.data.outputs.rds_resource_id}/fintrack_app"]
  }
}

# The encryption is a condition of writing alone: a read carries no such header, and
# with the condition on it every read would be refused.
data "aws_iam_policy_document" "reports" {
  statement {
    sid       = "ListReports"
    actions   = ["s3:ListBucket"]
    resources = [data.terraform_remote_state.data.outputs.bucket_arns["reports"]]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["reports/*"]
    }
  }

  statement {
    sid       = "ReadReports"
    actions   = ["s3:GetObject"]
    resources = ["${data.terraform_remote_state.data.outputs.bucket_arns["reports"]}/reports/*"]
  }

  statement {
    sid       = "WriteEncryptedReports"
    actions   = ["s3:PutObject"]
    resources = ["${data.terraform_remote_state.data.outputs.bucket_arns["reports"]}/reports/*"]

    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-server-side-encryption"
      values   = ["aws:kms"]
    }

    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-server-side-encryption-aws-kms-key-id"
      values   = [local.key["s3"]]
    }
  }

  statement {
    sid       = "UseTheKeyThroughS3"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.key["s3"]]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.region}.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "models" {
  statement {
    sid       = "ReadModels"
    actions   = ["s3:GetObject"]
    resources = ["${data.terraform_remote_state.data.outputs.bucket_arns["reports"]}/models/*"]
  }

  statement {
    sid       = "DecryptThroughS3"
    actions   = ["kms:Decrypt"]
    resources = [local.key["s3"]]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.region}.amazonaws.com"]
    }
  }
}

# The queue's key: to send is to make a data key, to receive is to decrypt (Key
# management in the SQS guide).
data "aws_iam_policy_document" "transactions" {
  statement {
    sid = "Transactions"
    actions = [
      "sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl",
      "sqs:ReceiveMessage", "sqs:SendMessage",
    ]
    resources = [data.terraform_remote_state.data.outputs.transactions_queue_arn]
  }

  statement {
    sid       = "UseTheKeyThroughSQS"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.key["sqs"]]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sqs.${var.region}.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "table" {
  for_each = local.tables

  statement {
    sid       = "Items"
    actions   = each.value.actions
    resources = [data.terraform_remote_state.data.outputs.dynamodb_table_arns[each.value.table]]
  }

  statement {
    sid       = "DecryptThroughDynamoDB"
    actions   = ["kms:Decrypt"]
    resources = [local.key["dynamodb"]]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["dynamodb.${var.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_policy" "shared" {
  for_each = local.shared_policies

  name   = "${var.name}-${each.key}"
  policy = each.value
  tags   = local.tags
}

# A service reads the secrets that it names.
data "aws_iam_policy_document" "secrets" {
  for_each = { for service, s in local.services : service => s.secrets if length(s.secrets) > 0 }

  statement {
    sid       = "ReadSecrets"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = [for secret in each.value : data.terraform_remote_state.data.outputs.secret_arns[secret]]
  }

  statement {
    sid       = "DecryptThroughSecretsManager"
    actions   = ["kms:Decrypt"]
    resources = [local.key["secrets-manager"]]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${var.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_policy" "secrets" {
  for_each = data.aws_iam_policy_document.secrets

  name   = "${var.name}-${each.key}-secrets-read"
  policy = each.value.json
  tags   = local.tags
}

# A service is one user of the cache (Authenticating with IAM in the ElastiCache
# guide: both the cache and the user must be named).
data "aws_iam_policy_document" "cache" {
  for_each = { for service, s in local.services : service => s.cache if s.cache != null }

  statement {
    sid       = "ConnectAsItsUser"
    actions   = ["elasticache:Connect"]
    resources = [data.terraform_remote_state.data.outputs.elasticache_replication_group_arn, data.terraform_remote_state.data.outputs.elasticache_user_arns[each.value]]
  }
}

resource "aws_iam_policy" "cache" {
  for_each = data.aws_iam_policy_document.cache

  name   = "${var.name}-${each.key}-cache-connect"
  policy = each.value.json
  tags   = local.tags
}

module "service_role" {
  source   = "../../modules/iam-irsa"
  for_each = local.services

  role_name                = "${var.name}-${each.key}"
  oidc_issuer              = data.terraform_remote_state.compute.outputs.oidc_issuer
  oidc_provider_arn        = data.terraform_remote_state.compute.outputs.oidc_provider_arn
  namespace                = "fintrack"
  service_accounts         = [each.key]
  permissions_boundary_arn = data.terraform_remote_state.security.outputs.permissions_boundary_arn

  policy_arns = merge(
    { for policy in each.value.policies : policy => aws_iam_policy.shared[policy].arn },
    length(each.value.secrets) > 0 ? { secrets = aws_iam_policy.secrets[each.key].arn } : {},
    each.value.cache != null ? { cache = aws_iam_policy.cache[each.key].arn } : {},
  )

  tags = local.tags
}
