data "aws_eks_addon_version" "this" {
  for_each = toset(["vpc-cni", "kube-proxy", "coredns", "aws-ebs-csi-driver"])

  addon_name         = each.value
  kubernetes_version = var.kubernetes_version
}

# ---------------------------------------------------------------------------
# Network
# ---------------------------------------------------------------------------

module "vpc_cni_role" {
  source = "../iam-irsa"

  role_name         = "${var.name}-vpc-cni"
  oidc_issuer       = aws_eks_cluster.this.identity[0].oidc[0].issuer
  oidc_provider_arn = aws_iam_openid_connect_provider.this.arn
  namespace         = "kube-system"
  service_accounts  = ["aws-node"]
  policy_arns       = { cni = "${local.policies}/AmazonEKS_CNI_Policy" }
  tags              = var.tags
}

# enableNetworkPolicy is off by default, and every NetworkPolicy is then accepted
# and ignored ("Limit Pod traffic with Kubernetes network policies").
resource "aws_eks_addon" "vpc_cni" {
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = "vpc-cni"
  addon_version               = data.aws_eks_addon_version.this["vpc-cni"].version
  service_account_role_arn    = module.vpc_cni_role.role_arn
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  configuration_values = jsonencode({
    enableNetworkPolicy = "true"
    env = {
      AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG = "true"
      ENI_CONFIG_LABEL_DEF               = "topology.kubernetes.io/zone"
      ENABLE_PREFIX_DELEGATION           = "true"
      WARM_PREFIX_TARGET                 = "1"
    }
    eniConfig = {
      create = true
      region = local.region
      subnets = {
        for zone, subnet in var.pod_subnet_ids : zone => {
          id             = subnet
          securityGroups = [aws_eks_cluster.this.vpc_config[0].cluster_security_group_id]
        }
      }
    }
  })

  tags = var.tags
}

resource "aws_eks_addon" "kube_proxy" {
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = "kube-proxy"
  addon_version               = data.aws_eks_addon_version.this["kube-proxy"].version
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags
}

# ---------------------------------------------------------------------------
# What needs nodes to run on
# ---------------------------------------------------------------------------

resource "aws_eks_addon" "coredns" {
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = "coredns"
  addon_version               = data.aws_eks_addon_version.this["coredns"].version
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags

  configuration_values = jsonencode({
    tolerations = [{ key = "CriticalAddonsOnly", operator = "Exists" }]
  })

  depends_on = [aws_eks_node_group.system]
}

module "ebs_csi_role" {
  source = "../iam-irsa"

  role_name         = "${var.name}-ebs-csi"
  oidc_issuer       = aws_eks_cluster.this.identity[0].oidc[0].issuer
  oidc_provider_arn = aws_iam_openid_connect_provider.this.arn
  namespace         = "kube-system"
  service_accounts  = ["ebs-csi-controller-sa"]
  policy_arns = {
    driver = "${local.policies}/service-role/AmazonEBSCSIDriverPolicy"
    key    = aws_iam_policy.ebs_key.arn
  }
  tags = var.tags
}

# The driver's own policy leaves customer keys out ("Use Kubernetes volume storage
# with Amazon EBS").
resource "aws_iam_policy" "ebs_key" {
  name        = "${var.name}-ebs-csi-key"
  description = "Volumes of ${var.name} under the customer key"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "GrantToVolumes"
        Effect    = "Allow"
        Action    = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]
        Resource  = var.volume_kms_key_arn
        Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
      },
      {
        Sid      = "UseKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        Resource = var.volume_kms_key_arn
      },
    ]
  })
  tags = var.tags
}

resource "aws_eks_addon" "ebs_csi" {
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = "aws-ebs-csi-driver"
  addon_version               = data.aws_eks_addon_version.this["aws-ebs-csi-driver"].version
  service_account_role_arn    = module.ebs_csi_role.role_arn
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags

  depends_on = [aws_eks_node_group.system]
}
