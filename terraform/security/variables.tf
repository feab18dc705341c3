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

variable "dr_region" {
  description = "AWS Region for disaster recovery."
  type        = string
  default     = "us-west-2"

  validation {
    condition     = var.dr_region != var.region
    error_message = "dr_region must be another region than region: a copy in the same region is lost with it."
  }
}

variable "tags" {
  description = "Tags of every resource, beside Project, Environment and Layer."
  type        = map(string)
  default     = {}
}

variable "deletion_protection" {
  description = "Whether logs refuse to be deleted. Off only for throwaway environments."
  type        = bool
  default     = true
}

variable "trail_retention_days" {
  description = "Days for which nobody can delete a log file of CloudTrail."
  type        = number
  default     = 400

  validation {
    condition     = var.trail_retention_days >= 365 || var.environment == "dev"
    error_message = "trail_retention_days must be at least 365: an audit looks back over a year."
  }
}

variable "key_administrator_arns" {
  description = "Roles that look after the keys. Empty: the account, which leaves it to IAM policies who may."
  type        = list(string)
  default     = []
}

variable "node_starter_role_arns" {
  description = "The service-linked role of Auto Scaling (aws iam create-service-linked-role --aws-service-name autoscaling.amazonaws.com), where nodes' volumes are encrypted."
  type        = list(string)
  default     = []
}

# --- GitHub ------------------------------------------------------------------

variable "github" {
  description = "Organization on GitHub, and the repositories whose pipelines have roles of their own."
  type = object({
    organization = optional(string, "fintrack")
    backend      = optional(string, "backend")
    frontend     = optional(string, "frontend")
  })
  default = {}

  validation {
    condition     = alltrue([for n in values(var.github) : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", n))])
    error_message = "github must hold names without wildcards: they are what the pipelines' roles trust."
  }
}

variable "github_role_prefix" {
  description = "Start of the pipelines' roles' names. Empty but in throwaway environments, where it keeps them apart."
  type        = string
  default     = ""
}

variable "repository_prefix" {
  description = "Start of the image repositories' names, as the layer compute has it."
  type        = string
  default     = ""
}

# --- what watches ------------------------------------------------------------

variable "guardduty_features" {
  description = "Features of GuardDuty beside its foundation."
  type        = set(string)
  default     = ["EBS_MALWARE_PROTECTION", "EKS_AUDIT_LOGS", "LAMBDA_NETWORK_LOGS", "RDS_LOGIN_EVENTS", "S3_DATA_EVENTS"]
}

variable "security_standards" {
  description = "Standards of Security Hub, by name and version."
  type        = set(string)
  default     = ["aws-foundational-security-best-practices/v/1.0.0", "cis-aws-foundations-benchmark/v/3.0.0"]
}
