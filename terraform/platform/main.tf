data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  tags      = merge(var.tags, { Project = "fintrack", Environment = var.environment, Layer = "platform" })
  long_name = { dev = "development", staging = "staging", prod = "production" }[var.environment]

  api_host = "api.${var.domain}"
  app_host = "app.${var.domain}"
}
