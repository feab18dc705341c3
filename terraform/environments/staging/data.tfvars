environment = "staging"

rds = {
  instance_class        = "db.r6g.large"
  allocated_storage     = 100
  max_allocated_storage = 500
  read_replica          = "db.r6g.large"
}

redis = {
  node_type = "cache.r7g.large"
}
