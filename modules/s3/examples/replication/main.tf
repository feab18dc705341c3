provider "aws" {
  region = var.region
}

provider "aws" {
  alias  = "dr"
  region = var.dr_region
}

resource "aws_kms_key" "primary" {
  description             = "Encrypts the bucket of ${var.name}."
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

module "dr" {
  source    = "../../"
  providers = { aws = aws.dr }

  name          = "${var.name}-dr"
  kms_key_arn   = aws_kms_key.dr.arn
  force_destroy = var.force_destroy

  tags = var.tags
}

module "s3" {
  source = "../../"

  name          = "${var.name}-primary"
  kms_key_arn   = aws_kms_key.primary.arn
  force_destroy = var.force_destroy

  replication = {
    bucket_arn  = module.dr.bucket_arn
    kms_key_arn = aws_kms_key.dr.arn
  }

  tags = var.tags
}
