variable "name" {
  description = "Prefix of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9-]{1,39}$", var.name))
    error_message = "name must be 2 to 40 letters, digits and hyphens, beginning with a letter."
  }
}

variable "tags" {
  description = "Tags of every resource of the module that takes tags."
  type        = map(string)
  default     = {}
}

variable "kms_key_arn" {
  description = "ARN of the KMS key for logs and topics. Its policy must let CloudWatch Logs, CloudWatch and EventBridge use it; the README has the statements."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (arn:aws:kms:<region>:<account>:key/<id>). The AWS managed key of SNS cannot be used by CloudWatch: alarms would be sent into nothing."
  }
}

variable "log_groups" {
  description = "Log groups by name below /<name>/, with the days for which entries are kept."
  type        = map(object({ retention_in_days = optional(number, 365) }))
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.log_groups) : can(regex("^[a-zA-Z0-9_.-]+(/[a-zA-Z0-9_.-]+)*$", key))])
    error_message = "Names of log_groups must be letters, digits and the characters _ . -, in parts divided by single slashes; the leading slash is the module's."
  }

  validation {
    condition     = alltrue([for group in var.log_groups : contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], group.retention_in_days)])
    error_message = "retention_in_days must be one of the periods that CloudWatch Logs takes: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653. Keeping for ever (0) is refused: nobody would delete it."
  }
}

variable "metric_filters" {
  description = <<-EOT
    Metrics counted from log groups, by the metric's name: the log group (a key of log_groups), the pattern, the value each
    match adds, and an alarm. The alarm's summary says what has happened, its action what to do about it; topic is
    "warning" or "critical".
  EOT
  type = map(object({
    log_group = string
    pattern   = string
    value     = optional(string, "1")
    unit      = optional(string, "Count")
    alarm = optional(object({
      threshold          = number
      period             = optional(number, 300)
      evaluation_periods = optional(number, 1)
      topic              = optional(string, "warning")
      summary            = string
      action             = string
    }))
  }))
  default = {}

  validation {
    condition     = alltrue([for key in keys(var.metric_filters) : can(regex("^[A-Za-z][A-Za-z0-9_-]{0,99}$", key))])
    error_message = "Names of metric_filters must be up to 100 letters, digits, underscores and hyphens, beginning with a letter: they become names of metrics."
  }

  validation {
    condition     = alltrue([for filter in var.metric_filters : contains(keys(var.log_groups), filter.log_group)])
    error_message = "log_group of a metric filter must be a key of log_groups."
  }

  validation {
    condition     = alltrue([for filter in var.metric_filters : length(trimspace(filter.pattern)) > 0 && length(filter.pattern) <= 1024])
    error_message = "pattern of a metric filter must be 1 to 1024 characters: an empty one matches every line."
  }

  validation {
    condition     = alltrue([for filter in var.metric_filters : try(contains([10, 30], filter.alarm.period) || (filter.alarm.period >= 60 && filter.alarm.period % 60 == 0), filter.alarm == null)])
    error_message = "period of an alarm must be 10, 30 or a multiple of 60 seconds."
  }

  validation {
    condition     = alltrue([for filter in var.metric_filters : try(contains(["warning", "critical"], filter.alarm.topic), filter.alarm == null)])
    error_message = "topic of an alarm must be \"warning\" or \"critical\"."
  }

  validation {
    condition     = alltrue([for filter in var.metric_filters : try(length(trimspace(filter.alarm.summary)) > 0 && length(trimspace(filter.alarm.action)) > 0, filter.alarm == null)])
    error_message = "An alarm needs a summary and an action: whoever it wakes must read what to do."
  }
}

variable "slack" {
  description = "The Slack workspace, and its channel for each topic (\"critical\", \"warning\"). The workspace must have been authorised once in the console. null: no chat."
  type = object({
    team_id                  = string
    channels                 = map(string)
    permissions_boundary_arn = optional(string)
  })
  default = null

  validation {
    condition     = var.slack == null || can(regex("^T[A-Z0-9]{8,}$", var.slack.team_id))
    error_message = "slack.team_id must be a workspace's id: T and at least eight capital letters and digits."
  }

  validation {
    condition     = var.slack == null || try(length(var.slack.channels) > 0 && alltrue([for topic in keys(var.slack.channels) : contains(["critical", "warning"], topic)]), false)
    error_message = "slack.channels must be keyed by \"critical\" or \"warning\"."
  }

  validation {
    condition     = var.slack == null || try(alltrue([for id in values(var.slack.channels) : can(regex("^[CG][A-Z0-9]{8,}$", id))]), false)
    error_message = "Each of slack.channels must be a channel's id: C or G and at least eight capital letters and digits, not its name."
  }
}
