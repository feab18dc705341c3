module "kms" {
  source = "../../modules/kms"

  name                   = var.name
  uses                   = ["eks", "ebs", "rds", "elasticache", "dynamodb", "backup", "s3", "sqs", "sns", "ecr", "secrets-manager", "logs", "cloudtrail"]
  administrator_arns     = var.key_administrator_arns
  node_starter_role_arns = var.node_starter_role_arns

  tags = local.tags
}

# Keys of the copies in the other Region.
module "kms_dr" {
  source    = "../../modules/kms"
  providers = { aws = aws.dr }

  name               = var.name
  uses               = ["s3", "secrets-manager", "backup"]
  administrator_arns = var.key_administrator_arns

  tags = local.tags
}
