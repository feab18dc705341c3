module "vpc" {
  source = "../../modules/vpc"

  name                = var.name
  cidr                = var.cidr
  pod_cidr            = var.pod_cidr
  availability_zones  = [for z in var.availability_zones : "${var.region}${z}"]
  single_nat_gateway  = var.single_nat_gateway
  flow_log_bucket_arn = module.flow_logs.bucket_arn
  cluster_name        = var.name
  transit_gateway     = local.peers ? { id = aws_ec2_transit_gateway.this[0].id, cidrs = values(var.peer_cidrs) } : null

  tags = local.tags
}

# Nothing is made while two networks share an address: once joined, one of them
# could not be reached, and which one would depend on the longest prefix.
resource "terraform_data" "apart" {
  input = local.ranges

  lifecycle {
    precondition {
      condition     = length(local.overlaps) == 0
      error_message = "cidr, pod_cidr and peer_cidrs must not overlap: ${join("; ", local.overlaps)}."
    }
  }
}
