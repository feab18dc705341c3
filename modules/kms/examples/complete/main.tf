provider "aws" {
  region = var.region
}

module "kms" {
  source = "../../"

  name                    = var.name
  deletion_window_in_days = 7
  tags                    = var.tags
}
