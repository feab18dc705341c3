data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  tags      = merge(var.tags, { Project = "fintrack", Environment = var.environment, Layer = "observability" })

  services = ["reconciliation-service", "reporting-service", "notification-service", "auth-service", "transaction-worker", "ml-anomaly-detector"]

  rds_replicas = { for i, id in data.terraform_remote_state.data.outputs.rds_replica_ids : "replica-${i}" => id }
}
