variable "name" {
  description = "Identifier of the instance; every other name starts with it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,43}[a-z0-9]$", var.name)) && !strcontains(var.name, "--")
    error_message = "name must be 2 to 45 lower-case letters, digits and single hyphens, starting with a letter: RDS allows no more, and the names made from it add up to 15 characters."
  }
}

variable "tags" {
  description = "Tags of every resource of the module."
  type        = map(string)
  default     = {}
}

# --- engine ---------------------------------------------------------------

variable "engine_version" {
  description = "PostgreSQL version: 16 for the newest minor version, or 16.x for a certain one."
  type        = string
  default     = "16.4"

  validation {
    condition     = can(regex("^16(\\.[0-9]+)?$", var.engine_version))
    error_message = "engine_version must be 16 or 16.x: the platform is proven with PostgreSQL 16; another major version is a migration of its own."
  }
}

variable "instance_class" {
  description = "Instance class of the instance, and of the replica unless it names its own."
  type        = string
  default     = "db.r6g.large"

  validation {
    condition     = can(regex("^db\\.[a-z0-9-]+\\.[a-z0-9]+$", var.instance_class))
    error_message = "instance_class must look like db.r6g.large."
  }
}

variable "db_name" {
  description = "Name of the first database."
  type        = string
  default     = "fintrack"

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9_]{0,62}$", var.db_name))
    error_message = "db_name must start with a letter and hold at most 63 letters, digits and underscores (Settings for DB instances in the RDS guide)."
  }
}

variable "master_username" {
  description = "Name of the administrator. Its password is made and rotated by RDS in Secrets Manager."
  type        = string
  default     = "fintrack_admin"

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9_]{0,15}$", var.master_username)) && !contains(["rdsadmin", "admin", "postgres"], lower(var.master_username))
    error_message = "master_username must be 1 to 16 letters, digits and underscores, start with a letter, and not be a name that attackers try first or RDS keeps (admin, postgres, rdsadmin)."
  }
}

variable "port" {
  description = "TCP port on which PostgreSQL listens, 1150 to 65535."
  type        = number
  default     = 5432

  validation {
    condition     = var.port >= 1150 && var.port <= 65535 && floor(var.port) == var.port
    error_message = "port must be a whole number from 1150 to 65535, the range that RDS accepts."
  }
}

variable "ca_cert_identifier" {
  description = "Certificate authority of the server certificate."
  type        = string
  default     = "rds-ca-rsa2048-g1"

  validation {
    condition     = contains(["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"], var.ca_cert_identifier)
    error_message = "ca_cert_identifier must be rds-ca-rsa2048-g1, rds-ca-rsa4096-g1 or rds-ca-ecc384-g1; rds-ca-2019 has expired."
  }
}

variable "slow_query_ms" {
  description = "Statements that take longer than this many milliseconds are logged; 0 logs all."
  type        = number
  default     = 1000

  validation {
    condition     = var.slow_query_ms >= 0 && floor(var.slow_query_ms) == var.slow_query_ms
    error_message = "slow_query_ms must be a whole number of milliseconds from 0; switching the log off (-1) is not allowed."
  }
}

# --- network --------------------------------------------------------------

variable "vpc_id" {
  description = "VPC of the database."
  type        = string

  validation {
    condition     = can(regex("^vpc-[0-9a-f]+$", var.vpc_id))
    error_message = "vpc_id must be the id of a VPC, as in vpc-0a1b2c3d."
  }
}

variable "subnet_ids" {
  description = "Isolated subnets, in as many availability zones: three for production."
  type        = list(string)

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2
    error_message = "subnet_ids must name at least 2 different subnets: RDS needs two availability zones, the platform uses three."
  }

  validation {
    condition     = alltrue([for s in var.subnet_ids : can(regex("^subnet-[0-9a-f]+$", s))])
    error_message = "subnet_ids must hold ids of subnets, as in subnet-0a1b2c3d."
  }
}

variable "client_security_group_ids" {
  description = "Security groups that may connect, by a short name that ends up in the rule's description."
  type        = map(string)

  validation {
    condition     = alltrue([for s in values(var.client_security_group_ids) : can(regex("^sg-[0-9a-f]+$", s))])
    error_message = "client_security_group_ids must hold ids of security groups, as in sg-0a1b2c3d: addresses are not allowed as clients."
  }

  validation {
    condition     = alltrue([for k in keys(var.client_security_group_ids) : can(regex("^[a-z][a-z0-9-]{0,30}$", k))])
    error_message = "the keys of client_security_group_ids must be short names of lower-case letters, digits and hyphens, as in services."
  }
}

# --- protection -----------------------------------------------------------

