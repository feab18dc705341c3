locals {
  # The layers whose state this one reads.
  needs = ["networking", "security", "data", "compute"]
}

# Which layers are applied: reading the state of one that is not would fail with no
# word of what to do. A bucket in another Region cannot be listed by this provider.
data "aws_s3_objects" "states" {
  count  = var.state_region == var.region ? 1 : 0
  bucket = var.state_bucket

  lifecycle {
    postcondition {
      condition     = alltrue([for l in local.needs : contains(self.keys, "${l}/terraform.tfstate")])
      error_message = "Not applied yet, and needed by platform: ${join(", ", [for l in local.needs : l if !contains(self.keys, "${l}/terraform.tfstate")])}. Apply what is missing first, in this order: ${join(", then ", [for l in local.needs : "terraform -chdir=terraform/${l} apply" if !contains(self.keys, "${l}/terraform.tfstate")])}. The bucket that was looked into is ${var.state_bucket}."
    }
  }
}

data "terraform_remote_state" "networking" {
  backend = "s3"

  config = {
    bucket = var.state_bucket
    key    = "networking/terraform.tfstate"
    region = var.state_region
  }

  depends_on = [data.aws_s3_objects.states]
}

data "terraform_remote_state" "security" {
  backend = "s3"

  config = {
    bucket = var.state_bucket
    key    = "security/terraform.tfstate"
    region = var.state_region
  }

  depends_on = [data.aws_s3_objects.states]
}

data "terraform_remote_state" "data" {
  backend = "s3"

  config = {
    bucket = var.state_bucket
    key    = "data/terraform.tfstate"
    region = var.state_region
  }

  depends_on = [data.aws_s3_objects.states]
}

data "terraform_remote_state" "compute" {
  backend = "s3"

  config = {
    bucket = var.state_bucket
    key    = "compute/terraform.tfstate"
    region = var.state_region
  }

  depends_on = [data.aws_s3_objects.states]
}
