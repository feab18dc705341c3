# Who may connect is added by the layer that makes the group: the cluster's pods by
# compute. What each service may do is said here.
module "redis" {
  source = "../../modules/elasticache"

  name                      = var.name
  vpc_id                    = data.terraform_remote_state.networking.outputs.vpc_id
  subnet_ids                = data.terraform_remote_state.networking.outputs.isolated_subnet_ids
  client_security_group_ids = {}
  kms_key_arn               = data.terraform_remote_state.security.outputs.kms_key_arns["elasticache"]

  node_type                = var.redis.node_type
  shards                   = var.redis.shards
  replicas_per_shard       = var.redis.replicas_per_shard
  snapshot_retention_limit = var.redis.snapshot_days

  users = {
    auth           = "~session:* +@read +@write +@connection -@dangerous"
    reconciliation = "~reconciliation:* +@read +@write +@connection -@dangerous"
    worker         = "~transactions:* +@read +@write +@stream +@connection -@dangerous"
  }

  tags = local.tags
}
