module "eks" {
  source = "../../modules/eks"

  name                  = data.terraform_remote_state.networking.outputs.cluster_name
  kubernetes_version    = var.kubernetes_version
  subnet_ids            = data.terraform_remote_state.networking.outputs.private_subnet_ids
  pod_subnet_ids        = data.terraform_remote_state.networking.outputs.pod_subnet_ids
  public_access_cidrs   = var.public_access_cidrs
  kms_key_arn           = data.terraform_remote_state.security.outputs.kms_key_arns["eks"]
  volume_kms_key_arn    = data.terraform_remote_state.security.outputs.kms_key_arns["ebs"]
  log_retention_in_days = var.log_retention_days
  system_nodes          = var.system_nodes

  access_entries = merge(
    { for name, arn in var.administrator_role_arns : name => { principal_arn = arn, policies = { AmazonEKSClusterAdminPolicy = [] } } },
    # The pipeline looks whether a deployment is healthy; Argo CD is what deploys. EKS's
    # view policy knows no kinds but Kubernetes' own (Review access policy permissions,
    # EKS user guide): the group lets it read Applications, gitops/addons/namespaces.
    { ci = {
      principal_arn     = data.terraform_remote_state.security.outputs.github_role_arns["ci"]
      kubernetes_groups = ["fintrack:pipelines"]
      policies          = { AmazonEKSViewPolicy = ["fintrack"] }
    } },
  )

  tags = local.tags
}

# The pods' way to the data tier. Pods carry the cluster's group; which pod may
# connect at all is decided by NetworkPolicies, and as whom by IAM.
resource "aws_vpc_security_group_ingress_rule" "data" {
  for_each = {
    database = { group = data.terraform_remote_state.data.outputs.rds_security_group_id, port = data.terraform_remote_state.data.outputs.rds_port }
    cache    = { group = data.terraform_remote_state.data.outputs.elasticache_security_group_id, port = data.terraform_remote_state.data.outputs.elasticache_port }
  }

  security_group_id            = each.value.group
  description                  = "Pods of ${var.name}"
  referenced_security_group_id = module.eks.cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  tags                         = merge(local.tags, { Name = "${var.name}-pods-to-${each.key}" })
}
