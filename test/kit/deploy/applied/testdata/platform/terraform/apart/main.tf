# Two regions, and a protection that a destroy must lift.
provider "aws" {
  alias  = "dr"
  region = "us-west-2"
}

variable "deletion_protection" {
  type    = bool
  default = true
}

resource "aws_dynamodb_table" "this" {
  provider = aws.dr

  name                        = "${var.name}-apart"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "id"
  deletion_protection_enabled = var.deletion_protection
  tags                        = var.tags

  attribute {
    name = "id"
    type = "S"
  }
}
