# What AWS itself tells of: each kind of event goes to a topic as it comes.
locals {
  events = {
    root-user = {
      topic       = "critical"
      description = "Somebody signed in as the root user"
      pattern = {
        detail-type = ["AWS Console Sign In via CloudTrail"]
        detail      = { userIdentity = { type = ["Root"] } }
      }
    }
    keys-and-trails = {
      topic       = "critical"
      description = "A key is to be deleted or is off, or a trail was stopped"
      pattern = {
        source      = ["aws.kms", "aws.cloudtrail"]
        detail-type = ["AWS API Call via CloudTrail"]
        detail      = { eventName = ["DeleteTrail", "DisableKey", "ScheduleKeyDeletion", "StopLogging"] }
      }
    }
    guardduty-high = {
      topic       = "critical"
      description = "GuardDuty found something of high severity"
      pattern = {
        source      = ["aws.guardduty"]
        detail-type = ["GuardDuty Finding"]
        detail      = { severity = [{ numeric = [">=", 7] }] }
      }
    }
    guardduty-medium = {
      topic       = "warning"
      description = "GuardDuty found something of medium severity"
      pattern = {
        source      = ["aws.guardduty"]
        detail-type = ["GuardDuty Finding"]
        detail      = { severity = [{ numeric = [">=", 4, "<", 7] }] }
      }
    }
    backup-failed = {
      topic       = "warning"
      description = "A backup, or its copy to the other Region, did not come about"
      pattern = {
        source      = ["aws.backup"]
        detail-type = ["Backup Job State Change", "Copy Job State Change"]
        detail      = { state = ["ABORTED", "EXPIRED", "FAILED"] }
      }
    }
    database-failover = {
      topic       = "warning"
      description = "The database failed over"
      pattern = {
        source      = ["aws.rds"]
        detail-type = ["RDS DB Instance Event"]
        detail      = { EventCategories = ["failover"] }
      }
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.events

  name          = "${var.name}-${each.key}"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
  tags          = merge(local.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.events

  rule      = aws_cloudwatch_event_rule.this[each.key].name
  target_id = each.value.topic
  arn       = module.observability.topic_arns[each.value.topic]
}
