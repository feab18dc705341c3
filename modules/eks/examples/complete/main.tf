provider "aws" {
  region = var.region
}

data "aws_caller_identity" "current" {}

data "aws_availability_zones" "available" {
  state = "available"
}

locals {
  account = data.aws_caller_identity.current.account_id
  zones   = slice(data.aws_availability_zones.available.names, 0, 3)
}

resource "aws_vpc" "this" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_hostnames = true
  tags                 = merge(var.tags, { Name = var.name })
}

resource "aws_vpc_ipv4_cidr_block_association" "pods" {
  vpc_id     = aws_vpc.this.id
  cidr_block = "100.64.0.0/16"
}

resource "aws_subnet" "private" {
  count = 3

  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 8, 11 + count.index)
  availability_zone = local.zones[count.index]
  tags              = merge(var.tags, { Name = "${var.name}-private-${count.index + 1}" })
}

resource "aws_subnet" "pods" {
  for_each = { for i, zone in local.zones : zone => i }

  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(aws_vpc_ipv4_cidr_block_association.pods.cidr_block, 2, each.value)
  availability_zone = each.key
  tags              = merge(var.tags, { Name = "${var.name}-pods-${each.key}" })
}

resource "aws_kms_key" "this" {
  for_each = toset(["secrets", "volumes"])

  description             = "${var.name}: ${each.value}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "Account"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${local.account}:root" }
        Action    = "kms:*" # a key without an administrator cannot be mended
        Resource  = "*"     # in a key's policy this is the key itself
      },
      {
        Sid       = "Logs"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.amazonaws.com" }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${var.region}:${local.account}:log-group:/aws/eks/${var.name}/*" } }
      },
    ]
  })
  tags = merge(var.tags, { Name = "${var.name}-${each.value}" })
}

# Stand for the platform engineers' role and for the pipeline's.
resource "aws_iam_role" "people" {
  for_each = toset(["platform", "ci"])

  name = "${var.name}-${each.value}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = "arn:aws:iam::${local.account}:root" }
    }]
  })
  tags = var.tags
}

module "eks" {
  source = "../../"

  name                = var.name
  subnet_ids          = aws_subnet.private[*].id
  pod_subnet_ids      = { for zone, subnet in aws_subnet.pods : zone => subnet.id }
  public_access_cidrs = ["203.0.113.0/24"]
  kms_key_arn         = aws_kms_key.this["secrets"].arn
  volume_kms_key_arn  = aws_kms_key.this["volumes"].arn

  access_entries = {
    platform = {
      principal_arn = aws_iam_role.people["platform"].arn
      policies      = { AmazonEKSClusterAdminPolicy = [] }
    }
    ci = {
      principal_arn     = aws_iam_role.people["ci"].arn
      kubernetes_groups = ["deployers"]
      policies          = { AmazonEKSViewPolicy = ["fintrack"] }
    }
  }

  tags = var.tags
}
