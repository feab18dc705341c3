variable "name" {
  description = "Id of the replication group; every other name starts with it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,38}[a-z0-9]$", var.name)) && !strcontains(var.name, "--")
    error_message = "name must be 2 to 40 lower-case letters, digits and single hyphens, starting with a letter (CreateReplicationGroup)."
  }
}

variable "tags" {
  description = "Tags of every resource of the module."
  type        = map(string)
  default     = {}
}

# --- engine ---------------------------------------------------------------

variable "engine_version" {
  description = "Redis version, 7.x."
  type        = string
  default     = "7.1"

  validation {
    condition     = contains(["7.0", "7.1"], var.engine_version)
    error_message = "engine_version must be 7.0 or 7.1: the platform is proven with Redis 7, and users that log in by IAM need it."
  }
}

variable "node_type" {
  description = "Type of every node."
  type        = string
  default     = "cache.r7g.large"

  validation {
    condition     = can(regex("^cache\\.[a-z0-9]+\\.[a-z0-9]+$", var.node_type))
    error_message = "node_type must look like cache.r7g.large."
  }
}

variable "shards" {
  description = "Number of shards, 1 to 90."
  type        = number
  default     = 3

  validation {
    condition     = var.shards >= 1 && var.shards <= 90 && floor(var.shards) == var.shards
    error_message = "shards must be a whole number from 1 to 90: with a replica each, more do not fit into the 500 nodes of a cluster at the default quota of 90."
  }
}

variable "replicas_per_shard" {
  description = "Number of replicas of each shard, 1 to 5."
  type        = number
  default     = 2

  validation {
    condition     = var.replicas_per_shard >= 1 && var.replicas_per_shard <= 5 && floor(var.replicas_per_shard) == var.replicas_per_shard
    error_message = "replicas_per_shard must be a whole number from 1 to 5: without a replica a shard that fails takes its data with it."
  }
}

variable "port" {
  description = "Port of every node, 1150 to 65535."
  type        = number
  default     = 6379

  validation {
    condition     = var.port >= 1150 && var.port <= 65535 && floor(var.port) == var.port
    error_message = "port must be a whole number from 1150 to 65535."
  }
}

variable "eviction_policy" {
  description = "What goes when the memory is full (maxmemory-policy)."
  type        = string
  default     = "volatile-lru"

  validation {
    condition     = contains(["volatile-lru", "volatile-lfu", "volatile-ttl", "volatile-random", "allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction"], var.eviction_policy)
    error_message = "eviction_policy must be one of Redis's: volatile-lru, volatile-lfu, volatile-ttl, volatile-random, allkeys-lru, allkeys-lfu, allkeys-random, noeviction."
  }
}

# --- network --------------------------------------------------------------

variable "vpc_id" {
  description = "VPC of the cluster."
  type        = string

  validation {
    condition     = can(regex("^vpc-[0-9a-f]{8,17}$", var.vpc_id))
    error_message = "vpc_id must be the id of a VPC, such as vpc-0a1b2c3d."
  }
}

variable "subnet_ids" {
  description = "Isolated subnets, in as many availability zones: three for production."
  type        = list(string)

  validation {
    condition     = alltrue([for s in var.subnet_ids : can(regex("^subnet-[0-9a-f]{8,17}$", s))])
    error_message = "subnet_ids must hold ids of subnets, such as subnet-0a1b2c3d."
  }

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2
    error_message = "subnet_ids must be at least 2 different subnets: Multi-AZ needs two availability zones."
  }
}

variable "client_security_group_ids" {
  description = "Security groups that may connect, by a short name that ends up in the rule's description."
  type        = map(string)

  validation {
    condition     = alltrue([for id in values(var.client_security_group_ids) : can(regex("^sg-[0-9a-f]{8,17}$", id))])
    error_message = "client_security_group_ids must hold ids of security groups; addresses are not allowed as clients."
  }

  validation {
    condition     = alltrue([for k in keys(var.client_security_group_ids) : can(regex("^[a-zA-Z0-9_-]{1,40}$", k))])
    error_message = "The keys of client_security_group_ids must be short names of letters, digits, hyphens and underscores."
  }
}

# --- who logs in ------------------------------------------------------------

variable "users" {
  description = "Users that log in by IAM, by name, with what each may do as a Redis access string without \"on\"."
  type        = map(string)

  validation {
    condition     = length(var.users) > 0 && alltrue([for u in keys(var.users) : can(regex("^[a-z][a-z0-9-]{0,19}$", u)) && u != "default"])
    error_message = "users must name at least one user, each of 1 to 20 lower-case letters, digits and hyphens beginning with a letter, and none default: that user is switched off."
  }

  validation {
    condition     = alltrue([for s in values(var.users) : can(regex("~[^ ]+", s)) && can(regex("[+-]@?[a-z]", s))])
    error_message = "The access string of a user must name keys (~app:*) and commands (+@read): Redis ACL rules."
  }

  validation {
    condition     = alltrue([for s in values(var.users) : !can(regex("(^| )(on|off|nopass|allcommands|allkeys|>[^ ]*|#[^ ]*|\\+@all|\\+@dangerous|\\+@admin)( |$)", s))])
    error_message = "The access string of a user must not hold on, off, a password, nopass, allkeys, allcommands, +@all, +@admin or +@dangerous: a service gets the commands that it uses, and logs in by IAM."
  }
}

# --- encryption ---------------------------------------------------------------

variable "kms_key_arn" {
  description = "ARN of the customer-managed key for data, snapshots and logs. Its policy must let CloudWatch Logs use it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (arn:aws:kms:<region>:<account>:key/<id>), not an alias or a bare id."
  }
}

# --- keeping ------------------------------------------------------------------

variable "snapshot_retention_limit" {
  description = "Days for which the daily snapshots are kept, 1 to 35."
  type        = number
  default     = 7

  validation {
    condition     = var.snapshot_retention_limit >= 1 && var.snapshot_retention_limit <= 35 && floor(var.snapshot_retention_limit) == var.snapshot_retention_limit
    error_message = "snapshot_retention_limit must be a whole number of days from 1 to 35: 0 would switch the snapshots off."
  }
}

variable "snapshot_window" {
  description = "When the daily snapshot is taken, UTC."
  type        = string
  default     = "02:00-03:00"

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$", var.snapshot_window))
    error_message = "snapshot_window must look like 02:00-03:00."
  }
}

variable "maintenance_window" {
  description = "When patches are installed, UTC."
  type        = string
  default     = "sun:04:00-sun:05:00"

  validation {
    condition     = can(regex("^(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]$", var.maintenance_window))
    error_message = "maintenance_window must look like sun:04:00-sun:05:00."
  }
}

variable "log_retention_in_days" {
  description = "Days for which slow and engine logs are kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_in_days)
    error_message = "log_retention_in_days must be one of the periods of CloudWatch Logs from 30 on: 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "apply_immediately" {
  description = "Whether changes wait for the maintenance window (false) or not."
  type        = bool
  default     = false
}
