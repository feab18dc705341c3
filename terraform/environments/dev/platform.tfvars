environment = "dev"
domain      = "dev.fintrack.io"

log_retention_days  = 30
loki_retention_days = 30
