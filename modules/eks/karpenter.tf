# What Karpenter needs outside the cluster: a role for its controller, a role for
# its nodes, and word of instances that are about to go. Modelled on Karpenter's own
# CloudFormation ("Reference: CloudFormation"), but that it makes no instance profile
# itself, so the controller writes nothing into IAM.

locals {
  owned  = "aws:ResourceTag/kubernetes.io/cluster/${var.name}"
  asking = "aws:RequestTag/kubernetes.io/cluster/${var.name}"
  ec2    = "arn:${local.partition}:ec2:${local.region}"
}

# ---------------------------------------------------------------------------
# Nodes
# ---------------------------------------------------------------------------

resource "aws_iam_role" "karpenter_node" {
  name               = "${var.name}-karpenter-node"
  description        = "Nodes that Karpenter makes for ${var.name}"
  assume_role_policy = local.node_trust
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "karpenter_node" {
  for_each = local.node_policies

  role       = aws_iam_role.karpenter_node.name
  policy_arn = "${local.policies}/${each.value}"
}

resource "aws_iam_instance_profile" "karpenter_node" {
  name = "${var.name}-karpenter-node"
  role = aws_iam_role.karpenter_node.name
  tags = var.tags
}

# Lets these instances join; EKS makes such an entry for managed node groups alone.
resource "aws_eks_access_entry" "karpenter_node" {
  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_iam_role.karpenter_node.arn
  type          = "EC2_LINUX"
  tags          = merge(var.tags, { Name = "${var.name}-karpenter-node" })
}

# ---------------------------------------------------------------------------
# Controller
# ---------------------------------------------------------------------------

module "karpenter_role" {
  source = "../iam-irsa"

  role_name         = "${var.name}-karpenter"
  oidc_issuer       = aws_eks_cluster.this.identity[0].oidc[0].issuer
  oidc_provider_arn = aws_iam_openid_connect_provider.this.arn
  namespace         = var.karpenter.namespace
  service_accounts  = [var.karpenter.service_account]
  policy_arns       = { controller = aws_iam_policy.karpenter.arn }
  tags              = var.tags
}

resource "aws_iam_policy" "karpenter" {
  name        = "${var.name}-karpenter"
  description = "Karpenter's controller in ${var.name}"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # What an instance is made from. None of it is made or changed by this.
        Sid    = "LaunchFrom"
        Effect = "Allow"
        Action = ["ec2:CreateFleet", "ec2:RunInstances"]
        Resource = [
          "${local.ec2}::image/*",
          "${local.ec2}::snapshot/*",
          "${local.ec2}:*:capacity-reservation/*",
          "${local.ec2}:*:security-group/*",
          "${local.ec2}:*:subnet/*",
        ]
      },
      {
        Sid       = "LaunchFromOwnTemplates"
        Effect    = "Allow"
        Action    = ["ec2:CreateFleet", "ec2:RunInstances"]
        Resource  = "${local.ec2}:*:launch-template/*"
        Condition = { StringEquals = { (local.owned) = "owned" }, StringLike = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" } }
      },
      {
        Sid    = "LaunchTagged"
        Effect = "Allow"
        Action = ["ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:RunInstances"]
        Resource = [for kind in ["fleet", "instance", "launch-template", "network-interface", "spot-instances-request", "volume"] :
          "${local.ec2}:*:${kind}/*"
        ]
        Condition = {
          StringEquals = { (local.asking) = "owned", "aws:RequestTag/eks:eks-cluster-name" = var.name }
          StringLike   = { "aws:RequestTag/karpenter.sh/nodepool" = "*" }
        }
      },
      {
        Sid    = "TagWhatIsMade"
        Effect = "Allow"
        Action = "ec2:CreateTags"
        Resource = [for kind in ["fleet", "instance", "launch-template", "network-interface", "spot-instances-request", "volume"] :
          "${local.ec2}:*:${kind}/*"
        ]
        Condition = {
          StringEquals = {
            (local.asking)                        = "owned"
            "aws:RequestTag/eks:eks-cluster-name" = var.name
            "ec2:CreateAction"                    = ["CreateFleet", "CreateLaunchTemplate", "RunInstances"]
          }
          StringLike = { "aws:RequestTag/karpenter.sh/nodepool" = "*" }
        }
      },
      {
        Sid      = "TagOwnInstances"
        Effect   = "Allow"
        Action   = "ec2:CreateTags"
        Resource = "${local.ec2}:*:instance/*"
        Condition = {
          StringEquals                = { (local.owned) = "owned" }
          StringLike                  = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" }
          StringEqualsIfExists        = { "aws:RequestTag/eks:eks-cluster-name" = var.name }
          "ForAllValues:StringEquals" = { "aws:TagKeys" = ["Name", "eks:eks-cluster-name", "karpenter.sh/nodeclaim"] }
        }
      },
      {
        Sid       = "DeleteOwn"
        Effect    = "Allow"
        Action    = ["ec2:DeleteLaunchTemplate", "ec2:TerminateInstances"]
        Resource  = ["${local.ec2}:*:instance/*", "${local.ec2}:*:launch-template/*"]
        Condition = { StringEquals = { (local.owned) = "owned" }, StringLike = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" } }
      },
      {
        # EC2 knows no resources for these (Actions, resources, and condition keys
        # for Amazon EC2), so the region is what narrows them.
        Sid    = "ReadRegion"
        Effect = "Allow"
        Action = [
          "ec2:DescribeCapacityReservations", "ec2:DescribeImages", "ec2:DescribeInstanceStatus", "ec2:DescribeInstanceTypeOfferings",
          "ec2:DescribeInstanceTypes", "ec2:DescribeInstances", "ec2:DescribeLaunchTemplates", "ec2:DescribeSecurityGroups",
          "ec2:DescribeSpotPriceHistory", "ec2:DescribeSubnets",
        ]
        Resource  = "*"
        Condition = { StringEquals = { "aws:RequestedRegion" = local.region } }
      },
      {
        Sid      = "ReadImageIds"
        Effect   = "Allow"
        Action   = "ssm:GetParameter"
        Resource = "arn:${local.partition}:ssm:${local.region}::parameter/aws/service/*"
      },
      {
        Sid      = "ReadPrices"
        Effect   = "Allow"
        Action   = "pricing:GetProducts"
        Resource = "*" # the price list has no resources
      },
      {
        Sid      = "HearInterruptions"
        Effect   = "Allow"
        Action   = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
        Resource = aws_sqs_queue.interruption.arn
      },
      {
        Sid       = "PassNodeRole"
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = aws_iam_role.karpenter_node.arn
        Condition = { StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" } }
      },
      {
        Sid      = "ReadNodeProfile"
        Effect   = "Allow"
        Action   = "iam:GetInstanceProfile"
        Resource = aws_iam_instance_profile.karpenter_node.arn
      },
      {
        # It looks for profiles that it made itself in an earlier version; there is no
        # resource to name ("Actions, resources, and condition keys for AWS IAM").
        Sid      = "ListProfiles"
        Effect   = "Allow"
        Action   = "iam:ListInstanceProfiles"
        Resource = "*"
      },
      {
        Sid      = "FindApiServer"
        Effect   = "Allow"
        Action   = "eks:DescribeCluster"
        Resource = aws_eks_cluster.this.arn
      },
    ]
  })
  tags = var.tags
}
