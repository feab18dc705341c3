variable "name" {
  description = "Prefix of the secrets' names: the secret \"rds\" of \"fintrack/production\" is \"fintrack/production/rds\"."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_./-]{0,53}[A-Za-z0-9]$", var.name)) && !strcontains(var.name, "//")
    error_message = "name must be 2 to 55 letters, digits and the characters _ . / -, beginning and ending with a letter or digit, without an empty part: the rotation function's name is made from it, and Lambda takes 64."
  }
}

variable "tags" {
  description = "Tags of every resource of the module."
  type        = map(string)
  default     = {}
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the secrets and the function's environment. A customer key, since the AWS managed one cannot be read from another account."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (arn:aws:kms:<region>:<account>:key/<id>), not an alias or a bare id."
  }
}

variable "secrets" {
  description = "The secrets by name. rotation_days: rotate that often (null: never). initial_value_version: take the first value from initial_values; raise the number to write it again (null: the value is written by somebody else)."
  type = map(object({
    description           = string
    rotation_days         = optional(number)
    initial_value_version = optional(number)
  }))

  validation {
    condition     = length(var.secrets) > 0
    error_message = "secrets must name at least one secret."
  }

  validation {
    condition     = alltrue([for key in keys(var.secrets) : can(regex("^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", key))])
    error_message = "Names of secrets must be letters, digits and the characters _ . -, in parts divided by single slashes."
  }

  # A name that ends in a hyphen and six characters looks like an ARN's random suffix.
  validation {
    condition     = alltrue([for key in keys(var.secrets) : !can(regex("-[A-Za-z0-9]{6}$", key))])
    error_message = "The name of a secret must not end in a hyphen and six letters or digits: Secrets Manager adds such a suffix itself, and takes one for the other when a secret is looked up by a partial ARN."
  }

  validation {
    condition     = alltrue([for secret in var.secrets : length(trimspace(secret.description)) > 0])
    error_message = "Each of secrets must have a description that says what it opens."
  }

  validation {
    condition     = alltrue([for secret in var.secrets : secret.rotation_days == null ? true : secret.rotation_days >= 1 && secret.rotation_days <= 90 && floor(secret.rotation_days) == secret.rotation_days])
    error_message = "rotation_days must be a whole number from 1 to 90, or null for a secret that is not rotated."
  }

  validation {
    condition     = alltrue([for secret in var.secrets : secret.rotation_days == null]) || var.rotation != null
    error_message = "A secret has rotation_days, but rotation is null: say in rotation how the function reaches the database."
  }

  validation {
    condition     = alltrue([for secret in var.secrets : secret.initial_value_version == null ? true : secret.initial_value_version >= 1 && floor(secret.initial_value_version) == secret.initial_value_version])
    error_message = "initial_value_version must be a whole number from 1 upwards, or null."
  }
}

variable "initial_values" {
  description = "First values of the secrets that have initial_value_version, by the same names. Ephemeral: kept in neither plan nor state."
  type        = map(string)
  default     = {}
  ephemeral   = true

  validation {
    condition     = alltrue([for key, secret in var.secrets : secret.initial_value_version == null ? true : try(length(var.initial_values[key]) > 0, false)])
    error_message = "initial_values lacks the value of a secret that has initial_value_version."
  }
}

variable "recovery_window_in_days" {
  description = "Days for which a deleted secret can be restored; 0 deletes it at once, for throwaway environments."
  type        = number
  default     = 30

  validation {
    condition     = var.recovery_window_in_days == 0 || (var.recovery_window_in_days >= 7 && var.recovery_window_in_days <= 30 && floor(var.recovery_window_in_days) == var.recovery_window_in_days)
    error_message = "recovery_window_in_days must be a whole number from 7 to 30, or 0 to delete at once."
  }
}

variable "replicas" {
  description = "Regions that hold a copy of every secret, with the ARN of the KMS key there."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for region in keys(var.replicas) : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", region))])
    error_message = "replicas must be keyed by Region, such as \"us-west-2\"."
  }

  validation {
    condition     = alltrue([for region, arn in var.replicas : can(regex("^arn:aws[a-z-]*:kms:${region}:[0-9]{12}:key/[a-zA-Z0-9-]+$", arn))])
    error_message = "Each of replicas must give the ARN of a key in that same Region (arn:aws:kms:<region>:<account>:key/<id>): a copy cannot be encrypted by a key of another Region."
  }

  validation {
    condition     = !contains(keys(var.replicas), try(split(":", var.kms_key_arn)[3], ""))
    error_message = "replicas must not name the Region of the secrets themselves."
  }
}

