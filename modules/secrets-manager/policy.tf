# The policy hangs on the secret, and Secrets Manager copies it to every replica, so
# each statement says "*" for the resource: in a secret's own policy that is the secret.
data "aws_iam_policy_document" "secret" {
  statement {
    sid       = "DenyInsecureTransport"
    effect    = "Deny"
    actions   = ["secretsmanager:*"] # a denial: plain HTTP is refused for every action
    resources = ["*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  # Whatever another statement or a later edit allows, nobody outside of this account
  # gets through but the readers named below. AWS's own services act without an account.
  statement {
    sid       = "DenyOtherAccounts"
    effect    = "Deny"
    actions   = ["secretsmanager:*"] # a denial, as above
    resources = ["*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "StringNotEquals"
      variable = "aws:PrincipalAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }

    dynamic "condition" {
      for_each = length(var.dr_reader_role_arns) > 0 ? [1] : []

      content {
        test     = "ArnNotEquals"
        variable = "aws:PrincipalArn"
        values   = var.dr_reader_role_arns
      }
    }

    condition {
      test     = "BoolIfExists"
      variable = "aws:PrincipalIsAWSService"
      values   = ["false"]
    }
  }

  dynamic "statement" {
    for_each = length(var.dr_reader_role_arns) > 0 ? [1] : []

    content {
      sid       = "DenyWritesOfDrReaders"
      effect    = "Deny"
      resources = ["*"]

      not_actions = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]

      principals {
        type        = "*"
        identifiers = ["*"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:PrincipalArn"
        values   = var.dr_reader_role_arns
      }
    }
  }

  dynamic "statement" {
    for_each = length(var.dr_reader_role_arns) > 0 ? [1] : []

    content {
      sid       = "AllowDrDescribe"
      actions   = ["secretsmanager:DescribeSecret"]
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = var.dr_reader_role_arns
      }
    }
  }

  dynamic "statement" {
    for_each = length(var.dr_reader_role_arns) > 0 ? [1] : []

    content {
      sid       = "AllowDrReadCurrent"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = var.dr_reader_role_arns
      }

      condition {
        test     = "StringEquals"
        variable = "secretsmanager:VersionStage"
        values   = ["AWSCURRENT"]
      }
    }
  }
}

resource "aws_secretsmanager_secret_policy" "this" {
  for_each = var.secrets

  secret_arn          = aws_secretsmanager_secret.this[each.key].arn
  policy              = data.aws_iam_policy_document.secret.json
  block_public_policy = true
}
