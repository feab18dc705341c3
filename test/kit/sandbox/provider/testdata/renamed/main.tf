terraform {
  required_providers {
    amazon = { source = "registry.terraform.io/HashiCorp/aws" }
    aws    = { source = "example/aws" }
  }
}

provider "amazon" {
  alias = "dr"
}

provider "aws" {}
