output "vpc_id" {
  description = "Id of the VPC."
  value       = module.vpc.vpc_id
}

output "vpc_cidr" {
  description = "Range of the VPC."
  value       = module.vpc.cidr
}

output "pod_cidr" {
  description = "Range of the pods."
  value       = module.vpc.pod_cidr
}

output "availability_zones" {
  description = "Zones of the platform."
  value       = module.vpc.availability_zones
}

output "public_subnet_ids" {
  description = "Public subnets."
  value       = module.vpc.public_subnet_ids
}

output "private_subnet_ids" {
  description = "Private subnets."
  value       = module.vpc.private_subnet_ids
}

output "isolated_subnet_ids" {
  description = "Isolated subnets."
  value       = module.vpc.isolated_subnet_ids
}

output "pod_subnet_ids" {
  description = "Subnets of the pods, by zone."
  value       = module.vpc.pod_subnet_ids
}

output "private_cidrs" {
  description = "Ranges of the private subnets."
  value       = module.vpc.private_cidrs
}

output "isolated_cidrs" {
  description = "Ranges of the isolated subnets."
  value       = module.vpc.isolated_cidrs
}

output "nat_gateway_ids" {
  description = "NAT gateways."
  value       = module.vpc.nat_gateway_ids
}

output "private_route_table_ids" {
  description = "Route tables of the private subnets."
  value       = module.vpc.private_route_table_ids
}

output "isolated_route_table_id" {
  description = "Route table of the isolated subnets."
  value       = module.vpc.isolated_route_table_id
}

output "endpoint_ids" {
  description = "VPC endpoints, by service."
  value       = module.vpc.endpoint_ids
}

output "endpoint_security_group_id" {
  description = "Security group of the interface endpoints."
  value       = module.vpc.endpoint_security_group_id
}

output "transit_gateway_id" {
  description = "Id of the transit gateway, null without peers."
  value       = try(aws_ec2_transit_gateway.this[0].id, null)
}

output "transit_gateway_attachment_id" {
  description = "Attachment of the VPC to it, null without peers."
  value       = module.vpc.transit_gateway_attachment_id
}

output "flow_log_bucket" {
  description = "Bucket of the flow logs."
  value       = module.flow_logs.bucket
}

output "athena_workgroup" {
  description = "Workgroup for questions to the flow logs."
  value       = aws_athena_workgroup.forensics.name
}

output "glue_database" {
  description = "Database with the flow logs' table."
  value       = aws_glue_catalog_database.this.name
}

output "cluster_name" {
  description = "Name of the cluster that the subnets are tagged for."
  value       = var.name
}
