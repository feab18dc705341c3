variable "repositories" {
  description = "Full names of the repositories."
  type        = set(string)

  validation {
    condition     = length(var.repositories) > 0 && alltrue([for r in var.repositories : length(r) >= 2 && length(r) <= 256 && can(regex("^[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*$", r))])
    error_message = "repositories must name at least one repository, each with 2 to 256 lower-case letters and digits, single characters of ._- between them, and slashes between parts (CreateRepository)."
  }
}

variable "tags" {
  description = "Tags of every repository."
  type        = map(string)
  default     = {}
}

variable "kms_key_arn" {
  description = "ARN of the customer-managed key of the images."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (arn:aws:kms:<region>:<account>:key/<id>), not an alias or a bare id."
  }
}

# --- who pulls and pushes ----------------------------------------------------

variable "pull_principal_arns" {
  description = "Roles, users or accounts (their root) that may pull, beside what IAM policies of this account allow."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for a in var.pull_principal_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(root|(role|user)/[^*?]+)$", a))])
    error_message = "pull_principal_arns must be ARNs of roles, users or account roots without wildcards: a repository that everybody can pull from gives the platform's code away."
  }
}

variable "push_principal_arns" {
  description = "Roles or users that may push and pull, beside what IAM policies of this account allow."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for a in var.push_principal_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[^*?]+$", a))])
    error_message = "push_principal_arns must be ARNs of roles or users without wildcards, and no account as a whole: who pushes decides what runs."
  }
}

# --- how long images stay ------------------------------------------------------

variable "keep_tagged" {
  description = "How many tagged images of a repository are kept, the newest, 1 to 1000."
  type        = number
  default     = 20

  validation {
    condition     = var.keep_tagged >= 1 && var.keep_tagged <= 1000 && floor(var.keep_tagged) == var.keep_tagged
    error_message = "keep_tagged must be a whole number from 1 to 1000."
  }
}

variable "delete_untagged_after_days" {
  description = "Days after which an image without a tag is deleted, 1 to 365."
  type        = number
  default     = 7

  validation {
    condition     = var.delete_untagged_after_days >= 1 && var.delete_untagged_after_days <= 365 && floor(var.delete_untagged_after_days) == var.delete_untagged_after_days
    error_message = "delete_untagged_after_days must be a whole number from 1 to 365."
  }
}

variable "force_delete" {
  description = "Whether a destroy deletes repositories that hold images. Off: such a destroy fails."
  type        = bool
  default     = false
}

# --- replication -----------------------------------------------------------------

variable "replication_regions" {
  description = "Regions that get a copy of every image pushed here. A registry has one replication configuration, and this module then makes it."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for r in var.replication_regions : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", r))]) && length(distinct(var.replication_regions)) == length(var.replication_regions)
    error_message = "replication_regions must be codes of different regions, such as us-west-2."
  }

  validation {
    condition     = length(var.replication_regions) <= 25
    error_message = "replication_regions must be 25 at most (Amazon ECR service quotas)."
  }

  validation {
    condition     = length(var.replication_regions) == 0 || length(var.repositories) <= 100
    error_message = "repositories must be 100 at most when they are replicated: a replication rule takes no more filters (Amazon ECR service quotas)."
  }
}
