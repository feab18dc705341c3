output "vpc" {
  description = "Everything that the module puts out."
  value       = module.vpc
}

output "flow_log_bucket_arn" {
  description = "Bucket of the flow logs."
  value       = aws_s3_bucket.flow_logs.arn
}

output "transit_gateway_id" {
  description = "Transit gateway of the example."
  value       = aws_ec2_transit_gateway.this.id
}
