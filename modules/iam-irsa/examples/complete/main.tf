provider "aws" {
  region = var.region
}

locals {
  # An issuer of the form that EKS gives a cluster, apart for each name.
  issuer = "oidc.eks.${var.region}.amazonaws.com/id/${upper(md5(var.name))}"
}

resource "aws_iam_openid_connect_provider" "cluster" {
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
  tags           = var.tags
}

resource "aws_iam_policy" "reports" {
  name = "${var.name}-reports-read"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "ReadReports"
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = "arn:aws:s3:::${var.name}-reports/daily/*"
    }]
  })
  tags = var.tags
}

resource "aws_iam_policy" "queue" {
  name = "${var.name}-transactions-consume"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "ConsumeTransactions"
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
      Resource = "arn:aws:sqs:${var.region}:123456789012:${var.name}-transactions"
    }]
  })
  tags = var.tags
}

resource "aws_iam_policy" "boundary" {
  name = "${var.name}-services-boundary"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "ServicesOfThePlatform"
        Effect = "Allow"
        Action = ["s3:GetObject", "s3:PutObject", "sqs:*"]
        # The boundary bounds kinds of action; the policies within it name resources.
        Resource = "*"
      },
      {
        Sid      = "NoIdentities"
        Effect   = "Deny"
        Action   = "iam:*"
        Resource = "*" # no identity at all, so none is named
      },
    ]
  })
  tags = var.tags
}

# One service account, bounded.
module "reporting" {
  source = "../../"

  role_name                = "${var.name}-reporting-service"
  oidc_issuer              = aws_iam_openid_connect_provider.cluster.url
  oidc_provider_arn        = aws_iam_openid_connect_provider.cluster.arn
  namespace                = "fintrack"
  service_accounts         = ["reporting-service"]
  policy_arns              = { reports = aws_iam_policy.reports.arn }
  permissions_boundary_arn = aws_iam_policy.boundary.arn
  tags                     = var.tags
}

# Several service accounts, named one by one.
module "workers" {
  source = "../../"

  role_name            = "${var.name}-workers"
  oidc_issuer          = aws_iam_openid_connect_provider.cluster.url
  oidc_provider_arn    = aws_iam_openid_connect_provider.cluster.arn
  namespace            = "fintrack"
  service_accounts     = ["transaction-worker", "reconciliation-service"]
  max_session_duration = 7200
  policy_arns = {
    reports = aws_iam_policy.reports.arn
    queue   = aws_iam_policy.queue.arn
  }
  tags = var.tags
}
