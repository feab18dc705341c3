environment = "dev"

rds = {
  instance_class        = "db.t4g.medium"
  multi_az              = false
  allocated_storage     = 20
  max_allocated_storage = 100
  backup_retention_days = 7
  read_replica          = null
}

redis = {
  node_type          = "cache.t4g.small"
  shards             = 1
  replicas_per_shard = 1
  snapshot_days      = 1
}

evidence_retention_days = 1

backup = {
  daily_days   = 7
  monthly_days = 31
  dr_days      = 7
}
