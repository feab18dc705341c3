output "cluster_name" {
  description = "Name of the cluster."
  value       = module.eks.cluster_name
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = module.eks.cluster_arn
}

output "cluster_endpoint" {
  description = "Address of the API server."
  value       = module.eks.cluster_endpoint
}

output "cluster_certificate_authority" {
  description = "Certificate of the API server's authority, base64 of PEM."
  value       = module.eks.cluster_certificate_authority
}

output "oidc_issuer" {
  description = "Issuer of the service accounts' tokens."
  value       = module.eks.oidc_issuer
}

output "oidc_provider_arn" {
  description = "ARN of the IAM OIDC provider of that issuer."
  value       = module.eks.oidc_provider_arn
}

output "cluster_security_group_id" {
  description = "Security group of the control plane, the nodes and the pods."
  value       = module.eks.cluster_security_group_id
}

output "node_role_arn" {
  description = "ARN of the system nodes' role."
  value       = module.eks.node_role_arn
}

output "karpenter" {
  description = "What Karpenter's settings name: the controller's role, the nodes' role and instance profile, the queue."
  value       = module.eks.karpenter
}

output "ebs_csi_role_arn" {
  description = "ARN of the volume driver's role."
  value       = module.eks.ebs_csi_role_arn
}

output "cluster_log_group_name" {
  description = "Log group of the control plane."
  value       = module.eks.log_group_name
}

output "ecr_repository_urls" {
  description = "Addresses of the images, by service."
  value       = { for service in local.services : service => module.ecr.repository_urls["${var.repository_prefix}${service}"] }
}

output "ecr_repository_arns" {
  description = "ARNs of the repositories, by service."
  value       = { for service in local.services : service => module.ecr.repository_arns["${var.repository_prefix}${service}"] }
}
