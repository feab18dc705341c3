# Log groups, topics, the channels that hear them, and the alarms of the database, the
# cache, the NAT gateways and the load balancers.
module "observability" {
  source = "../../modules/observability"

  name        = var.name
  kms_key_arn = data.terraform_remote_state.security.outputs.kms_key_arns["sns"] # its policy admits logs and alarms
  slack       = one([for chat in var.slack[*] : merge(chat, { permissions_boundary_arn = data.terraform_remote_state.security.outputs.permissions_boundary_arn })])

  log_groups = { for service in local.services : "services/${service}" => { retention_in_days = var.log_retention_days } }

  metric_filters = { for service in local.services : "${replace(title(replace(service, "-", " ")), " ", "")}Errors" => {
    log_group = "services/${service}"
    pattern   = "{ $.level = \"error\" }"
    alarm = {
      threshold = var.service_errors
      summary   = "${service} logs ${var.service_errors} or more errors in 5 minutes."
      action    = "read them in its log group, grouped by code: a run of one code is one cause."
    }
  } }

  rds_instances = merge(
    { primary = { identifier = data.terraform_remote_state.data.outputs.rds_instance_id, connections = var.rds.connections, free_storage_gib = var.rds.free_storage_gib } },
    { for name, id in local.rds_replicas : name => { identifier = id, replica = true, connections = var.rds.connections, free_storage_gib = var.rds.free_storage_gib } },
  )

  elasticache_replication_groups = { redis = {
    id                 = data.terraform_remote_state.data.outputs.elasticache_replication_group_id
    shards             = data.terraform_remote_state.data.outputs.elasticache_shards
    replicas_per_shard = data.terraform_remote_state.data.outputs.elasticache_replicas_per_shard
  } }

  nat_gateways   = data.terraform_remote_state.networking.outputs.nat_gateway_ids
  load_balancers = var.api_load_balancer_arn_suffix == null ? {} : { api = { arn_suffix = var.api_load_balancer_arn_suffix } }

  tags = local.tags
}
