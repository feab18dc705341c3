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
  description = "Whether repositories that hold images refuse to be deleted. Off only for throwaway environments."
  type        = bool
  default     = true
}

variable "kubernetes_version" {
  description = "Kubernetes version of the control plane and of the system nodes."
  type        = string
  default     = "1.35"
}

variable "public_access_cidrs" {
  description = "IPv4 networks that reach the public API endpoint; without any the endpoint is private alone."
  type        = list(string)
  default     = []
}

variable "system_nodes" {
  description = "Managed nodes for what must run before Karpenter does."
  type = object({
    instance_types = optional(list(string), ["m6i.large", "m7i.large"])
    min_size       = optional(number, 3)
    max_size       = optional(number, 6)
    volume_size    = optional(number, 50)
  })
  default = {}

  validation {
    condition     = var.environment != "prod" || var.system_nodes.min_size >= 3
    error_message = "In prod there are at least 3 system nodes: one in each availability zone."
  }
}

variable "administrator_role_arns" {
  description = "Roles with full access to the cluster's API, by a short name."
  type        = map(string)
  default     = {}
}

variable "repository_prefix" {
  description = "Start of the repositories' names. Empty but in throwaway environments, where it keeps them apart."
  type        = string
  default     = ""
}

variable "log_retention_days" {
  description = "Days for which the control plane's log is kept."
  type        = number
  default     = 365
}
