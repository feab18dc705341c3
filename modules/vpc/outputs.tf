output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "IPv4 range of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "pod_cidr" {
  description = "Secondary range of the pods, null without one."
  value       = one(aws_vpc_ipv4_cidr_block_association.pods[*].cidr_block)
}

output "availability_zones" {
  description = "The zones, in the order given."
  value       = var.availability_zones
}

output "public_subnet_ids" {
  description = "Public subnets, in the order of the zones."
  value       = [for az in var.availability_zones : aws_subnet.public[az].id]
}

output "private_subnet_ids" {
  description = "Private subnets, in the order of the zones."
  value       = [for az in var.availability_zones : aws_subnet.private[az].id]
}

output "isolated_subnet_ids" {
  description = "Isolated subnets, in the order of the zones."
  value       = [for az in var.availability_zones : aws_subnet.isolated[az].id]
}

output "pod_subnet_ids" {
  description = "Pod subnets by zone, for the VPC CNI's ENIConfigs; empty without a pod range."
  value       = { for az, s in aws_subnet.pods : az => s.id }
}

output "private_cidrs" {
  description = "Ranges of the private subnets."
  value       = [for az in var.availability_zones : local.subnet_cidrs.private[az]]
}

output "isolated_cidrs" {
  description = "Ranges of the isolated subnets."
  value       = local.isolated_cidrs
}

output "nat_gateway_ids" {
  description = "NAT gateways by zone."
  value       = { for az, n in aws_nat_gateway.this : az => n.id }
}

output "nat_public_ips" {
  description = "Addresses from which the platform calls the internet, for partners' allow lists."
  value       = [for e in aws_eip.nat : e.public_ip]
}

output "private_route_table_ids" {
  description = "Route tables of the private and pod subnets, by zone."
  value       = { for az, t in aws_route_table.private : az => t.id }
}

output "isolated_route_table_id" {
  description = "Route table of the isolated subnets."
  value       = aws_route_table.isolated.id
}

output "isolated_network_acl_id" {
  description = "Network ACL of the isolated subnets."
  value       = aws_network_acl.isolated.id
}

output "endpoint_ids" {
  description = "VPC endpoints by service."
  value       = merge({ s3 = aws_vpc_endpoint.s3.id }, { for s, e in aws_vpc_endpoint.interface : s => e.id })
}

output "endpoint_security_group_id" {
  description = "Security group of the interface endpoints."
  value       = aws_security_group.endpoints.id
}

output "flow_log_id" {
  description = "Id of the flow log."
  value       = aws_flow_log.this.id
}

output "transit_gateway_attachment_id" {
  description = "Attachment to the transit gateway, null without one."
  value       = one(aws_ec2_transit_gateway_vpc_attachment.this[*].id)
}
