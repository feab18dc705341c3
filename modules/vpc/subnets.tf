resource "aws_subnet" "public" {
  for_each = local.subnet_cidrs.public

  vpc_id                  = aws_vpc.this.id
  cidr_block              = each.value
  availability_zone       = each.key
  map_public_ip_on_launch = false # load balancers and NAT gateways bring their own addresses
  tags                    = merge(var.tags, { Name = "${var.name}-public-${each.key}", Tier = "public", "kubernetes.io/role/elb" = "1" })
}

resource "aws_subnet" "private" {
  for_each = local.subnet_cidrs.private

  vpc_id                  = aws_vpc.this.id
  cidr_block              = each.value
  availability_zone       = each.key
  map_public_ip_on_launch = false
  tags = merge(var.tags, { Name = "${var.name}-private-${each.key}", Tier = "private", "kubernetes.io/role/internal-elb" = "1" },
  var.cluster_name == null ? {} : { "karpenter.sh/discovery" = var.cluster_name })
}

resource "aws_subnet" "isolated" {
  for_each = local.subnet_cidrs.isolated

  vpc_id                  = aws_vpc.this.id
  cidr_block              = each.value
  availability_zone       = each.key
  map_public_ip_on_launch = false
  tags                    = merge(var.tags, { Name = "${var.name}-isolated-${each.key}", Tier = "isolated" })
}

resource "aws_subnet" "pods" {
  for_each = local.pod_cidrs

  vpc_id                  = aws_vpc_ipv4_cidr_block_association.pods[0].vpc_id
  cidr_block              = each.value
  availability_zone       = each.key
  map_public_ip_on_launch = false
  tags                    = merge(var.tags, { Name = "${var.name}-pods-${each.key}", Tier = "pods" })
}
