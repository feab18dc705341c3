# What is looked at when the cluster, and Grafana with it, cannot be.
locals {
  metric = { # namespace, name, dimension's name
    rds   = "AWS/RDS"
    redis = "AWS/ElastiCache"
    queue = "AWS/SQS"
    nat   = "AWS/NATGateway"
  }

  databases = concat([data.terraform_remote_state.data.outputs.rds_instance_id], data.terraform_remote_state.data.outputs.rds_replica_ids)

  graphs = {
    data = [
      { title = "Database CPU, per cent", metrics = [for id in local.databases : [local.metric.rds, "CPUUtilization", "DBInstanceIdentifier", id]] },
      { title = "Database connections", metrics = [for id in local.databases : [local.metric.rds, "DatabaseConnections", "DBInstanceIdentifier", id]] },
      { title = "Database free storage, bytes", metrics = [for id in local.databases : [local.metric.rds, "FreeStorageSpace", "DBInstanceIdentifier", id]] },
      { title = "Replica lag, seconds", metrics = [for id in local.databases : [local.metric.rds, "ReplicaLag", "DBInstanceIdentifier", id]] },
      { title = "Cache memory, per cent", metrics = [[local.metric.redis, "DatabaseMemoryUsagePercentage", "ReplicationGroupId", data.terraform_remote_state.data.outputs.elasticache_replication_group_id]] },
      { title = "Cache evictions", metrics = [[local.metric.redis, "Evictions", "ReplicationGroupId", data.terraform_remote_state.data.outputs.elasticache_replication_group_id]] },
    ]
    traffic = [
      { title = "Transactions waiting", metrics = [[local.metric.queue, "ApproximateNumberOfMessagesVisible", "QueueName", data.terraform_remote_state.data.outputs.transactions_queue_name]] },
      { title = "Age of the oldest transaction, seconds", metrics = [[local.metric.queue, "ApproximateAgeOfOldestMessage", "QueueName", data.terraform_remote_state.data.outputs.transactions_queue_name]] },
      { title = "Transactions that failed", metrics = [[local.metric.queue, "ApproximateNumberOfMessagesVisible", "QueueName", data.terraform_remote_state.data.outputs.transactions_dlq_name]] },
      { title = "NAT port allocation errors", metrics = [for id in values(data.terraform_remote_state.networking.outputs.nat_gateway_ids) : [local.metric.nat, "ErrorPortAllocation", "NatGatewayId", id]] },
    ]
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  for_each = local.graphs

  dashboard_name = "${var.name}-${each.key}"
  dashboard_body = jsonencode({
    widgets = [for i, graph in each.value : {
      type       = "metric"
      x          = 12 * (i % 2)
      y          = 6 * floor(i / 2)
      width      = 12
      height     = 6
      properties = { title = graph.title, metrics = graph.metrics, region = var.region, stat = "Maximum", period = 60, view = "timeSeries" }
    }]
  })
}