variable "dr_reader_role_arns" {
  description = "ARNs of the roles in the disaster recovery account that may read the current values. Their own policies and the KMS keys' must allow it too."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.dr_reader_role_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "dr_reader_role_arns must be ARNs of roles (arn:aws:iam::<account>:role/<name>), without wildcards: an account or a pattern would admit whoever is made later."
  }
}

variable "rotation" {
  description = <<-EOT
    How the rotation function works; null: no function. strategy: "single-user" (a role changes its own password; sessions
    that open in the moment between fail once) or "alternating-users" (two roles take turns, so that the old credential
    holds until the next rotation; needs superuser_secret_arn). layer_arns: Lambda layers with the pg8000 driver and the
    certificate bundle of ca_bundle. subnet_ids and security_group_ids: where the function can reach the database and
    the Secrets Manager endpoint. package: the zip of lambda/build, lambda/dist/rotation.zip by default. window: how long
    a rotation may take. rotate_immediately: also rotate when rotation is switched on.
  EOT
  type = object({
    strategy                 = optional(string, "single-user")
    layer_arns               = list(string)
    subnet_ids               = optional(list(string), [])
    security_group_ids       = optional(list(string), [])
    superuser_secret_arn     = optional(string)
    superuser_kms_key_arn    = optional(string)
    ca_bundle                = optional(string, "/opt/rds/global-bundle.pem")
    package                  = optional(string)
    window                   = optional(string, "3h")
    rotate_immediately       = optional(bool, true)
    log_retention_days       = optional(number, 365)
    log_kms_key_arn          = string
    permissions_boundary_arn = optional(string)
  })
  default = null

  validation {
    condition     = var.rotation == null || contains(["single-user", "alternating-users"], try(var.rotation.strategy, ""))
    error_message = "rotation.strategy must be \"single-user\" or \"alternating-users\"."
  }

  validation {
    condition     = var.rotation == null || (try(var.rotation.strategy, "") == "alternating-users") == (try(var.rotation.superuser_secret_arn, null) != null)
    error_message = "rotation.superuser_secret_arn belongs to the strategy \"alternating-users\": give it there, and leave it out with \"single-user\", whose function needs no superuser."
  }

  validation {
    condition     = var.rotation == null || try(length(var.rotation.layer_arns) >= 1 && length(var.rotation.layer_arns) <= 5, false)
    error_message = "rotation.layer_arns must name 1 to 5 layers: the function's package holds no database driver."
  }

  validation {
    condition     = var.rotation == null || alltrue([for arn in try(var.rotation.layer_arns, []) : can(regex("^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:layer:[A-Za-z0-9_-]+:[0-9]+$", arn))])
    error_message = "rotation.layer_arns must be ARNs of layer versions (arn:aws:lambda:<region>:<account>:layer:<name>:<version>)."
  }

  validation {
    condition     = var.rotation == null || (length(try(var.rotation.subnet_ids, [])) > 0) == (length(try(var.rotation.security_group_ids, [])) > 0)
    error_message = "rotation.subnet_ids and rotation.security_group_ids belong together: give both to place the function in the VPC, or neither."
  }

  validation {
    condition     = var.rotation == null || can(regex("^([1-9]|1[0-9]|2[0-4])h$", var.rotation.window))
    error_message = "rotation.window must be \"1h\" to \"24h\"."
  }

  validation {
    condition     = var.rotation == null || contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], try(var.rotation.log_retention_days, 0))
    error_message = "rotation.log_retention_days must be one of the periods that CloudWatch Logs takes: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }

  validation {
    condition     = var.rotation == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.rotation.log_kms_key_arn))
    error_message = "rotation.log_kms_key_arn must be the ARN of a key whose policy lets CloudWatch Logs use it for the function's log group."
  }

  validation {
    condition     = var.rotation == null || fileexists(coalesce(try(var.rotation.package, null), "${path.module}/lambda/dist/rotation.zip"))
    error_message = "The rotation function's package is missing. Build it with modules/secrets-manager/lambda/build, which needs Python 3 and nothing else, or say in rotation.package where it is."
  }
}
