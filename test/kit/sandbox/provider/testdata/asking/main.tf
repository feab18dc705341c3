terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

module "child" {
  source = "./child"

  providers = {
    aws    = aws
    aws.dr = aws
  }
}
