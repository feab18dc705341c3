# The load balancer controller, after the policy that its project publishes
# (Installation guide, iam_policy.json). That one narrows what exists by the mere
# presence of a cluster's tag; here the tag must be this cluster's, so that the
# controllers of two clusters in one account cannot touch each other's.
data "aws_iam_policy_document" "load_balancer" {
  # The Describe actions know no resources (Actions defined by Elastic Load
  # Balancing, Amazon EC2, AWS WAF V2); the Region narrows them.
  statement {
    sid = "Read"
    actions = [
      "acm:DescribeCertificate", "acm:ListCertificates",
      "ec2:DescribeAccountAttributes", "ec2:DescribeAddresses", "ec2:DescribeAvailabilityZones", "ec2:DescribeInstances",
      "ec2:DescribeInternetGateways", "ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets", "ec2:DescribeTags", "ec2:DescribeVpcs",
      "elasticloadbalancing:DescribeListenerAttributes", "elasticloadbalancing:DescribeListenerCertificates",
      "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeLoadBalancerAttributes",
      "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeSSLPolicies",
      "elasticloadbalancing:DescribeTags", "elasticloadbalancing:DescribeTargetGroupAttributes",
      "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
      "wafv2:GetWebACLForResource",
    ]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [var.region]
    }
  }

  # Its own security groups: in the platform's network, marked as this cluster's.
  statement {
    sid       = "MakeGroupsInTheNetwork"
    actions   = ["ec2:CreateSecurityGroup"]
    resources = ["arn:${local.partition}:ec2:${var.region}:${local.account}:vpc/${data.terraform_remote_state.networking.outputs.vpc_id}"]
  }

  statement {
    sid       = "MakeMarkedGroups"
    actions   = ["ec2:CreateSecurityGroup"]
    resources = ["arn:${local.partition}:ec2:${var.region}:${local.account}:security-group/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/elbv2.k8s.aws/cluster"
      values   = [data.terraform_remote_state.compute.outputs.cluster_name]
    }
  }

  statement {
    sid       = "MarkNewGroups"
    actions   = ["ec2:CreateTags"]
    resources = ["arn:${local.partition}:ec2:${var.region}:${local.account}:security-group/*"]

    condition {
      test     = "StringEquals"
      variable = "ec2:CreateAction"
      values   = ["CreateSecurityGroup"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/elbv2.k8s.aws/cluster"
      values   = [data.terraform_remote_state.compute.outputs.cluster_name]
    }
  }

  statement {
    sid       = "ChangeOwnGroups"
    actions   = ["ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupIngress"]
    resources = ["arn:${local.partition}:ec2:${var.region}:${local.account}:security-group/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/elbv2.k8s.aws/cluster"
      values   = [data.terraform_remote_state.compute.outputs.cluster_name]
    }
  }

  # The way from the load balancer to the pods is a rule of the cluster's group.
  statement {
    sid       = "LetTheLoadBalancerIn"
    actions   = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"]
    resources = ["arn:${local.partition}:ec2:${var.region}:${local.account}:security-group/${data.terraform_remote_state.compute.outputs.cluster_security_group_id}"]
  }

  statement {
    sid       = "MakeMarked"
    actions   = ["elasticloadbalancing:AddTags", "elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"]
    resources = local.balancing

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/elbv2.k8s.aws/cluster"
      values   = [data.terraform_remote_state.compute.outputs.cluster_name]
    }
  }

  # Listeners, rules, targets and settings of what is this cluster's. A new listener
  # is judged by its load balancer's tags.
  statement {
    sid = "ChangeOwn"
    actions = [
      "elasticloadbalancing:AddListenerCertificates", "elasticloadbalancing:CreateListener", "elasticloadbalancing:CreateRule",
      "elasticloadbalancing:DeleteListener", "elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteRule",
      "elasticloadbalancing:DeleteTargetGroup", "elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:ModifyListener",
      "elasticloadbalancing:ModifyListenerAttributes", "elasticloadbalancing:ModifyLoadBalancerAttributes",
      "elasticloadbalancing:ModifyRule", "elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes",
      "elasticloadbalancing:RegisterTargets", "elasticloadbalancing:RemoveListenerCertificates", "elasticloadbalancing:RemoveTags",
      "elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:SetSubnets", "elasticloadbalancing:SetWebACL",
    ]
    resources = concat(local.balancing, local.listening)

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/elbv2.k8s.aws/cluster"
      values   = [data.terraform_remote_state.compute.outputs.cluster_name]
    }
  }

  # Listeners and rules take the tags of their load balancer when they are made.
  statement {
    sid       = "MarkListeners"
    actions   = ["elasticloadbalancing:AddTags"]
    resources = local.listening

    condition {
      test     = "StringEquals"
      variable = "elasticloadbalancing:CreateAction"
      values   = ["CreateListener", "CreateRule"]
    }
  }

  # The platform's own web ACL, and no other, before a load balancer.
  statement {
    sid       = "ProtectByTheWebACL"
    actions   = ["wafv2:AssociateWebACL", "wafv2:DisassociateWebACL", "wafv2:GetWebACL"]
    resources = [module.waf_regional.web_acl_arn, "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:loadbalancer/app/*"]
  }

  statement {
    sid       = "MakeItsServiceLinkedRole"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["arn:${local.partition}:iam::${local.account}:role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing"]

    condition {
      test     = "StringEquals"
      variable = "iam:AWSServiceName"
      values   = ["elasticloadbalancing.amazonaws.com"]
    }
  }
}

locals {
  balancing = [for kind in ["loadbalancer/app", "targetgroup"] : "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:${kind}/*"]
  listening = [for kind in ["listener/app", "listener-rule/app"] : "arn:${local.partition}:elasticloadbalancing:${var.region}:${local.account}:${kind}/*"]
}
