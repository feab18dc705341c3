# AWS APIs are reached without leaving the VPC. The endpoint policies admit this
# account's principals and, for S3, this account's buckets and those that AWS
# itself serves container layers from: a stolen key of another account is of no
# use from in here.

locals {
  interface_services = toset(["ecr.api", "ecr.dkr", "sts", "secretsmanager", "kms", "logs"])
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${local.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = concat([for t in aws_route_table.private : t.id], [aws_route_table.isolated.id])
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OwnBuckets"
        Effect    = "Allow"
        Principal = { AWS = "*" } # narrowed to this account's principals and buckets below
        Action    = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetBucketLocation", "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts", "s3:PutObject"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:PrincipalAccount" = local.account, "aws:ResourceAccount" = local.account } }
      },
      {
        # Amazon ECR interface VPC endpoints, "Minimum Amazon S3 bucket permissions".
        Sid       = "ContainerLayers"
        Effect    = "Allow"
        Principal = { AWS = "*" }
        Action    = "s3:GetObject"
        Resource  = "arn:${data.aws_partition.current.partition}:s3:::prod-${local.region}-starport-layer-bucket/*"
      },
    ]
  })
  tags = merge(var.tags, { Name = "${var.name}-s3" })
}

resource "aws_vpc_endpoint" "interface" {
  for_each = local.interface_services

  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${local.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  subnet_ids          = [for s in aws_subnet.private : s.id]
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = true
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "OwnAccount"
        Effect    = "Allow"
        Principal = { AWS = "*" }                  # narrowed to this account below
        Action    = "${split(".", each.key)[0]}:*" # what a principal may do is its own policy's matter
        Resource  = "*"
        Condition = { StringEquals = { "aws:PrincipalAccount" = local.account } }
      }],
      # A pod's token is exchanged without credentials: there is no principal yet whose
      # account could be compared, but there is the role that is asked for.
      each.key != "sts" ? [] : [{
        Sid       = "WebIdentity"
        Effect    = "Allow"
        Principal = { AWS = "*" }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Resource  = "arn:${data.aws_partition.current.partition}:iam::${local.account}:role/*"
      }],
    )
  })
  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_security_group" "endpoints" {
  name_prefix = "${var.name}-endpoints-"
  description = "HTTPS from nodes and pods to the AWS APIs"
  vpc_id      = aws_vpc.this.id
  tags        = merge(var.tags, { Name = "${var.name}-endpoints" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  for_each = toset(local.client_cidrs)

  security_group_id = aws_security_group.endpoints.id
  description       = "HTTPS from ${each.key}"
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  tags              = merge(var.tags, { Name = "${var.name}-endpoints-${each.key}" })
}
