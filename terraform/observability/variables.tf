variable "environment" {
  description = "Environment of the platform: dev, staging or prod."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment must be dev, staging or prod."
  }
}

variable "name" {
  description = "Start of every resource's name."
  type        = string
  default     = "fintrack"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 20 lower-case letters, digits and hyphens, beginning with a letter and ending with a letter or digit."
  }
}

variable "region" {
  description = "AWS Region of the platform."
  type        = string
  default     = "us-east-1"
}

variable "state_bucket" {
  description = "Bucket of the layers' states."
  type        = string
}

variable "state_region" {
  description = "AWS Region of that bucket."
  type        = string
  default     = "us-east-1"
}

variable "tags" {
  description = "Tags of every resource, beside Project, Environment and Layer."
  type        = map(string)
  default     = {}
}

variable "log_retention_days" {
  description = "Days for which CloudWatch keeps the services' logs; Loki keeps them as well."
  type        = number
  default     = 365
}

variable "service_errors" {
  description = "Errors that a service may log in 5 minutes before somebody is told, 1 or more."
  type        = number
  default     = 10

  validation {
    condition     = var.service_errors >= 1
    error_message = "service_errors must be at least 1: at 0 the alarm would never end."
  }
}

variable "rds" {
  description = "Thresholds of the databases: connections (about four fifths of what the instance class admits) and free storage in GiB."
  type = object({
    connections      = optional(number, 1600)
    free_storage_gib = optional(number, 50)
  })
  default = {}
}

variable "queue" {
  description = "Transactions that may wait, and seconds that one may wait, before somebody is woken."
  type = object({
    backlog     = optional(number, 10000)
    age_seconds = optional(number, 900)
  })
  default = {}

  validation {
    condition     = var.queue.backlog > 0 && var.queue.age_seconds > 0
    error_message = "queue.backlog and queue.age_seconds must be greater than 0."
  }
}

variable "api_load_balancer_arn_suffix" {
  description = "Last part of the ARN of the API's load balancer (app/<name>/<id>), which the cluster makes; null until it exists."
  type        = string
  default     = null
}

variable "slack" {
  description = "The Slack workspace and its channel for each topic (critical, warning); null: no chat."
  type = object({
    team_id  = string
    channels = map(string)
  })
  default = null

  validation {
    condition     = var.environment != "prod" || var.slack != null
    error_message = "In prod slack must name the workspace and its channels: alarms that nobody hears are none."
  }
}

variable "budget_usd" {
  description = "What a month may cost, in US dollars."
  type        = number

  validation {
    condition     = var.budget_usd > 0
    error_message = "budget_usd must be greater than 0."
  }
}

variable "cost_anomaly_usd" {
  description = "US dollars above what was expected from which an anomaly is told."
  type        = number
  default     = 100

  validation {
    condition     = var.cost_anomaly_usd > 0
    error_message = "cost_anomaly_usd must be greater than 0."
  }
}
