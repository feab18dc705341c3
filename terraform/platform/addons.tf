# What the cluster's add-ons may do in AWS. Karpenter's role and the volume driver's
# come with the cluster (layer compute).

locals {
  addons = {
    external-secrets = {
      namespace       = "external-secrets"
      service_account = "external-secrets-sa"
      policy          = data.aws_iam_policy_document.external_secrets.json
    }
    cert-manager = {
      namespace       = "cert-manager"
      service_account = "cert-manager"
      policy          = data.aws_iam_policy_document.cert_manager.json
    }
    aws-load-balancer-controller = {
      namespace       = "kube-system"
      service_account = "aws-load-balancer-controller"
      policy          = data.aws_iam_policy_document.load_balancer.json
    }
    loki = {
      namespace       = "monitoring"
      service_account = "loki"
      policy          = data.aws_iam_policy_document.loki.json
    }
    fluent-bit = {
      namespace       = "logging"
      service_account = "fluent-bit"
      policy          = data.aws_iam_policy_document.fluent_bit.json
    }
    # Prometheus reads CloudWatch by its exporter.
    prometheus = {
      namespace       = "monitoring"
      service_account = "cloudwatch-exporter"
      policy          = data.aws_iam_policy_document.prometheus.json
    }
    image-updater = {
      namespace       = "argocd"
      service_account = "argocd-image-updater"
      policy          = data.aws_iam_policy_document.images_read.json
    }
    trivy-operator = {
      namespace       = "trivy-system"
      service_account = "trivy-operator"
      policy          = data.aws_iam_policy_document.images_read.json
    }
  }
}

# Every secret below the environment's path, and none elsewhere.
data "aws_iam_policy_document" "external_secrets" {
  statement {
    sid       = "ReadSecretsOfTheEnvironment"
    actions   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:ListSecretVersionIds"]
    resources = ["arn:${local.partition}:secretsmanager:${var.region}:${local.account}:secret:${var.name}/${local.long_name}/*"]
  }

  statement {
    sid       = "DecryptThroughSecretsManager"
    actions   = ["kms:Decrypt"]
    resources = [local.key["secrets-manager"]]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${var.region}.amazonaws.com"]
    }
  }
}

# Proves by a TXT record that the domain is ours (DNS01 in cert-manager's
# documentation), and can change no other record.
data "aws_iam_policy_document" "cert_manager" {
  statement {
    sid       = "AnswerChallenges"
    actions   = ["route53:ChangeResourceRecordSets"]
    resources = [aws_route53_zone.this.arn]

    condition {
      test     = "ForAllValues:StringEquals"
      variable = "route53:ChangeResourceRecordSetsRecordTypes"
      values   = ["TXT"]
    }

    condition {
      test     = "ForAllValues:StringLike"
      variable = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
      values   = ["_acme-challenge.${var.domain}", "_acme-challenge.*.${var.domain}"]
    }
  }

  statement {
    sid       = "ReadRecords"
    actions   = ["route53:ListResourceRecordSets"]
    resources = [aws_route53_zone.this.arn]
  }

  statement {
    sid       = "WaitForChanges"
    actions   = ["route53:GetChange"]
    resources = ["arn:${local.partition}:route53:::change/*"]
  }
}

# Chunks and index in the bucket of its own.
data "aws_iam_policy_document" "loki" {
  statement {
    sid       = "ListChunks"
    actions   = ["s3:ListBucket"]
    resources = [module.loki.bucket_arn]
  }

  statement {
    sid       = "Chunks"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${module.loki.bucket_arn}/*"]
  }

  statement {
    sid       = "UseTheKeyThroughS3"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.key["s3"]]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.region}.amazonaws.com"]
    }
  }
}

# Adds to the services' log groups, which the layer observability makes; reads nothing.
data "aws_iam_policy_document" "fluent_bit" {
  statement {
    sid     = "AddToLogs"
    actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = [for service in keys(local.services) :
      "arn:${local.partition}:logs:${var.region}:${local.account}:log-group:/${var.name}/services/${service}:*"
    ]
  }
}

# CloudWatch and tagging know no resources for these (Actions defined by Amazon
# CloudWatch); they read numbers and names, and the Region is what narrows them.
data "aws_iam_policy_document" "prometheus" {
  statement {
    sid       = "ReadMetrics"
    actions   = ["cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "tag:GetResources"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:RequestedRegion"
      values   = [var.region]
    }
  }
}

data "aws_iam_policy_document" "images_read" {
  statement {
    sid       = "Login"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # the action knows no resource (Actions defined by Amazon ECR)
  }

  statement {
    sid       = "ReadImages"
    actions   = ["ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer", "ecr:ListImages"]
    resources = values(data.terraform_remote_state.compute.outputs.ecr_repository_arns)
  }
}

resource "aws_iam_policy" "addon" {
  for_each = local.addons

  name   = "${var.name}-${each.key}"
  policy = each.value.policy
  tags   = local.tags
}

module "addon_role" {
  source   = "../../modules/iam-irsa"
  for_each = local.addons

  role_name                = "${var.name}-${each.key}"
  oidc_issuer              = data.terraform_remote_state.compute.outputs.oidc_issuer
  oidc_provider_arn        = data.terraform_remote_state.compute.outputs.oidc_provider_arn
  namespace                = each.value.namespace
  service_accounts         = [each.value.service_account]
  permissions_boundary_arn = data.terraform_remote_state.security.outputs.permissions_boundary_arn
  policy_arns              = { own = aws_iam_policy.addon[each.key].arn }

  tags = local.tags
}

locals {
  # Every role of a pod, by "namespace/service account".
  irsa_role_arns = merge(
    { for service, role in module.service_role : "fintrack/${service}" => role.role_arn },
    { for addon, role in module.addon_role : "${local.addons[addon].namespace}/${local.addons[addon].service_account}" => role.role_arn },
    {
      "karpenter/karpenter"               = data.terraform_remote_state.compute.outputs.karpenter.controller_role_arn
      "kube-system/ebs-csi-controller-sa" = data.terraform_remote_state.compute.outputs.ebs_csi_role_arn
    },
  )
}
