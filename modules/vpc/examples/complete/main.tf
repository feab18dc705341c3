provider "aws" {
  region = var.region
}

data "aws_availability_zones" "available" {
  state = "available"
}

resource "aws_s3_bucket" "flow_logs" {
  bucket        = "${var.name}-flow-logs"
  force_destroy = true
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "flow_logs" {
  bucket = aws_s3_bucket.flow_logs.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "flow_logs" {
  bucket = aws_s3_bucket.flow_logs.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_ec2_transit_gateway" "this" {
  description                     = var.name
  default_route_table_association = "enable"
  default_route_table_propagation = "enable"
  tags                            = merge(var.tags, { Name = var.name })
}

module "vpc" {
  source = "../../"

  name                = var.name
  availability_zones  = slice(data.aws_availability_zones.available.names, 0, 3)
  flow_log_bucket_arn = aws_s3_bucket.flow_logs.arn
  cluster_name        = var.name
  transit_gateway = {
    id    = aws_ec2_transit_gateway.this.id
    cidrs = ["10.100.0.0/16"]
  }
  tags = var.tags
}