variable "kms_key_arn" {
  description = "ARN of the customer-managed key for storage, Performance Insights and the administrator's secret."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (arn:aws:kms:<region>:<account>:key/<id>), not an alias or a bare id."
  }
}

variable "multi_az" {
  description = "Whether a standby in another availability zone takes over when the instance fails."
  type        = bool
  default     = true
}

variable "backup_retention_period" {
  description = "Days for which automated backups are kept, 7 to 35 (35 is what RDS allows at the most)."
  type        = number
  default     = 35

  validation {
    condition     = var.backup_retention_period >= 7 && var.backup_retention_period <= 35 && floor(var.backup_retention_period) == var.backup_retention_period
    error_message = "backup_retention_period must be a whole number of days from 7 to 35; less leaves no time to notice a silent corruption."
  }
}

variable "backup_window" {
  description = "Daily UTC window of the backups, hh:mm-hh:mm, at least 30 minutes, not across midnight."
  type        = string
  default     = "02:00-03:00"

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$", var.backup_window))
    error_message = "backup_window must look like 02:00-03:00 (UTC)."
  }
}

variable "maintenance_window" {
  description = "Weekly UTC window of maintenance, ddd:hh:mm-ddd:hh:mm. It must not overlap the backup window."
  type        = string
  default     = "sun:04:00-sun:05:00"

  validation {
    condition     = can(regex("^(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]$", var.maintenance_window))
    error_message = "maintenance_window must look like sun:04:00-sun:05:00 (UTC)."
  }

  validation {
    # Both windows on one day, as hh:mm: text in that form compares as time does.
    condition = try(
      sort([substr(var.maintenance_window, 14, 5), substr(var.backup_window, 0, 5)])[0] == substr(var.maintenance_window, 14, 5) ||
      sort([substr(var.backup_window, 6, 5), substr(var.maintenance_window, 4, 5)])[0] == substr(var.backup_window, 6, 5),
    false)
    error_message = "maintenance_window must not overlap backup_window: RDS refuses it."
  }
}

variable "deletion_protection" {
  description = "Whether the instance refuses to be deleted. Switch it off in an apply of its own, just before a wanted destroy."
  type        = bool
  default     = true
}

variable "apply_immediately" {
  description = "Whether changes take effect at once instead of in the maintenance window."
  type        = bool
  default     = false
}

# --- size -----------------------------------------------------------------

variable "allocated_storage" {
  description = "Storage at the start, in GiB, 20 to 65536."
  type        = number
  default     = 100

  validation {
    condition     = var.allocated_storage >= 20 && var.allocated_storage <= 65536 && floor(var.allocated_storage) == var.allocated_storage
    error_message = "allocated_storage must be a whole number of GiB from 20 to 65536, the range of gp3."
  }
}

variable "max_allocated_storage" {
  description = "Size up to which RDS grows the storage by itself, in GiB."
  type        = number
  default     = 500

  validation {
    condition     = var.max_allocated_storage >= var.allocated_storage * 1.1 && var.max_allocated_storage <= 65536
    error_message = "max_allocated_storage must be at least 10 % above allocated_storage (RDS refuses less) and at most 65536 GiB."
  }
}

variable "read_replica" {
  description = "A read replica in the same region: its instance class (the source's when null) and whether it has a standby. null: none."
  type = object({
    instance_class = optional(string)
    multi_az       = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.read_replica == null || try(var.read_replica.instance_class, null) == null || can(regex("^db\\.[a-z0-9-]+\\.[a-z0-9]+$", var.read_replica.instance_class))
    error_message = "read_replica.instance_class must look like db.r6g.large, or be left out."
  }
}

# --- monitoring -----------------------------------------------------------

variable "performance_insights_retention_period" {
  description = "Days for which Performance Insights keeps its data: 7, 731, or a multiple of 31."
  type        = number
  default     = 731

  validation {
    condition     = contains([7, 731], var.performance_insights_retention_period) || (var.performance_insights_retention_period % 31 == 0 && var.performance_insights_retention_period > 0 && var.performance_insights_retention_period < 731)
    error_message = "performance_insights_retention_period must be 7, 731, or a multiple of 31 below 731, the values that RDS accepts."
  }
}

variable "monitoring_interval" {
  description = "Seconds between two points of Enhanced Monitoring: 1, 5, 10, 15, 30 or 60."
  type        = number
  default     = 60

  validation {
    condition     = contains([1, 5, 10, 15, 30, 60], var.monitoring_interval)
    error_message = "monitoring_interval must be 1, 5, 10, 15, 30 or 60 seconds; 0 would switch Enhanced Monitoring off."
  }
}
