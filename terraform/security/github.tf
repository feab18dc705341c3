# Pipelines have no key of AWS: GitHub tells AWS by a signed token which workflow
# asks (About security hardening with OpenID Connect, GitHub's documentation). AWS
# checks GitHub's certificate itself and needs no thumbprint.
resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
  tags           = local.tags
}

locals {
  issuer = "token.actions.githubusercontent.com"

  pipelines = {
    # Builds and pushes images of what is on main.
    ci = {
      name     = "github-actions-ci"
      operator = "StringLike"
      subject  = "repo:${var.github.organization}/*:ref:refs/heads/main"
    }
    # Changes the database's schema: the backend's workflow alone, once GitHub's
    # environment has let it.
    migration = {
      name     = "github-actions-migration"
      operator = "StringEquals"
      subject  = "repo:${var.github.organization}/${var.github.backend}:environment:${local.long_name}"
    }
    # Publishes the single-page application.
    frontend = {
      name     = "github-actions-frontend"
      operator = "StringEquals"
      subject  = "repo:${var.github.organization}/${var.github.frontend}:ref:refs/heads/main"
    }
  }
}

data "aws_iam_policy_document" "pipeline_trust" {
  for_each = local.pipelines

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = each.value.operator
      variable = "${local.issuer}:sub"
      values   = [each.value.subject]
    }
  }
}

resource "aws_iam_role" "pipeline" {
  for_each = local.pipelines

  name                 = "${var.github_role_prefix}${each.value.name}"
  description          = "GitHub Actions, ${each.value.subject}"
  assume_role_policy   = data.aws_iam_policy_document.pipeline_trust[each.key].json
  permissions_boundary = aws_iam_policy.boundary.arn
  max_session_duration = 3600
  tags                 = local.tags
}

resource "aws_iam_role_policy" "pipeline" {
  for_each = {
    ci        = data.aws_iam_policy_document.ci.json
    migration = data.aws_iam_policy_document.migration.json
    frontend  = data.aws_iam_policy_document.frontend.json
  }

  name   = each.key
  role   = aws_iam_role.pipeline[each.key].id
  policy = each.value
}

data "aws_iam_policy_document" "ci" {
  statement {
    sid       = "Login"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # the action knows no resource (Actions defined by Amazon ECR)
  }

  statement {
    sid = "PushImages"
    actions = [
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
    ]
    resources = [for service in local.services : "arn:${local.partition}:ecr:${var.region}:${local.account}:repository/${var.repository_prefix}${service}"]
  }

  statement {
    sid       = "FindTheCluster"
    actions   = ["eks:DescribeCluster"]
    resources = ["arn:${local.partition}:eks:${var.region}:${local.account}:cluster/${var.name}"]
  }
}

data "aws_iam_policy_document" "migration" {
  # The database's id is not known yet; the user is: the one that owns the schema.
  statement {
    sid       = "ConnectAsMigrator"
    actions   = ["rds-db:connect"]
    resources = ["arn:${local.partition}:rds-db:${var.region}:${local.account}:dbuser:*/fintrack_migrator"]
  }

  statement {
    sid       = "FindTheDatabase"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    resources = ["arn:${local.partition}:secretsmanager:${var.region}:${local.account}:secret:${var.name}/${local.long_name}/rds-*"]
  }

  statement {
    sid       = "ReadThatSecret"
    actions   = ["kms:Decrypt"]
    resources = [module.kms.key_arns["secrets-manager"]]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${var.region}.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "frontend" {
  statement {
    sid       = "ListFiles"
    actions   = ["s3:ListBucket"]
    resources = ["arn:${local.partition}:s3:::${local.frontend_bucket}"]
  }

  statement {
    sid       = "PublishFiles"
    actions   = ["s3:DeleteObject", "s3:PutObject"] # the bucket lets the distribution alone read
    resources = ["arn:${local.partition}:s3:::${local.frontend_bucket}/*"]
  }

  # The distribution's id is not known yet; its tags are.
  statement {
    sid       = "Invalidate"
    actions   = ["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"]
    resources = ["arn:${local.partition}:cloudfront::${local.account}:distribution/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Project"
      values   = ["fintrack"]
    }
  }
}

locals {
  frontend_bucket = "${var.name}-frontend-${var.environment}-origin"
}
