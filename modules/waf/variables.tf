variable "name" {
  description = "Name of the web ACL; every other name is made from it."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,100}$", var.name))
    error_message = "name must be 1 to 100 letters, digits, hyphens and underscores (CreateWebACL allows 128; the names made from it need the rest)."
  }
}

variable "tags" {
  description = "Tags of every resource of the module."
  type        = map(string)
  default     = {}
}

variable "scope" {
  description = "What it protects: REGIONAL (load balancers, APIs) or CLOUDFRONT, which lives in us-east-1 alone."
  type        = string

  validation {
    condition     = contains(["REGIONAL", "CLOUDFRONT"], var.scope)
    error_message = "scope must be REGIONAL or CLOUDFRONT."
  }
}

variable "resource_arns" {
  description = "Load balancers that it protects, by a short name. A distribution names its web ACL itself."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for arn in values(var.resource_arns) : can(regex("^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:loadbalancer/app/[^*]+$", arn))])
    error_message = "resource_arns must be ARNs of application load balancers."
  }

  validation {
    condition     = var.scope == "REGIONAL" || length(var.resource_arns) == 0
    error_message = "resource_arns must be empty with scope CLOUDFRONT: a distribution names its web ACL itself (web_acl_id)."
  }
}

# --- rules --------------------------------------------------------------------

variable "rate_limit" {
  description = "Requests in 5 minutes from one address, beyond which it is blocked, 10 to 2000000000."
  type        = number
  default     = 2000

  validation {
    condition     = var.rate_limit >= 10 && var.rate_limit <= 2000000000 && floor(var.rate_limit) == var.rate_limit
    error_message = "rate_limit must be a whole number from 10 to 2000000000 (RateBasedStatement)."
  }
}

variable "allowed_countries" {
  description = "Countries from which requests are let in, by ISO 3166 code; all when empty."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for c in var.allowed_countries : can(regex("^[A-Z]{2}$", c))])
    error_message = "allowed_countries must be two-letter codes of ISO 3166, such as US."
  }
}

variable "blocked_countries" {
  description = "Countries from which no request is let in, by ISO 3166 code."
  type        = set(string)
  default     = ["CU", "IR", "KP", "SY"]

  validation {
    condition     = alltrue([for c in var.blocked_countries : can(regex("^[A-Z]{2}$", c))])
    error_message = "blocked_countries must be two-letter codes of ISO 3166, such as KP."
  }

  validation {
    condition     = length(var.allowed_countries) > 0 || length(var.blocked_countries) > 0
    error_message = "blocked_countries must not be empty while allowed_countries is: the web ACL would have no geographic restriction."
  }

  validation {
    condition     = length(setintersection(var.allowed_countries, var.blocked_countries)) == 0
    error_message = "blocked_countries must not hold a country that allowed_countries holds."
  }
}

variable "bot_control_inspection_level" {
  description = "How closely bots are looked at: COMMON, or TARGETED, which costs more and finds those that hide."
  type        = string
  default     = "COMMON"

  validation {
    condition     = contains(["COMMON", "TARGETED"], var.bot_control_inspection_level)
    error_message = "bot_control_inspection_level must be COMMON or TARGETED."
  }
}

# --- log ----------------------------------------------------------------------

variable "kms_key_arn" {
  description = "ARN of the customer-managed key of the log. Its policy must let CloudWatch Logs use it."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (arn:aws:kms:<region>:<account>:key/<id>), not an alias or a bare id."
  }
}

variable "log_retention_in_days" {
  description = "Days for which the log is kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_in_days)
    error_message = "log_retention_in_days must be one of the periods of CloudWatch Logs from 30 on: 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "redacted_headers" {
  description = "Headers whose values stay out of the log, beside authorization and cookie, which always do."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for h in var.redacted_headers : can(regex("^[a-z0-9-]{1,64}$", h))])
    error_message = "redacted_headers must be header names in lower case, such as x-api-key."
  }
}
