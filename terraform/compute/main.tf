locals {
  tags = merge(var.tags, { Project = "fintrack", Environment = var.environment, Layer = "compute" })

  services = ["reconciliation-service", "reporting-service", "notification-service", "auth-service", "transaction-worker", "ml-anomaly-detector"]
}
