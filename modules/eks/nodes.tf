# The nodes for what must run before Karpenter can make others: CoreDNS, Karpenter
# itself, the policy engine.

resource "aws_iam_role" "node" {
  name               = "${var.name}-node"
  description        = "System nodes of ${var.name}"
  assume_role_policy = local.node_trust
  tags               = var.tags
}

locals {
  node_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Instances"
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.amazonaws.com" }
    }]
  })

  # What the network plugin needs is not among them: it has a role of its own, so
  # that a pod that gets at a node's role cannot change the network.
  node_policies = toset(["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"])
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each = local.node_policies

  role       = aws_iam_role.node.name
  policy_arn = "${local.policies}/${each.value}"
}

resource "aws_launch_template" "system" {
  name        = "${var.name}-system"
  description = "System nodes of ${var.name}"

  update_default_version = true

  # A pod is one hop further than its node: with one hop it does not reach the
  # node's credentials.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = var.system_nodes.volume_size
      encrypted             = true
      kms_key_id            = var.volume_kms_key_arn
      delete_on_termination = true
    }
  }

  monitoring {
    enabled = true
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume", "network-interface"]

    content {
      resource_type = tag_specifications.value
      tags          = merge(var.tags, { Name = "${var.name}-system" })
    }
  }

  tags = merge(var.tags, { Name = "${var.name}-system" })
}

resource "aws_eks_node_group" "system" {
  cluster_name = aws_eks_cluster.this.name

  # Another name each time, so that a group that must be replaced comes before the old
  # one goes: Karpenter and CoreDNS run there.
  node_group_name_prefix = "${var.name}-system-"

  node_role_arn  = aws_iam_role.node.arn
  subnet_ids     = var.subnet_ids
  version        = var.kubernetes_version
  ami_type       = "AL2023_x86_64_STANDARD"
  capacity_type  = "ON_DEMAND"
  instance_types = var.system_nodes.instance_types

  scaling_config {
    desired_size = var.system_nodes.min_size
    min_size     = var.system_nodes.min_size
    max_size     = var.system_nodes.max_size
  }

  update_config {
    max_unavailable = 1
  }

  launch_template {
    id      = aws_launch_template.system.id
    version = aws_launch_template.system.latest_version
  }

  labels = { "node-role" = "system" }

  taint {
    key    = "CriticalAddonsOnly"
    value  = "true"
    effect = "NO_SCHEDULE"
  }

  tags = merge(var.tags, { Name = "${var.name}-system" })

  # The network plugin first: pods of nodes that come before it would get their
  # addresses from the nodes' subnets.
  depends_on = [aws_iam_role_policy_attachment.node, aws_eks_addon.vpc_cni]

  lifecycle {
    create_before_destroy = true
  }
}
