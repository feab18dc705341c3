variable "rds_instances" {
  description = <<-EOT
    Database instances to watch, by a short name: the identifier, whether it is a read replica, and thresholds: CPU in per
    cent, number of connections (about four fifths of max_connections), free storage in GiB, lag in seconds.
  EOT
  type = map(object({
    identifier          = string
    replica             = optional(bool, false)
    cpu_percent         = optional(number, 80)
    connections         = number
    free_storage_gib    = optional(number, 20)
    replica_lag_seconds = optional(number, 30)
  }))
  default = {}

  validation {
    condition     = alltrue([for key in keys(var.rds_instances) : can(regex("^[a-z0-9-]{1,40}$", key))])
    error_message = "Names of rds_instances must be 1 to 40 lower-case letters, digits and hyphens."
  }

  validation {
    condition     = alltrue([for instance in var.rds_instances : instance.cpu_percent > 0 && instance.cpu_percent < 100])
    error_message = "cpu_percent must be above 0 and below 100: a threshold of 100 is never passed."
  }

  validation {
    condition     = alltrue([for instance in var.rds_instances : instance.connections > 0 && instance.free_storage_gib > 0 && instance.replica_lag_seconds > 0])
    error_message = "connections, free_storage_gib and replica_lag_seconds must be greater than 0."
  }
}

variable "elasticache_replication_groups" {
  description = <<-EOT
    Cluster-mode Redis replication groups to watch, by a short name: the id, how many shards and replicas in each, and
    thresholds: memory in per cent, entries thrown out in 5 minutes, lag in seconds.
  EOT
  type = map(object({
    id                      = string
    shards                  = number
    replicas_per_shard      = number
    memory_percent          = optional(number, 80)
    evictions               = optional(number, 100)
    replication_lag_seconds = optional(number, 10)
  }))
  default = {}

  validation {
    condition     = alltrue([for key in keys(var.elasticache_replication_groups) : can(regex("^[a-z0-9-]{1,40}$", key))])
    error_message = "Names of elasticache_replication_groups must be 1 to 40 lower-case letters, digits and hyphens."
  }

  validation {
    condition     = alltrue([for group in var.elasticache_replication_groups : group.shards >= 1 && group.shards <= 30 && floor(group.shards) == group.shards])
    error_message = "shards must be a whole number from 1 to 30: a composite alarm names at most 100 others."
  }

  validation {
    condition     = alltrue([for group in var.elasticache_replication_groups : group.replicas_per_shard >= 1 && group.replicas_per_shard <= 5 && floor(group.replicas_per_shard) == group.replicas_per_shard])
    error_message = "replicas_per_shard must be a whole number from 1 to 5."
  }

  validation {
    condition     = alltrue([for group in var.elasticache_replication_groups : group.memory_percent > 0 && group.memory_percent < 100])
    error_message = "memory_percent must be above 0 and below 100: a threshold of 100 is never passed."
  }

  validation {
    condition     = alltrue([for group in var.elasticache_replication_groups : group.evictions >= 0 && group.replication_lag_seconds > 0])
    error_message = "evictions must not be negative, and replication_lag_seconds must be greater than 0."
  }
}

variable "nat_gateways" {
  description = "Ids of the NAT gateways to watch, by a short name such as the availability zone."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.nat_gateways) : can(regex("^[a-z0-9-]{1,40}$", key))])
    error_message = "Names of nat_gateways must be 1 to 40 lower-case letters, digits and hyphens."
  }

  validation {
    condition     = alltrue([for id in values(var.nat_gateways) : can(regex("^nat-[0-9a-f]{8,17}$", id))])
    error_message = "nat_gateways must be ids of NAT gateways (nat-0123456789abcdef0)."
  }
}

variable "load_balancers" {
  description = <<-EOT
    Application load balancers to watch, by a short name: the last part of the ARN (app/<name>/<id>), server errors in per
    cent of the requests, and the requests a minute below which nothing is concluded.
  EOT
  type = map(object({
    arn_suffix       = string
    error_percent    = optional(number, 1)
    minimum_requests = optional(number, 60)
  }))
  default = {}

  validation {
    condition     = alltrue([for key in keys(var.load_balancers) : can(regex("^[a-z0-9-]{1,40}$", key))])
    error_message = "Names of load_balancers must be 1 to 40 lower-case letters, digits and hyphens."
  }

  validation {
    condition     = alltrue([for balancer in var.load_balancers : can(regex("^app/[A-Za-z0-9-]{1,32}/[0-9a-f]{16}$", balancer.arn_suffix))])
    error_message = "arn_suffix must be the last part of the ARN of an application load balancer: app/<name>/<16 hexadecimal digits>."
  }

  validation {
    condition     = alltrue([for balancer in var.load_balancers : balancer.error_percent > 0 && balancer.error_percent < 100 && balancer.minimum_requests >= 1])
    error_message = "error_percent must be above 0 and below 100, and minimum_requests at least 1."
  }
}
