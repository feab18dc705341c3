module "ecr" {
  source = "../../modules/ecr"

  repositories        = [for service in local.services : "${var.repository_prefix}${service}"]
  kms_key_arn         = data.terraform_remote_state.security.outputs.kms_key_arns["ecr"]
  force_delete        = !var.deletion_protection
  replication_regions = [var.dr_region]

  tags = local.tags
}
