# A VPC of three tiers: public (load balancers, NAT), private (nodes) with pod
# subnets in a range of their own, and isolated (data), which has no way to or
# from the internet.

data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  region  = data.aws_region.current.name
  account = data.aws_caller_identity.current.account_id

  zones = { for i, az in var.availability_zones : az => i }

  # /24 networks of a /16: 1, 2, 3 public; 11, 12, 13 private; 21, 22, 23 isolated.
  # Other sizes of VPC are cut in the same 256 parts.
  tier_offset = { public = 1, private = 11, isolated = 21 }

  subnet_cidrs = { for tier, offset in local.tier_offset : tier => {
    for az, i in local.zones : az => cidrsubnet(var.cidr, 8, offset + i)
  } }

  # The pod range is cut into as many parts as a power of two holds the zones.
  pod_bits  = ceil(log(max(length(var.availability_zones), 2), 2))
  pod_cidrs = var.pod_cidr == null ? {} : { for az, i in local.zones : az => cidrsubnet(var.pod_cidr, local.pod_bits, i) }

  # What may reach the data tier and the endpoints: nodes, and pods. The pods'
  # range stands as a whole, which saves network ACL rules.
  client_cidrs = concat([for az in var.availability_zones : local.subnet_cidrs.private[az]], var.pod_cidr == null ? [] : [var.pod_cidr])
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true # private DNS of the interface endpoints needs both
  tags                 = merge(var.tags, { Name = var.name })
}

resource "aws_vpc_ipv4_cidr_block_association" "pods" {
  count = var.pod_cidr == null ? 0 : 1

  vpc_id     = aws_vpc.this.id
  cidr_block = var.pod_cidr
}

# Taken over to be emptied: nothing may be allowed by having been forgotten.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-default-unused" })
}
