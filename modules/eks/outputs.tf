output "cluster_name" {
  description = "Name of the cluster."
  value       = aws_eks_cluster.this.name
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_eks_cluster.this.arn
}

output "cluster_version" {
  description = "Kubernetes version of the control plane."
  value       = aws_eks_cluster.this.version
}

output "cluster_endpoint" {
  description = "Address of the API server."
  value       = aws_eks_cluster.this.endpoint
}

output "cluster_certificate_authority" {
  description = "Certificate of the API server's authority, base64 of PEM."
  value       = aws_eks_cluster.this.certificate_authority[0].data
}

output "cluster_security_group_id" {
  description = "Security group that EKS makes: of the control plane, the nodes and the pods."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "oidc_issuer" {
  description = "Issuer of the service accounts' tokens."
  value       = aws_eks_cluster.this.identity[0].oidc[0].issuer
}

output "oidc_provider_arn" {
  description = "ARN of the IAM OIDC provider of that issuer."
  value       = aws_iam_openid_connect_provider.this.arn
}

output "node_role_arn" {
  description = "ARN of the system nodes' role."
  value       = aws_iam_role.node.arn
}

output "system_node_group_name" {
  description = "Name of the system node group."
  value       = aws_eks_node_group.system.node_group_name
}

output "log_group_name" {
  description = "Log group of the control plane."
  value       = aws_cloudwatch_log_group.this.name
}

output "vpc_cni_role_arn" {
  description = "ARN of the network plugin's role."
  value       = module.vpc_cni_role.role_arn
}

output "ebs_csi_role_arn" {
  description = "ARN of the volume driver's role."
  value       = module.ebs_csi_role.role_arn
}

output "karpenter" {
  description = "What Karpenter's settings name: the controller's role, the nodes' role and instance profile, the queue."
  value = {
    controller_role_arn   = module.karpenter_role.role_arn
    node_role_arn         = aws_iam_role.karpenter_node.arn
    node_role_name        = aws_iam_role.karpenter_node.name
    instance_profile_name = aws_iam_instance_profile.karpenter_node.name
    queue_name            = aws_sqs_queue.interruption.name
    queue_arn             = aws_sqs_queue.interruption.arn
  }
}
