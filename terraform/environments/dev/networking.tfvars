environment             = "dev"
single_nat_gateway      = true
flow_log_retention_days = 30
