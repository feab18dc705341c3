data "aws_caller_identity" "this" {}

data "terraform_remote_state" "this" {
  backend = "local"
}

resource "terraform_data" "this" {}
