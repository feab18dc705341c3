variable "name" {
  description = "Start of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,39}$", var.name))
    error_message = "name must be 2 to 40 lower-case letters, digits and hyphens, starting with a letter."
  }
}

variable "tags" {
  description = "Tags of every resource of the module."
  type        = map(string)
  default     = {}
}

variable "cidr" {
  description = "IPv4 range of the VPC, /16 to /20. It is cut in 256 parts: subnets 1 to 6 are public, 11 to 16 private, 21 to 26 isolated."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.cidr)) && try(cidrsubnet(var.cidr, 0, 0) == var.cidr, false)
    error_message = "cidr must be an IPv4 range in its shortest form, as in 10.0.0.0/16, without host bits."
  }

  validation {
    condition     = try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 20, false)
    error_message = "cidr must be /16 to /20: AWS allows no larger VPC, and a 256th part of a smaller one is smaller than a subnet may be."
  }

  validation {
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.cidr))
    error_message = "cidr must be a private range (RFC 1918): 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16."
  }
}

variable "availability_zones" {
  description = "Names of 2 to 6 availability zones; production uses 3."
  type        = list(string)

  validation {
    condition     = length(var.availability_zones) >= 2 && length(var.availability_zones) <= 6 && length(distinct(var.availability_zones)) == length(var.availability_zones)
    error_message = "availability_zones must name 2 to 6 different zones: with one, a failing zone takes everything with it."
  }

  validation {
    condition     = alltrue([for z in var.availability_zones : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$", z))])
    error_message = "availability_zones must hold names of zones, as in us-east-1a."
  }
}

variable "pod_cidr" {
  description = "Secondary range for the pods' addresses, /16 to /20, in 100.64.0.0/10 (RFC 6598) so that it takes none of the company's private ranges. null: pods use the nodes' subnets."
  type        = string
  default     = "100.64.0.0/16"

  validation {
    condition     = var.pod_cidr == null || (can(regex("^100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\\.", var.pod_cidr)) && try(cidrsubnet(var.pod_cidr, 0, 0) == var.pod_cidr, false))
    error_message = "pod_cidr must be a range within 100.64.0.0/10 without host bits, as in 100.64.0.0/16: it must not overlap the VPC nor anything that it is joined with."
  }

  validation {
    condition     = var.pod_cidr == null || try(tonumber(split("/", var.pod_cidr)[1]) >= 16 && tonumber(split("/", var.pod_cidr)[1]) <= 20, false)
    error_message = "pod_cidr must be /16 to /20: AWS allows no larger range, and prefix delegation needs room."
  }
}

variable "single_nat_gateway" {
  description = "One NAT gateway for all zones, for environments that may lose their way out when a zone fails. Production has one for each."
  type        = bool
  default     = false
}

variable "database_ports" {
  description = "TCP ports on which nodes and pods reach the isolated tier."
  type        = list(number)
  default     = [5432, 6379]

  validation {
    condition     = length(var.database_ports) > 0 && alltrue([for p in var.database_ports : p >= 1150 && p <= 65535 && floor(p) == p])
    error_message = "database_ports must hold at least one whole number from 1150 to 65535."
  }

  validation {
    condition     = (length(var.availability_zones) + 1) * length(var.database_ports) + length(var.availability_zones) <= 20
    error_message = "database_ports names too many ports for this many zones: the network ACL would need more than the 20 rules in each direction that AWS allows by default (Amazon VPC quotas)."
  }
}

variable "flow_log_bucket_arn" {
  description = "ARN of the bucket that takes the flow logs, with a prefix if wanted. Its policy must admit delivery.logs.amazonaws.com."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?$", var.flow_log_bucket_arn))
    error_message = "flow_log_bucket_arn must be the ARN of a bucket, as in arn:aws:s3:::flow-logs: a VPC without flow logs cannot be investigated."
  }
}

variable "transit_gateway" {
  description = "Transit gateway to attach the private tier to, and the ranges that are reached through it. null: none."
  type = object({
    id    = string
    cidrs = list(string)
  })
  default = null

  validation {
    condition     = var.transit_gateway == null || can(regex("^tgw-[0-9a-f]+$", var.transit_gateway.id))
    error_message = "transit_gateway.id must be the id of a transit gateway, as in tgw-0a1b2c3d."
  }

  validation {
    condition     = var.transit_gateway == null || try(alltrue([for c in var.transit_gateway.cidrs : can(cidrnetmask(c)) && c != "0.0.0.0/0"]), false)
    error_message = "transit_gateway.cidrs must hold IPv4 ranges, and not 0.0.0.0/0: the way to the internet is the zone's own NAT gateway."
  }
}

variable "cluster_name" {
  description = "Name of the EKS cluster whose Karpenter finds the private subnets by tag. null: no tag."
  type        = string
  default     = null

  validation {
    condition     = var.cluster_name == null || can(regex("^[a-zA-Z0-9][a-zA-Z0-9_-]{0,99}$", var.cluster_name))
    error_message = "cluster_name must be 1 to 100 letters, digits, hyphens and underscores, starting with a letter or digit (EKS cluster names)."
  }
}
