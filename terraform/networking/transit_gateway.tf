# The way to networks of the company. Attachments of others are accepted by hand,
# and see only what is propagated on purpose.
resource "aws_ec2_transit_gateway" "this" {
  count = local.peers ? 1 : 0

  description                     = var.name
  auto_accept_shared_attachments  = "disable"
  default_route_table_association = "disable"
  default_route_table_propagation = "disable"
  tags                            = merge(local.tags, { Name = var.name })
}

resource "aws_ec2_transit_gateway_route_table" "this" {
  count = local.peers ? 1 : 0

  transit_gateway_id = aws_ec2_transit_gateway.this[0].id
  tags               = merge(local.tags, { Name = var.name })
}

resource "aws_ec2_transit_gateway_route_table_association" "vpc" {
  count = local.peers ? 1 : 0

  transit_gateway_attachment_id  = module.vpc.transit_gateway_attachment_id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.this[0].id
}

resource "aws_ec2_transit_gateway_route_table_propagation" "vpc" {
  count = local.peers ? 1 : 0

  transit_gateway_attachment_id  = module.vpc.transit_gateway_attachment_id
  transit_gateway_route_table_id = aws_ec2_transit_gateway_route_table.this[0].id
}
