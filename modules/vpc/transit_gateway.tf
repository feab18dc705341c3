resource "aws_ec2_transit_gateway_vpc_attachment" "this" {
  count = var.transit_gateway == null ? 0 : 1

  transit_gateway_id = var.transit_gateway.id
  vpc_id             = aws_vpc.this.id
  subnet_ids         = [for s in aws_subnet.private : s.id]
  tags               = merge(var.tags, { Name = var.name })
}

# From the private tier alone: the isolated tier has no way to a peer either.
resource "aws_route" "transit_gateway" {
  for_each = var.transit_gateway == null ? {} : { for pair in setproduct(var.availability_zones, var.transit_gateway.cidrs) : "${pair[0]}-${pair[1]}" => { az = pair[0], cidr = pair[1] } }

  route_table_id         = aws_route_table.private[each.value.az].id
  destination_cidr_block = each.value.cidr
  transit_gateway_id     = aws_ec2_transit_gateway_vpc_attachment.this[0].transit_gateway_id
}
