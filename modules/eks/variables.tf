variable "name" {
  description = "Name of the cluster; every other name starts with it."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9-]{1,39}$", var.name))
    error_message = "name must be 2 to 40 letters, digits and hyphens, beginning with a letter: the names of roles made from it add up to 24 characters, and IAM allows 64."
  }
}

variable "tags" {
  description = "Tags of every resource of the module, instances and volumes of the system nodes included."
  type        = map(string)
  default     = {}
}

# --- control plane ----------------------------------------------------------

variable "kubernetes_version" {
  description = "Kubernetes version of the control plane and of the system nodes."
  type        = string
  default     = "1.35"

  validation {
    condition     = contains(["1.34", "1.35"], var.kubernetes_version)
    error_message = "kubernetes_version must be 1.34 or 1.35: versions out of standard support get no fixes, and EKS upgrades them by itself (Understand the Kubernetes version lifecycle on EKS)."
  }
}

variable "public_access_cidrs" {
  description = "IPv4 networks that reach the public API endpoint; without any the endpoint is private alone."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for c in var.public_access_cidrs : can(cidrhost(c, 0)) && !strcontains(c, ":")])
    error_message = "public_access_cidrs must be IPv4 networks, such as 203.0.113.0/24."
  }

  validation {
    condition     = alltrue([for c in var.public_access_cidrs : try(tonumber(split("/", c)[1]) >= 16, false)])
    error_message = "public_access_cidrs must not be wider than /16, and never 0.0.0.0/0: the API server would stand open to strangers."
  }
}

variable "kms_key_arn" {
  description = "ARN of the customer-managed key of Kubernetes secrets and of the control plane's log. Its policy must let CloudWatch Logs use it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (arn:aws:kms:<region>:<account>:key/<id>), not an alias or a bare id."
  }
}

variable "volume_kms_key_arn" {
  description = "ARN of the customer-managed key of nodes' and pods' volumes. Its policy must let the service-linked role of Auto Scaling use it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.volume_kms_key_arn))
    error_message = "volume_kms_key_arn must be the ARN of a key (arn:aws:kms:<region>:<account>:key/<id>), not an alias or a bare id."
  }
}

variable "log_retention_in_days" {
  description = "Days for which the control plane's log is kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_in_days)
    error_message = "log_retention_in_days must be one of the periods of CloudWatch Logs from 90 on: 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653. The audit log is in it."
  }
}

# --- who may use the API ------------------------------------------------------

variable "access_entries" {
  description = <<-EOT
    IAM principals that may use the Kubernetes API, by a short name: groups of Kubernetes' RBAC, and access policies of EKS
    (AmazonEKSViewPolicy) with the namespaces in which each holds, all of them when the list is empty.
  EOT
  type = map(object({
    principal_arn     = string
    kubernetes_groups = optional(list(string), [])
    policies          = optional(map(list(string)), {})
  }))
  default = {}

  validation {
    condition     = alltrue([for e in var.access_entries : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[^*?]+$", e.principal_arn))])
    error_message = "principal_arn of an access entry must be the ARN of a role or user, without wildcards."
  }

  validation {
    condition     = alltrue(flatten([for e in var.access_entries : [for p in keys(e.policies) : can(regex("^AmazonEKS[A-Za-z]+Policy$", p))]]))
    error_message = "policies of an access entry must be keyed by names of EKS access policies, such as AmazonEKSViewPolicy (Review access policy permissions)."
  }

  validation {
    condition     = alltrue(flatten([for e in var.access_entries : [for g in e.kubernetes_groups : !startswith(g, "system:")]]))
    error_message = "kubernetes_groups must not begin with system: EKS refuses them (CreateAccessEntry), and system:masters cannot be taken away by RBAC."
  }
}

# --- network ----------------------------------------------------------------

variable "subnet_ids" {
  description = "Private subnets of the control plane's interfaces and of the nodes, in at least two availability zones."
  type        = list(string)

  validation {
    condition     = alltrue([for s in var.subnet_ids : can(regex("^subnet-[0-9a-f]{8,17}$", s))])
    error_message = "subnet_ids must hold ids of subnets, such as subnet-0a1b2c3d."
  }

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2
    error_message = "subnet_ids must be at least 2 different subnets: EKS wants two availability zones."
  }
}

variable "pod_subnet_ids" {
  description = "Subnets from which pods get their addresses (custom networking), by availability zone: one for each zone in which nodes stand."
  type        = map(string)

  validation {
    condition     = length(var.pod_subnet_ids) >= 2 && alltrue([for z in keys(var.pod_subnet_ids) : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$", z))])
    error_message = "pod_subnet_ids must be keyed by at least 2 availability zones, such as us-east-1a: a node in a zone without one gives its pods no address."
  }

  validation {
    condition     = alltrue([for s in values(var.pod_subnet_ids) : can(regex("^subnet-[0-9a-f]{8,17}$", s))])
    error_message = "pod_subnet_ids must hold ids of subnets, such as subnet-0a1b2c3d."
  }
}

# --- system nodes -------------------------------------------------------------

variable "system_nodes" {
  description = "The managed node group for what must run before Karpenter does: instance types, number of nodes, size of the root volume in GiB."
  type = object({
    instance_types = optional(list(string), ["m6i.large", "m7i.large"])
    min_size       = optional(number, 3)
    max_size       = optional(number, 6)
    volume_size    = optional(number, 50)
  })
  default = {}

  validation {
    condition     = length(var.system_nodes.instance_types) > 0 && alltrue([for t in var.system_nodes.instance_types : can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", t))])
    error_message = "system_nodes.instance_types must name at least one type, such as m6i.large."
  }

  validation {
    condition     = var.system_nodes.min_size >= 2 && var.system_nodes.max_size >= var.system_nodes.min_size && var.system_nodes.max_size <= 100
    error_message = "system_nodes.min_size must be at least 2, so that CoreDNS and Karpenter survive a node, and max_size from there to 100."
  }

  validation {
    condition     = var.system_nodes.volume_size >= 20 && var.system_nodes.volume_size <= 16384
    error_message = "system_nodes.volume_size must be from 20 to 16384 GiB."
  }
}

# --- Karpenter ------------------------------------------------------------------

variable "karpenter" {
  description = "Namespace and service account of Karpenter's controller."
  type = object({
    namespace       = optional(string, "karpenter")
    service_account = optional(string, "karpenter")
  })
  default = {}

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.karpenter.namespace)) && can(regex("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", var.karpenter.service_account))
    error_message = "karpenter.namespace and karpenter.service_account must be names of Kubernetes, each in full: wildcards are not allowed."
  }
}
