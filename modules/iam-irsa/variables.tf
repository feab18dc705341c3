variable "role_name" {
  description = "Name of the role."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.role_name))
    error_message = "role_name must be 1 to 64 letters, digits and characters of +=,.@_- (IAM and AWS STS quotas)."
  }
}

variable "description" {
  description = "What the role is for; made from the service accounts when null."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the role."
  type        = map(string)
  default     = {}
}

# --- who assumes it ---------------------------------------------------------

variable "oidc_issuer" {
  description = "Issuer of the cluster's tokens, with or without https://, as the EKS cluster reports it."
  type        = string

  validation {
    condition     = can(regex("^(https://)?[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._/-]*[A-Za-z0-9_-])?$", var.oidc_issuer))
    error_message = "oidc_issuer must be an https address without wildcards, query or final slash, such as https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE: the condition keys of the trust policy are made from it."
  }
}

variable "oidc_provider_arn" {
  description = "ARN of the IAM OIDC provider of that issuer."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/[^*?]+$", var.oidc_provider_arn))
    error_message = "oidc_provider_arn must be arn:aws:iam::<12 digits>:oidc-provider/<issuer>: an account that is missing or a wildcard would let tokens of another provider in."
  }

  validation {
    condition     = endswith(var.oidc_provider_arn, ":oidc-provider/${trimprefix(var.oidc_issuer, "https://")}")
    error_message = "oidc_provider_arn must be the provider of oidc_issuer: otherwise the conditions name keys that no token of this provider has, and nobody can assume the role."
  }
}

variable "namespace" {
  description = "Kubernetes namespace of the service accounts."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "namespace must be one namespace (RFC 1123 label: lower-case letters, digits, hyphens); wildcards are not allowed."
  }
}

variable "service_accounts" {
  description = "Kubernetes service accounts that may assume the role; several only when they are named one by one."
  type        = list(string)

  validation {
    condition     = length(var.service_accounts) > 0 && alltrue([for s in var.service_accounts : can(regex("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", s))])
    error_message = "service_accounts must name at least one service account, each in full (RFC 1123 subdomain); wildcards are not allowed."
  }

  validation {
    condition     = !contains(var.service_accounts, "default")
    error_message = "service_accounts must not hold default: every pod of the namespace without a service account of its own would have the role."
  }

  validation {
    condition     = length(distinct(var.service_accounts)) == length(var.service_accounts)
    error_message = "service_accounts must not name one twice."
  }
}

# --- what it may do ---------------------------------------------------------

variable "policy_arns" {
  description = "Managed policies of the role, by a short name; it has no others."
  type        = map(string)

  validation {
    condition     = alltrue([for arn in values(var.policy_arns) : can(regex("^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/[^*?]+$", arn))])
    error_message = "policy_arns must be ARNs of managed policies, such as arn:aws:iam::123456789012:policy/reports-read."
  }

  validation {
    condition     = length(var.policy_arns) <= 10
    error_message = "policy_arns must be 10 at most: IAM attaches no more to a role unless the quota was raised (IAM and AWS STS quotas)."
  }

  validation {
    condition     = alltrue([for arn in values(var.policy_arns) : !can(regex("^arn:aws[a-z-]*:iam::aws:policy/(.*/)?(AdministratorAccess.*|PowerUserAccess|.*FullAccess.*)$", arn))])
    error_message = "policy_arns must not hold AdministratorAccess, PowerUserAccess or a FullAccess policy of AWS: a pod gets a policy that names its actions and resources."
  }
}

variable "permissions_boundary_arn" {
  description = "Managed policy beyond which the role cannot go, whatever is attached to it; none when null."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/[^*?]+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of a managed policy."
  }
}

variable "max_session_duration" {
  description = "Longest session, in seconds, 3600 to 43200. Pods renew theirs by themselves, so the shortest serves."
  type        = number
  default     = 3600

  validation {
    condition     = var.max_session_duration >= 3600 && var.max_session_duration <= 43200 && floor(var.max_session_duration) == var.max_session_duration
    error_message = "max_session_duration must be a whole number of seconds from 3600 to 43200 (CreateRole)."
  }
}
