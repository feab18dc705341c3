provider "aws" {
  region = var.region
}

locals {
  services = ["auth-service", "ml-anomaly-detector", "notification-service", "reconciliation-service", "reporting-service", "transaction-worker"]
}

resource "aws_kms_key" "this" {
  description             = "${var.name}: images"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  tags                    = merge(var.tags, { Name = var.name })
}

# Stand for the nodes' role and for the pipeline's.
resource "aws_iam_role" "this" {
  for_each = toset(["node", "ci"])

  name = "${var.name}-${each.value}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })
  tags = var.tags
}

module "ecr" {
  source = "../../"

  repositories        = [for s in local.services : "${var.name}/${s}"]
  kms_key_arn         = aws_kms_key.this.arn
  pull_principal_arns = [aws_iam_role.this["node"].arn]
  push_principal_arns = [aws_iam_role.this["ci"].arn]
  force_delete        = var.force_delete
  tags                = var.tags
}
