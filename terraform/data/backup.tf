resource "aws_backup_vault" "this" {
  name          = var.name
  kms_key_arn   = data.terraform_remote_state.security.outputs.kms_key_arns["backup"]
  force_destroy = !var.deletion_protection
  tags          = local.tags
}

resource "aws_backup_vault" "copy" {
  provider = aws.dr

  name          = "${var.name}-copy"
  kms_key_arn   = data.terraform_remote_state.security.outputs.dr_kms_key_arns["backup"]
  force_destroy = !var.deletion_protection
  tags          = local.tags
}

resource "aws_backup_plan" "this" {
  name = var.name

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.this.name
    schedule          = "cron(0 3 * * ? *)" # after RDS's own backup window
    start_window      = 60
    completion_window = 360

    lifecycle {
      delete_after = var.backup.daily_days
    }

    copy_action {
      destination_vault_arn = aws_backup_vault.copy.arn

      lifecycle {
        delete_after = var.backup.dr_days
      }
    }
  }

  rule {
    rule_name         = "monthly"
    target_vault_name = aws_backup_vault.this.name
    schedule          = "cron(0 4 1 * ? *)"
    start_window      = 60
    completion_window = 720

    lifecycle {
      delete_after = var.backup.monthly_days
    }

    copy_action {
      destination_vault_arn = aws_backup_vault.copy.arn

      lifecycle {
        delete_after = var.backup.monthly_days
      }
    }
  }

  tags = local.tags
}

# What is tagged Backup=daily, of the kinds below: a new table is in by its tag.
resource "aws_backup_selection" "this" {
  name         = "${var.name}-daily"
  plan_id      = aws_backup_plan.this.id
  iam_role_arn = aws_iam_role.backup.arn

  selection_tag {
    type  = "STRINGEQUALS"
    key   = "Backup"
    value = "daily"
  }
}

data "aws_iam_policy_document" "backup_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["backup.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "backup" {
  name               = "${var.name}-backup"
  description        = "AWS Backup takes and restores the copies of ${var.name}"
  assume_role_policy = data.aws_iam_policy_document.backup_trust.json
  tags               = local.tags
}

# AWS keeps these two in step with what Backup needs for each service.
resource "aws_iam_role_policy_attachment" "backup" {
  for_each = toset(["AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores"])

  role       = aws_iam_role.backup.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/${each.value}"
}
