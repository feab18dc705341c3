output "eks" {
  description = "Everything that the module puts out."
  value       = module.eks
}

output "subnet_ids" {
  description = "Private subnets of the example."
  value       = aws_subnet.private[*].id
}

output "pod_subnet_ids" {
  description = "Subnets of the pods, by availability zone."
  value       = { for zone, subnet in aws_subnet.pods : zone => subnet.id }
}

output "kms_key_arns" {
  description = "Keys of the example: secrets and volumes."
  value       = { for k, key in aws_kms_key.this : k => key.arn }
}

output "people_role_arns" {
  description = "Roles with access: platform and ci."
  value       = { for k, r in aws_iam_role.people : k => r.arn }
}
