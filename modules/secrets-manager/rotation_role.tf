data "aws_iam_policy_document" "rotation_trust" {
  count = local.rotate ? 1 : 0

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "rotation" {
  count = local.rotate ? 1 : 0

  # Only while the secret names this very function as its rotation function.
  statement {
    sid = "RotateOwnSecrets"
    actions = [
      "secretsmanager:DescribeSecret",
      "secretsmanager:GetSecretValue",
      "secretsmanager:PutSecretValue",
      "secretsmanager:UpdateSecretVersionStage",
    ]
    resources = [for key in keys(local.rotated) : aws_secretsmanager_secret.this[key].arn]

    condition {
      test     = "StringEquals"
      variable = "secretsmanager:resource/AllowRotationLambdaArn"
      values   = [local.function_arn]
    }
  }

  dynamic "statement" {
    for_each = local.superuser_secret_arns

    content {
      sid       = "ReadSuperuser"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [statement.value]
    }
  }

  # AWS gives GetRandomPassword no resource type: it touches no secret.
  statement {
    sid       = "MakePasswords"
    actions   = ["secretsmanager:GetRandomPassword"]
    resources = ["*"]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = distinct(compact([var.kms_key_arn, var.rotation.superuser_kms_key_arn]))

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${data.aws_region.current.name}.amazonaws.com"]
    }
  }

  # Lambda decrypts the function's environment as the function's role.
  statement {
    sid       = "DecryptEnvironment"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:aws:lambda:FunctionArn"
      values   = [local.function_arn]
    }
  }

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.rotation[0].arn}:*"]
  }

  # X-Ray has no resources to name for these.
  statement {
    sid       = "WriteTraces"
    actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    resources = ["*"]
  }

  # Lambda checks these with the role when it connects the function to the VPC, and names
  # no resource for them (AWS Lambda Developer Guide, "Giving Lambda functions access to
  # resources in an Amazon VPC").
  dynamic "statement" {
    for_each = local.in_vpc ? [1] : []

    content {
      sid = "ConnectToVpc"
      actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "ec2:GetSecurityGroupsForVpc",
        "ec2:UnassignPrivateIpAddresses",
      ]
      resources = ["*"]
    }
  }

  # The function's own code has no business with network interfaces: the calls above are
  # made by Lambda, and lambda:SourceFunctionArn is set only in calls of the code itself.
  dynamic "statement" {
    for_each = local.in_vpc ? [1] : []

    content {
      sid    = "DenyVpcToCode"
      effect = "Deny"
      actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "ec2:GetSecurityGroupsForVpc",
        "ec2:UnassignPrivateIpAddresses",
      ]
      resources = ["*"] # a denial

      condition {
        test     = "ArnEquals"
        variable = "lambda:SourceFunctionArn"
        values   = [local.function_arn]
      }
    }
  }
}

resource "aws_iam_role" "rotation" {
  count = local.rotate ? 1 : 0

  name                 = local.function_name
  description          = "The rotation function of ${var.name}: its own secrets, its own log group."
  assume_role_policy   = data.aws_iam_policy_document.rotation_trust[0].json
  permissions_boundary = var.rotation.permissions_boundary_arn

  tags = var.tags
}

resource "aws_iam_role_policy" "rotation" {
  count = local.rotate ? 1 : 0

  name   = "rotate"
  role   = aws_iam_role.rotation[0].id
  policy = data.aws_iam_policy_document.rotation[0].json
}
