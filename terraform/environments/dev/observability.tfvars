environment        = "dev"
budget_usd         = 1500
log_retention_days = 30

rds = {
  connections      = 300
  free_storage_gib = 5
}
