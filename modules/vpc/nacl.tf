# The isolated tier's second door, beside the security groups: network ACLs know
# no state, so the answers need rules of their own, on the ephemeral ports
# (Network ACLs, "Ephemeral ports").

resource "aws_network_acl" "isolated" {
  vpc_id     = aws_vpc.this.id
  subnet_ids = [for s in aws_subnet.isolated : s.id]
  tags       = merge(var.tags, { Name = "${var.name}-isolated" })
}

locals {
  # Rule numbers are 100, 110, …: room for a rule in between in an emergency.
  nacl_clients = { for i, pair in setproduct(local.client_cidrs, var.database_ports) : format("%s-%d", pair[0], pair[1]) => {
    number = 100 + i * 10, cidr = pair[0], port = pair[1]
  } }

  isolated_cidrs = [for az in var.availability_zones : local.subnet_cidrs.isolated[az]]
}

resource "aws_network_acl_rule" "isolated_in" {
  for_each = local.nacl_clients

  network_acl_id = aws_network_acl.isolated.id
  egress         = false
  rule_action    = "allow"
  rule_number    = each.value.number
  protocol       = "tcp"
  cidr_block     = each.value.cidr
  from_port      = each.value.port
  to_port        = each.value.port
}

# Standby, replicas and shards talk among themselves, and hear each other's
# answers: one rule for both.
resource "aws_network_acl_rule" "isolated_in_members" {
  for_each = { for i, cidr in local.isolated_cidrs : cidr => 1000 + i * 10 }

  network_acl_id = aws_network_acl.isolated.id
  egress         = false
  rule_action    = "allow"
  rule_number    = each.value
  protocol       = "tcp"
  cidr_block     = each.key
  from_port      = 1024
  to_port        = 65535
}

resource "aws_network_acl_rule" "isolated_out" {
  for_each = { for i, cidr in concat(local.client_cidrs, local.isolated_cidrs) : cidr => 100 + i * 10 }

  network_acl_id = aws_network_acl.isolated.id
  egress         = true
  rule_action    = "allow"
  rule_number    = each.value
  protocol       = "tcp"
  cidr_block     = each.key
  from_port      = 1024
  to_port        = 65535
}
