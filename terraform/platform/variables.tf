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

  validation {
    condition     = var.region == "us-east-1"
    error_message = "region must be us-east-1: CloudFront takes its certificate, its web ACL and that one's log key from there alone, and this layer makes them in the platform's own Region."
  }
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

variable "deletion_protection" {
  description = "Whether buckets and the DNS zone that hold something refuse to be deleted. Off only for throwaway environments."
  type        = bool
  default     = true
}

variable "domain" {
  description = "DNS domain of the environment; the zone of that name is made here, and its parent must delegate to it."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a domain in lower case without a final dot, such as fintrack.io."
  }
}

variable "api_load_balancer" {
  description = "Load balancer that the cluster made for the API: its DNS name and zone. null until it exists; then the record of the API is made."
  type        = object({ dns_name = string, zone_id = string })
  default     = null
}

variable "rate_limit" {
  description = "Requests in 5 minutes from one address, beyond which it is blocked."
  type        = number
  default     = 2000
}

variable "blocked_countries" {
  description = "Countries from which no request is let in, by ISO 3166 code."
  type        = set(string)
  default     = ["CU", "IR", "KP", "SY"]
}

variable "bot_control_inspection_level" {
  description = "How closely the firewall looks at bots: COMMON, or TARGETED, which costs more and finds those that hide."
  type        = string
  default     = "COMMON"
}

variable "log_retention_days" {
  description = "Days for which the firewall's and the distribution's logs are kept."
  type        = number
  default     = 365
}

variable "loki_retention_days" {
  description = "Days for which Loki keeps the services' logs, 30 to 365; its compactor deletes them, and the bucket a week later what it left."
  type        = number
  default     = 90

  validation {
    condition     = var.loki_retention_days >= 30 && var.loki_retention_days <= 365 && floor(var.loki_retention_days) == var.loki_retention_days
    error_message = "loki_retention_days must be a whole number from 30 to 365."
  }
}
