data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  tags      = merge(var.tags, { Project = "fintrack", Environment = var.environment, Layer = "security" })
  long_name = { dev = "development", staging = "staging", prod = "production" }[var.environment]

  services = ["reconciliation-service", "reporting-service", "notification-service", "auth-service", "transaction-worker", "ml-anomaly-detector"]
}
