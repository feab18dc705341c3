locals {
  # The single alarms go to "warning". These decide when somebody is woken.
  rds_critical = [
    for key, instance in var.rds_instances : join(" OR ", concat(
      ["ALARM(\"${var.name}-rds-${key}-storage\")", "(ALARM(\"${var.name}-rds-${key}-cpu\") AND ALARM(\"${var.name}-rds-${key}-connections\"))"],
      instance.replica ? ["ALARM(\"${var.name}-rds-${key}-replica-lag\")"] : [],
    ))
  ]

  elasticache_critical = [
    for key in keys(local.elasticache_shards) :
    "(ALARM(\"${var.name}-elasticache-${key}-memory\") AND ALARM(\"${var.name}-elasticache-${key}-evictions\")) OR ALARM(\"${var.name}-elasticache-${key}-replication-lag\")"
  ]

  tiers = {
    for tier, spec in {
      database = {
        rules       = local.rds_critical
        description = "The database is in danger: storage, a lagging replica, or CPU and connections together. What to do: open the alarm that is red among its children and follow it; tell the incidents channel."
      }
      cache = {
        rules       = local.elasticache_critical
        description = "The cache is in danger: memory is full and entries are thrown out, or replicas are behind. What to do: open the alarm that is red among its children and follow it; watch the database, which takes the load."
      }
      network = {
        rules       = [for key in keys(local.nat_alarms) : "ALARM(\"${var.name}-${key}\")"]
        description = "Outgoing connections fail at a NAT gateway. What to do: open the alarm that is red among its children and follow it; calls to banks and partners fail until then."
      }
      edge = {
        rules       = [for key in keys(local.alb_alarms) : "ALARM(\"${var.name}-${key}\")"]
        description = "Customers see server errors. What to do: open an incident, look at the latest deployment first and roll it back if it is younger than the errors."
      }
    } : tier => spec if length(spec.rules) > 0
  }

  # Errors at the edge while a tier below is red: the cause is known before the search starts.
  causes = [for tier in ["database", "cache", "network"] : "ALARM(\"${var.name}-${tier}\")" if contains(keys(local.tiers), tier)]
}

resource "aws_cloudwatch_composite_alarm" "tier" {
  for_each = local.tiers

  alarm_name        = "${var.name}-${each.key}"
  alarm_description = each.value.description
  alarm_rule        = join(" OR ", each.value.rules)
  alarm_actions     = [aws_sns_topic.this["critical"].arn]
  ok_actions        = [aws_sns_topic.this["critical"].arn]

  tags = var.tags

  depends_on = [
    aws_cloudwatch_metric_alarm.this,
    aws_cloudwatch_metric_alarm.combined,
  ]
}

resource "aws_cloudwatch_composite_alarm" "incident" {
  count = length(local.causes) > 0 && contains(keys(local.tiers), "edge") ? 1 : 0

  alarm_name        = "${var.name}-incident"
  alarm_description = "Customers see server errors while a tier below is red. What to do: treat the red tier as the cause, and do not roll back first."
  alarm_rule        = "ALARM(\"${var.name}-edge\") AND (${join(" OR ", local.causes)})"
  alarm_actions     = [aws_sns_topic.this["critical"].arn]
  ok_actions        = [aws_sns_topic.this["critical"].arn]

  tags = var.tags

  depends_on = [aws_cloudwatch_composite_alarm.tier]
}
