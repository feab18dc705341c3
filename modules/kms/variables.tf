variable "name" {
  description = "Start of every alias: alias/<name>/<use>."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,62}$", var.name)) && !startswith(var.name, "aws")
    error_message = "name must be 2 to 63 lower-case letters, digits and hyphens, start with a letter, and not with aws: KMS keeps alias/aws for itself."
  }
}

variable "tags" {
  description = "Tags of every key."
  type        = map(string)
  default     = {}
}

variable "uses" {
  description = "What keys are made for: any of eks, ebs, rds, elasticache, dynamodb, backup, s3, sqs, sns, ecr, secrets-manager, logs, cloudtrail."
  type        = set(string)
  default     = ["eks", "rds", "s3", "secrets-manager", "logs"]

  validation {
    condition     = length(var.uses) > 0 && length(setsubtract(var.uses, ["eks", "ebs", "rds", "elasticache", "dynamodb", "backup", "s3", "sqs", "sns", "ecr", "secrets-manager", "logs", "cloudtrail"])) == 0
    error_message = "uses must name at least one of eks, ebs, rds, elasticache, dynamodb, backup, s3, sqs, sns, ecr, secrets-manager, logs, cloudtrail: each has a key policy of its own."
  }
}

variable "administrator_arns" {
  description = "Roles that look after the keys without being able to use them. Empty: the account, which leaves it to IAM policies who may."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for a in var.administrator_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", a))])
    error_message = "administrator_arns must hold ARNs of roles without wildcards, as in arn:aws:iam::123456789012:role/key-admin: users have long-lived credentials."
  }
}

variable "eks_cluster_role_arns" {
  description = "Roles of the EKS clusters that encrypt their secrets with the key for eks."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for a in var.eks_cluster_role_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", a))])
    error_message = "eks_cluster_role_arns must hold ARNs of roles without wildcards."
  }
}

variable "node_starter_role_arns" {
  description = "Roles that start nodes with volumes under the key for ebs: the service-linked role of Auto Scaling, which must exist."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for a in var.node_starter_role_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", a))])
    error_message = "node_starter_role_arns must hold ARNs of roles without wildcards."
  }
}

variable "rotation_period_in_days" {
  description = "Days after which KMS makes new key material, 90 to 2560."
  type        = number
  default     = 365

  validation {
    condition     = var.rotation_period_in_days >= 90 && var.rotation_period_in_days <= 2560 && floor(var.rotation_period_in_days) == var.rotation_period_in_days
    error_message = "rotation_period_in_days must be a whole number of days from 90 to 2560, the range of KMS."
  }
}

variable "deletion_window_in_days" {
  description = "Days between the wish to delete a key and its end, 7 to 30. Everything encrypted under it is lost then."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_window_in_days >= 7 && var.deletion_window_in_days <= 30 && floor(var.deletion_window_in_days) == var.deletion_window_in_days
    error_message = "deletion_window_in_days must be a whole number of days from 7 to 30, the range of KMS."
  }
}

variable "multi_region" {
  description = "Whether the keys are multi-region primaries, of which modules/kms/replica makes replicas in other regions. Cannot be changed later."
  type        = bool
  default     = false
}
