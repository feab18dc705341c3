terraform {
  required_providers {
    aws    = "5.100.0"
    random = { source = "hashicorp/random" }
  }
}

provider "aws" {}
