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

provider "aws" {
  alias  = "dr"
  region = "eu-west-1"
}

resource "aws_sqs_queue" "here" {
  name = "here"
}

resource "aws_sqs_queue" "there" {
  provider = aws.dr
  name     = "there"
}
