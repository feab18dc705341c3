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

variable "tags" {
  description = "Tags of every resource, beside Project, Environment and Layer."
  type        = map(string)
  default     = {}
}

variable "deletion_protection" {
  description = "Whether flow logs refuse to be deleted. Off only for throwaway environments."
  type        = bool
  default     = true
}

variable "cidr" {
  description = "Range of the VPC, a /16: subnets, nodes, endpoints and data."
  type        = string
  default     = "10.0.0.0/16"
}

variable "pod_cidr" {
  description = "Range of the pods, /16 to /20 in 100.64.0.0/10."
  type        = string
  default     = "100.64.0.0/16"
}

variable "availability_zones" {
  description = "Zones by the last letter of their names."
  type        = list(string)
  default     = ["a", "b", "c"]

  validation {
    condition     = alltrue([for z in var.availability_zones : can(regex("^[a-z]$", z))])
    error_message = "availability_zones must hold single letters, as in [\"a\", \"b\", \"c\"]."
  }

  validation {
    condition     = var.environment != "prod" || length(var.availability_zones) >= 3
    error_message = "prod needs at least 3 availability_zones: with two, a failing zone leaves no majority and half the room."
  }
}

variable "single_nat_gateway" {
  description = "One NAT gateway for all zones."
  type        = bool
  default     = false

  validation {
    condition     = !var.single_nat_gateway || var.environment == "dev"
    error_message = "single_nat_gateway is for dev alone: elsewhere each zone has its own way out."
  }
}

variable "peer_cidrs" {
  description = "Networks behind the transit gateway, by name. None: no transit gateway."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for c in values(var.peer_cidrs) : can(cidrnetmask(c))])
    error_message = "peer_cidrs must hold IPv4 ranges, as in 10.100.0.0/16."
  }
}

variable "flow_log_retention_days" {
  description = "Days for which flow logs are kept."
  type        = number
  default     = 400

  validation {
    condition     = var.flow_log_retention_days >= 365 || var.environment == "dev"
    error_message = "flow_log_retention_days must be at least 365: an investigation looks back over a year."
  }
}
