# Web ACLs for CloudFront live in us-east-1, wherever the rest is.
provider "aws" {
  region = "us-east-1"
}

data "aws_caller_identity" "current" {}

resource "aws_kms_key" "this" {
  description             = "${var.name}: log of the web ACL"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Account"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" }
        Action    = "kms:*" # a key without an administrator cannot be mended
        Resource  = "*"     # in a key's policy this is the key itself
      },
      {
        Sid       = "Logs"
        Effect    = "Allow"
        Principal = { Service = "logs.us-east-1.amazonaws.com" }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:us-east-1:${data.aws_caller_identity.current.account_id}:log-group:aws-waf-logs-${var.name}" } }
      },
    ]
  })
  tags = merge(var.tags, { Name = var.name })
}

module "waf" {
  source = "../../"

  name              = var.name
  scope             = "CLOUDFRONT"
  allowed_countries = ["CA", "US"]
  blocked_countries = []
  kms_key_arn       = aws_kms_key.this.arn
  tags              = var.tags
}
