# A role for pods: the service accounts that it names, and nobody else, get it by
# the token that Kubernetes gives them (IAM roles for service accounts in the EKS
# guide).

locals {
  issuer   = trimprefix(var.oidc_issuer, "https://")
  subjects = [for s in var.service_accounts : "system:serviceaccount:${var.namespace}:${s}"]
}

resource "aws_iam_role" "this" {
  name                 = var.role_name
  description          = coalesce(var.description, "For ${join(", ", var.service_accounts)} in namespace ${var.namespace}")
  max_session_duration = var.max_session_duration
  permissions_boundary = var.permissions_boundary_arn

  # Both conditions are exact: sub alone would take a token that was made for
  # another audience, aud alone any pod of the cluster.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "ServiceAccounts"
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = var.oidc_provider_arn }
      Condition = {
        StringEquals = {
          "${local.issuer}:sub" = try(one(local.subjects), local.subjects)
          "${local.issuer}:aud" = "sts.amazonaws.com"
        }
      }
    }]
  })

  tags = var.tags
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = var.policy_arns

  role       = aws_iam_role.this.name
  policy_arn = each.value
}

# What somebody attaches by hand shows in the next plan and is taken away by the
# next apply.
resource "aws_iam_role_policy_attachments_exclusive" "this" {
  role_name   = aws_iam_role.this.name
  policy_arns = values(var.policy_arns)

  depends_on = [aws_iam_role_policy_attachment.this]
}

resource "aws_iam_role_policies_exclusive" "this" {
  role_name    = aws_iam_role.this.name
  policy_names = []
}
