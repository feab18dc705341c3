locals {
  rotate        = var.rotation != null
  function_name = "${replace(var.name, "/[^a-zA-Z0-9-]/", "-")}-rotation"
  function_arn  = "arn:${data.aws_partition.current.partition}:lambda:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:function:${local.function_name}"
  package       = local.rotate ? coalesce(var.rotation.package, "${path.module}/lambda/dist/rotation.zip") : null
  in_vpc        = local.rotate ? length(var.rotation.subnet_ids) > 0 : false

  superuser_secret_arns = compact([local.rotate ? var.rotation.superuser_secret_arn : null])
}

resource "aws_cloudwatch_log_group" "rotation" {
  count = local.rotate ? 1 : 0

  name              = "/aws/lambda/${local.function_name}"
  retention_in_days = var.rotation.log_retention_days
  kms_key_id        = var.rotation.log_kms_key_arn

  tags = var.tags
}

resource "aws_lambda_function" "rotation" {
  count = local.rotate ? 1 : 0

  function_name    = local.function_name
  description      = "Rotates the PostgreSQL credentials below ${var.name}/ (${var.rotation.strategy})."
  role             = aws_iam_role.rotation[0].arn
  runtime          = "python3.13"
  architectures    = ["arm64"]
  handler          = "rotation.handler.handle"
  filename         = local.package
  source_code_hash = filebase64sha256(local.package)
  layers           = var.rotation.layer_arns
  timeout          = 30
  memory_size      = 128
  kms_key_arn      = var.kms_key_arn

  environment {
    variables = merge(
      { CA_BUNDLE = var.rotation.ca_bundle },
      { for arn in local.superuser_secret_arns : "SUPERUSER_SECRET_ARN" => arn },
    )
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "vpc_config" {
    for_each = local.in_vpc ? [1] : []

    content {
      subnet_ids         = var.rotation.subnet_ids
      security_group_ids = var.rotation.security_group_ids
    }
  }

  tags = var.tags

  depends_on = [
    aws_cloudwatch_log_group.rotation,
    aws_iam_role_policy.rotation,
  ]
}

resource "aws_lambda_permission" "secrets_manager" {
  count = local.rotate ? 1 : 0

  statement_id   = "SecretsManager"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.rotation[0].function_name
  principal      = "secretsmanager.amazonaws.com"
  source_account = data.aws_caller_identity.current.account_id
}
