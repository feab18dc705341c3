environment         = "prod"
public_access_cidrs = ["203.0.113.0/24"] # the office's addresses

system_nodes = {
  instance_types = ["m6i.large", "m7i.large"]
  min_size       = 3
  max_size       = 6
}
