locals {
  # One alarm a shard: CloudWatch combines at most ten time series, and a shard has at
  # most six nodes. Nodes are named <group>-<shard>-<node> with four and three digits.
  elasticache_shards = merge([
    for key, group in var.elasticache_replication_groups : {
      for shard in range(1, group.shards + 1) : "${key}-${format("%04d", shard)}" => {
        group = group
        nodes = [for node in range(1, group.replicas_per_shard + 2) : "${group.id}-${format("%04d", shard)}-${format("%03d", node)}"]
        shard = "shard ${format("%04d", shard)} of the cache ${group.id}"
      }
    }
  ]...)

  elasticache_kinds = {
    for key, shard in local.elasticache_shards : key => {
      memory = {
        metric      = "DatabaseMemoryUsagePercentage"
        statistic   = "Maximum"
        combine     = "MAX"
        threshold   = shard.group.memory_percent
        missing     = "breaching"
        description = "A node in ${shard.shard} uses more than ${shard.group.memory_percent} % of its memory for 15 minutes, or none reports. What to do: look for keys without expiry; if the data is wanted, add a shard. At 100 % entries are thrown out."
      }
      evictions = {
        metric      = "Evictions"
        statistic   = "Sum"
        combine     = "SUM"
        threshold   = shard.group.evictions
        missing     = "notBreaching"
        description = "Entries are thrown out of ${shard.shard}: more than ${shard.group.evictions} in each 5 minutes. What to do: as for its memory; until then the services read from the database what they expect in the cache."
      }
      replication-lag = {
        metric    = "ReplicationLag"
        statistic = "Maximum"
        combine   = "MAX"
        threshold = shard.group.replication_lag_seconds

        # Reported by replicas alone, and which node is one changes with every failover.
        missing     = "notBreaching"
        description = "A replica in ${shard.shard} is more than ${shard.group.replication_lag_seconds} s behind for 15 minutes. What to do: look at the primary's writes and network; a failover now would lose what has not been copied."
      }
    }
  }

  elasticache_alarms = merge([
    for key, shard in local.elasticache_shards : {
      for kind, alarm in local.elasticache_kinds[key] : "elasticache-${key}-${kind}" => {
        namespace           = "AWS/ElastiCache"
        metric              = alarm.metric
        dimensions          = [for node in shard.nodes : { CacheClusterId = node }]
        combine             = "${alarm.combine}([${join(", ", [for i in range(length(shard.nodes)) : "m${i + 1}"])}])"
        statistic           = alarm.statistic
        comparison          = "GreaterThanThreshold"
        threshold           = alarm.threshold
        period              = 300
        evaluation_periods  = 3
        datapoints_to_alarm = 3
        missing_data        = alarm.missing
        topic               = "warning"
        description         = alarm.description
      }
    }
  ]...)
}
