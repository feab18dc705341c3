data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  # Rotated secrets have rotation_days.
  rotated = { for key, secret in var.secrets : key => secret if secret.rotation_days != null }

  # Secrets whose first value is handed in; the value itself never reaches the state.
  initialised = { for key, secret in var.secrets : key => secret if secret.initial_value_version != null }
}

resource "aws_secretsmanager_secret" "this" {
  for_each = var.secrets

  name                    = "${var.name}/${each.key}"
  description             = each.value.description
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_window_in_days

  dynamic "replica" {
    for_each = var.replicas

    content {
      region     = replica.key
      kms_key_id = replica.value
    }
  }

  tags = merge(var.tags, { Name = "${var.name}/${each.key}" })
}

# The value is a write-only argument: it is sent when initial_value_version changes,
# and kept in neither plan nor state.
resource "aws_secretsmanager_secret_version" "initial" {
  for_each = local.initialised

  secret_id                = aws_secretsmanager_secret.this[each.key].id
  secret_string_wo         = var.initial_values[each.key]
  secret_string_wo_version = each.value.initial_value_version
}

resource "aws_secretsmanager_secret_rotation" "this" {
  for_each = local.rotated

  secret_id           = aws_secretsmanager_secret.this[each.key].id
  rotation_lambda_arn = aws_lambda_function.rotation[0].arn
  rotate_immediately  = var.rotation.rotate_immediately

  rotation_rules {
    automatically_after_days = each.value.rotation_days
    duration                 = var.rotation.window
  }

  # Secrets Manager calls the function while it takes the request.
  depends_on = [
    aws_iam_role_policy.rotation,
    aws_lambda_permission.secrets_manager,
    aws_secretsmanager_secret_policy.this,
    aws_secretsmanager_secret_version.initial,
  ]
}
