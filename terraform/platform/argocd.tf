# What the applications of gitops/ cannot know before this layer is applied: names and
# addresses in AWS. No secret is among them.
locals {
  argocd_values = {
    environment = var.environment
    aws         = { accountId = local.account, region = var.region }
    cluster     = { name = data.terraform_remote_state.compute.outputs.cluster_name, endpoint = data.terraform_remote_state.compute.outputs.cluster_endpoint }
    domain      = var.domain

    images          = { repositories = data.terraform_remote_state.compute.outputs.ecr_repository_urls }
    serviceAccounts = { for account, arn in local.irsa_role_arns : account => { roleArn = arn } }

    ingress = {
      host           = local.api_host
      certificateArn = aws_acm_certificate_validation.this["api"].certificate_arn
      webAclArn      = module.waf_regional.web_acl_arn
      subnetIds      = data.terraform_remote_state.networking.outputs.public_subnet_ids
    }

    secrets      = { path = "${var.name}/${local.long_name}" }
    queues       = { transactions = { name = data.terraform_remote_state.data.outputs.transactions_queue_name, url = data.terraform_remote_state.data.outputs.transactions_queue_url } }
    loki         = { bucket = module.loki.bucket, retentionDays = var.loki_retention_days }
    certificates = { hostedZoneId = aws_route53_zone.this.zone_id }

    karpenter = {
      interruptionQueue = data.terraform_remote_state.compute.outputs.karpenter.queue_name
      nodeRoleName      = data.terraform_remote_state.compute.outputs.karpenter.node_role_name
      instanceProfile   = data.terraform_remote_state.compute.outputs.karpenter.instance_profile_name
    }
  }
}
