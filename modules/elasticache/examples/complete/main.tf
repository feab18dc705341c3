provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}

data "aws_availability_zones" "available" {
  state = "available"
}

resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
  tags       = merge(var.tags, { Name = var.name })
}

resource "aws_subnet" "isolated" {
  count = 3

  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 8, 21 + count.index)
  availability_zone = data.aws_availability_zones.available.names[count.index]
  tags              = merge(var.tags, { Name = "${var.name}-isolated-${count.index + 1}" })
}

resource "aws_security_group" "services" {
  name        = "${var.name}-services"
  description = "Stands for the services that may connect"
  vpc_id      = aws_vpc.this.id
  tags        = merge(var.tags, { Name = "${var.name}-services" })
}

resource "aws_kms_key" "this" {
  description             = "${var.name}: ElastiCache and its logs"
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
        Principal = { Service = "logs.${var.region}.amazonaws.com" }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${var.region}:${data.aws_caller_identity.current.account_id}:log-group:/aws/elasticache/${var.name}/*" } }
      },
    ]
  })
  tags = merge(var.tags, { Name = var.name })
}

module "elasticache" {
  source = "../../"

  name                      = var.name
  vpc_id                    = aws_vpc.this.id
  subnet_ids                = aws_subnet.isolated[*].id
  client_security_group_ids = { services = aws_security_group.services.id }
  kms_key_arn               = aws_kms_key.this.arn
  apply_immediately         = true

  users = {
    auth   = "~session:* +@read +@write +@connection -@dangerous"
    worker = "~transactions:* +@read +@write +@stream +@connection -@dangerous"
  }

  tags = var.tags
}
