provider "aws" {
  region = var.region
}

provider "aws" {
  alias  = "dr"
  region = var.dr_region
}

resource "aws_kms_key" "primary" {
  description             = "Encrypts the secrets of ${var.name}."
  enable_key_rotation     = true
  deletion_window_in_days = 7

  tags = merge(var.tags, { Name = "${var.name}-primary" })
}

resource "aws_kms_key" "dr" {
  provider = aws.dr

  description             = "Encrypts the copies of ${var.name}."
  enable_key_rotation     = true
  deletion_window_in_days = 7

  tags = merge(var.tags, { Name = "${var.name}-dr" })
}

module "secrets_manager" {
  source = "../../"

  name                    = var.name
  kms_key_arn             = aws_kms_key.primary.arn
  recovery_window_in_days = var.recovery_window_in_days
  replicas                = { (var.dr_region) = aws_kms_key.dr.arn }

  secrets = {
    partner = { description = "The key of the partner bank's interface. Written by the operations team." }
  }

  tags = var.tags
}
