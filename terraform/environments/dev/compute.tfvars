environment         = "dev"
public_access_cidrs = ["203.0.113.0/24"]

system_nodes = {
  instance_types = ["t3.large"]
  min_size       = 2
  max_size       = 3
}

log_retention_days = 90 # the least for an audit log
