provider "aws" {
  region = var.region
}

provider "aws" {
  alias  = "dr"
  region = var.dr_region
}

module "kms" {
  source = "../../"

  name                    = var.name
  uses                    = ["s3", "secrets-manager"]
  multi_region            = true
  deletion_window_in_days = 7
  tags                    = var.tags
}

module "replica" {
  source    = "../../replica"
  providers = { aws = aws.dr }

  name                    = var.name
  primary_key_arns        = module.kms.key_arns
  policies                = { for use, p in module.kms.policies : use => replace(p, ".${var.region}.", ".${var.dr_region}.") }
  deletion_window_in_days = 7
  tags                    = var.tags
}
