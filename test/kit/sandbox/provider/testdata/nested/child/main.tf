terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

module "grandchild" {
  source = "./grandchild"
}

module "again" {
  source = "../child/grandchild"
}
