environment = "prod"

rds = {
  instance_class        = "db.r6g.2xlarge"
  allocated_storage     = 500
  max_allocated_storage = 2000
  read_replica          = "db.r6g.xlarge"
}

redis = {
  node_type = "cache.r7g.xlarge"
}
