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
  description = "Whether data refuses to be deleted. Off only for throwaway environments."
  type        = bool
  default     = true
}

# --- sizes -------------------------------------------------------------------

variable "rds" {
  description = "Size of the database. read_replica: class of a read replica, null for none."
  type = object({
    instance_class        = optional(string, "db.r6g.xlarge")
    multi_az              = optional(bool, true)
    allocated_storage     = optional(number, 200)
    max_allocated_storage = optional(number, 1000)
    backup_retention_days = optional(number, 35)
    read_replica          = optional(string, "db.r6g.large")
  })
  default = {}

  validation {
    condition     = var.environment != "prod" || (var.rds.multi_az && var.rds.backup_retention_days == 35)
    error_message = "In prod the database has a standby (multi_az) and keeps its backups for 35 days."
  }
}

variable "redis" {
  description = "Size of the cache."
  type = object({
    node_type          = optional(string, "cache.r7g.large")
    shards             = optional(number, 3)
    replicas_per_shard = optional(number, 2)
    snapshot_days      = optional(number, 7)
  })
  default = {}

  validation {
    condition     = var.environment != "prod" || (var.redis.shards >= 3 && var.redis.replicas_per_shard >= 2)
    error_message = "In prod the cache has at least 3 shards with 2 replicas each."
  }
}

variable "evidence_retention_days" {
  description = "Days for which nobody can delete a file of the evidence bucket."
  type        = number
  default     = 400

  validation {
    condition     = var.evidence_retention_days >= 365 || var.environment == "dev"
    error_message = "evidence_retention_days must be at least 365: an audit looks back over a year."
  }
}

variable "backup" {
  description = "Days for which AWS Backup keeps daily and monthly copies here, and copies in the disaster recovery Region."
  type = object({
    daily_days   = optional(number, 35)
    monthly_days = optional(number, 365)
    dr_days      = optional(number, 35)
  })
  default = {}
}

# --- secrets -----------------------------------------------------------------

variable "rotation_package" {
  description = "Zip of the rotation function, made by modules/secrets-manager/lambda/build; null for the module's own lambda/dist/rotation.zip."
  type        = string
  default     = null
}

variable "rotation_driver_package" {
  description = "Zip of the Lambda layer with the PostgreSQL driver and the certificates of RDS, made by scripts/rotation-driver."
  type        = string
}

variable "rotate_immediately" {
  description = "Whether secrets are rotated once as soon as rotation is switched on. Needs a database that answers."
  type        = bool
  default     = true
}

variable "secret_recovery_days" {
  description = "Days for which a deleted secret can be restored; 0 deletes at once, for throwaway environments."
  type        = number
  default     = 30
}

variable "dr_reader_role_arns" {
  description = "Roles of the disaster recovery account that may read the secrets."
  type        = list(string)
  default     = []
}
