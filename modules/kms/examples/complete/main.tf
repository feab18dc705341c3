provider "aws" {
  region = var.region
}

module "kms" {
  source = "../../"

  name                    = var.name
  uses                    = ["eks", "ebs", "rds", "elasticache", "dynamodb", "backup", "s3", "sqs", "sns", "ecr", "secrets-manager", "logs", "cloudtrail"]
  deletion_window_in_days = 7
  tags                    = var.tags
}
