locals {
  rds_thresholds = {
    for key, instance in var.rds_instances : key => {
      cpu = {
        metric      = "CPUUtilization"
        statistic   = "Average"
        comparison  = "GreaterThanThreshold"
        threshold   = instance.cpu_percent
        missing     = "missing"
        description = "CPU of the database ${instance.identifier} is above ${instance.cpu_percent} % for 15 minutes. What to do: look for the heaviest statement in Performance Insights; if the load is wanted, move reads to the replica or take a larger class."
      }
      connections = {
        metric      = "DatabaseConnections"
        statistic   = "Maximum"
        comparison  = "GreaterThanThreshold"
        threshold   = instance.connections
        missing     = "missing"
        description = "The database ${instance.identifier} has more than ${instance.connections} connections for 15 minutes. What to do: find the service that opened them in pg_stat_activity and lower its pool; when max_connections is reached nobody gets in."
      }
      storage = {
        metric     = "FreeStorageSpace"
        statistic  = "Minimum"
        comparison = "LessThanThreshold"
        threshold  = instance.free_storage_gib * 1024 * 1024 * 1024

        # A database that reports nothing is down, and this is the metric it always reports.
        missing     = "breaching"
        description = "The database ${instance.identifier} has less than ${instance.free_storage_gib} GiB of storage left, or reports nothing. What to do: if it reports nothing, look at its events; else look for a stuck replication slot or a growing table, and raise allocated storage: a full database stops."
      }
    }
  }

  rds_lag = {
    for key, instance in var.rds_instances : key => {
      replica-lag = {
        metric      = "ReplicaLag"
        statistic   = "Maximum"
        comparison  = "GreaterThanThreshold"
        threshold   = instance.replica_lag_seconds
        missing     = "breaching"
        description = "The replica ${instance.identifier} is more than ${instance.replica_lag_seconds} s behind for 15 minutes, or its replication is broken. What to do: look for a long transaction on the replica and for a burst of writes on its source; reports are stale until it has caught up."
      }
    } if instance.replica
  }

  rds_alarms = merge([
    for key, instance in var.rds_instances : {
      for kind, alarm in merge(local.rds_thresholds[key], lookup(local.rds_lag, key, {})) : "rds-${key}-${kind}" => {
        namespace           = "AWS/RDS"
        metric              = alarm.metric
        dimensions          = [{ DBInstanceIdentifier = instance.identifier }]
        combine             = null
        statistic           = alarm.statistic
        comparison          = alarm.comparison
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
