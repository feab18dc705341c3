data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  tags      = merge(var.tags, { Project = "fintrack", Environment = var.environment, Layer = "networking" })
  peers     = length(var.peer_cidrs) > 0

  # Every range that must be apart from the others, as numbers: first and last address.
  ranges = {
    for name, cidr in merge({ nodes = var.cidr, pods = var.pod_cidr }, { for name, cidr in var.peer_cidrs : "peer ${name}" => cidr }) : name => {
      first = sum([for i, octet in split(".", cidrhost(cidr, 0)) : tonumber(octet) * pow(256, 3 - i)])
      last  = sum([for i, octet in split(".", cidrhost(cidr, -1)) : tonumber(octet) * pow(256, 3 - i)])
    }
  }
  overlaps = [
    for pair in setproduct(keys(local.ranges), keys(local.ranges)) : "${pair[0]} and ${pair[1]}"
    if index(keys(local.ranges), pair[0]) < index(keys(local.ranges), pair[1]) ? local.ranges[pair[0]].first <= local.ranges[pair[1]].last && local.ranges[pair[1]].first <= local.ranges[pair[0]].last : false
  ]
}
