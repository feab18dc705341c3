provider "aws" {
  region = var.region
}

provider "aws" {
  alias  = "dr"
  region = var.dr_region
}

resource "aws_kms_key" "this" {
  description             = "${var.name}: images"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  tags                    = var.tags
}

resource "aws_kms_key" "dr" {
  provider = aws.dr

  description             = "${var.name}: copies of images"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  tags                    = var.tags
}

# First where the copies go, so that they find repositories as strict as the source.
module "dr" {
  source    = "../../"
  providers = { aws = aws.dr }

  repositories = ["${var.name}/auth-service"]
  kms_key_arn  = aws_kms_key.dr.arn
  tags         = var.tags
}

module "ecr" {
  source = "../../"

  repositories        = ["${var.name}/auth-service"]
  kms_key_arn         = aws_kms_key.this.arn
  replication_regions = [var.dr_region]
  tags                = var.tags

  depends_on = [module.dr]
}
