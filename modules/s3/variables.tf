variable "name" {
  description = "Name of the bucket, unique across all of S3. The other names are made from it."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,50}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 52 lower-case letters, digits and hyphens, starting and ending with a letter or digit: S3 allows no more characters (a dot breaks TLS), and the replication role adds 12."
  }

  validation {
    condition     = !startswith(var.name, "xn--") && !endswith(var.name, "-s3alias") && !endswith(var.name, "--ol-s3") && !endswith(var.name, "--x-s3")
    error_message = "name must not begin with \"xn--\" nor end in \"-s3alias\", \"--ol-s3\" or \"--x-s3\": S3 keeps those for itself."
  }
}

variable "tags" {
  description = "Tags of every resource of the module."
  type        = map(string)
  default     = {}
}

variable "sse_algorithm" {
  description = "Default encryption: \"aws:kms\" with the key of kms_key_arn, or \"AES256\" for a bucket that receives logs from a service that cannot write under a customer key (S3 server access logs, load balancer logs)."
  type        = string
  default     = "aws:kms"

  validation {
    condition     = contains(["aws:kms", "AES256"], var.sse_algorithm)
    error_message = "sse_algorithm must be \"aws:kms\" or \"AES256\"."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the objects. Required with sse_algorithm \"aws:kms\", null with \"AES256\"."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (arn:aws:kms:<region>:<account>:key/<id>), not an alias or a bare id: the bucket policy compares it with the ARN that S3 reports."
  }

  validation {
    condition     = var.sse_algorithm != "aws:kms" || var.kms_key_arn != null
    error_message = "kms_key_arn is required with sse_algorithm \"aws:kms\": without it S3 uses a key that the account shares among all of its buckets."
  }

  validation {
    condition     = var.sse_algorithm != "AES256" || var.kms_key_arn == null
    error_message = "kms_key_arn must be null with sse_algorithm \"AES256\": the key would not be used."
  }
}

variable "force_destroy" {
  description = "Whether destroying the bucket deletes the objects in it. Leave it false wherever the data matters."
  type        = bool
  default     = false

  validation {
    condition     = !var.force_destroy || var.object_lock == null
    error_message = "force_destroy cannot be true with object_lock: S3 refuses to delete versions under retention, so the promise could not be kept."
  }
}

variable "object_lock" {
  description = "Write-once storage: every version is kept for retention_days, and in COMPLIANCE mode nobody, the root user included, can shorten that. Can only be chosen when the bucket is made. null: off."
  type = object({
    retention_days = number
    mode           = optional(string, "COMPLIANCE")
  })
  default = null

  validation {
    condition     = var.object_lock == null || try(var.object_lock.retention_days >= 1 && var.object_lock.retention_days <= 36500 && floor(var.object_lock.retention_days) == var.object_lock.retention_days, false)
    error_message = "object_lock.retention_days must be a whole number of days from 1 to 36500."
  }

  validation {
    condition     = var.object_lock == null || contains(["COMPLIANCE", "GOVERNANCE"], try(var.object_lock.mode, ""))
    error_message = "object_lock.mode must be \"COMPLIANCE\" or \"GOVERNANCE\"."
  }
}

variable "abort_multipart_days" {
  description = "Days after which an upload that was begun and not finished is thrown away."
  type        = number
  default     = 7

  validation {
    condition     = var.abort_multipart_days >= 1 && var.abort_multipart_days <= 30 && floor(var.abort_multipart_days) == var.abort_multipart_days
    error_message = "abort_multipart_days must be a whole number from 1 to 30: parts of an unfinished upload are paid for and seen by nobody."
  }
}

variable "noncurrent_expiration_days" {
  description = "Days for which a version is kept after a newer one has replaced it."
  type        = number
  default     = 90

  validation {
    condition     = var.noncurrent_expiration_days >= 7 && var.noncurrent_expiration_days <= 3650 && floor(var.noncurrent_expiration_days) == var.noncurrent_expiration_days
    error_message = "noncurrent_expiration_days must be a whole number from 7 to 3650: with less than a week an overwrite on a Friday cannot be undone the week after."
  }
}

variable "lifecycle_rules" {
  description = "Rules beside the baseline, by name: the prefix they apply to (\"\" is everything), moves to cheaper storage classes by age in days, and the age at which objects expire."
  type = map(object({
    prefix          = optional(string, "")
    transitions     = optional(list(object({ days = number, storage_class = string })), [])
    expiration_days = optional(number)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.lifecycle_rules) : can(regex("^[A-Za-z0-9._-]{1,255}$", name)) && name != "baseline"])
    error_message = "Names of lifecycle_rules must be 1 to 255 letters, digits, dots, underscores and hyphens, and not \"baseline\", which the module's own rule is called."
  }

  validation {
    condition     = alltrue([for rule in var.lifecycle_rules : length(rule.transitions) > 0 || rule.expiration_days != null])
    error_message = "Each of lifecycle_rules must have transitions or expiration_days: S3 refuses a rule that does nothing."
  }

  validation {
    condition = alltrue(flatten([for rule in var.lifecycle_rules : [for t in rule.transitions :
      contains(["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"], t.storage_class)
    ]]))
    error_message = "storage_class of a transition must be STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, GLACIER or DEEP_ARCHIVE."
  }

  validation {
    condition = alltrue(flatten([for rule in var.lifecycle_rules : [for t in rule.transitions :
      t.days >= (contains(["STANDARD_IA", "ONEZONE_IA"], t.storage_class) ? 30 : 0) && floor(t.days) == t.days
    ]]))
    error_message = "days of a transition must be a whole number, and at least 30 for STANDARD_IA and ONEZONE_IA: S3 refuses to move younger objects there."
  }

  validation {
    condition = alltrue(flatten([for rule in var.lifecycle_rules : [for i, t in rule.transitions :
      i == 0 ? true : t.days > rule.transitions[i - 1].days
    ]]))
    error_message = "transitions must be in the order of their days, each later than the one before."
  }

  validation {
    condition = alltrue([for rule in var.lifecycle_rules :
      rule.expiration_days == null ? true : rule.expiration_days > max(0, rule.transitions[*].days...)
    ])
    error_message = "expiration_days must be greater than the days of every transition of its rule: an object cannot move after it has expired."
  }
}

variable "access_log" {
  description = "The bucket that receives the server access logs of this one, below s3/<name>/. null: no access logs."
  type        = object({ bucket = string })
  default     = null

  validation {
    condition     = var.access_log == null || try(var.access_log.bucket, null) != var.name
    error_message = "access_log.bucket must not be the bucket itself: every log delivery would be logged in turn, without end."
  }
}

variable "access_log_sources" {
  description = "ARNs of the buckets whose server access logs this bucket receives, below s3/. S3 delivers them only under its own key, so sse_algorithm must be \"AES256\"."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.access_log_sources : can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9.-]{3,63}$", arn))])
    error_message = "access_log_sources must be ARNs of buckets (arn:aws:s3:::<name>), without wildcards."
  }

  validation {
    condition     = length(var.access_log_sources) == 0 || (var.sse_algorithm == "AES256" && var.object_lock == null)
    error_message = "A bucket with access_log_sources needs sse_algorithm \"AES256\" and no object_lock: S3 delivers server access logs to no other."
  }
}

variable "policy_documents" {
  description = "Further bucket policies as JSON, merged with the module's denials. Their statement ids must differ from the module's."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for document in var.policy_documents : can(jsondecode(document).Statement)])
    error_message = "policy_documents must be IAM policies as JSON, for instance the json attribute of an aws_iam_policy_document."
  }
}

variable "replication" {
  description = "Copy to the disaster recovery Region: the bucket and key there, the storage class of the copies, the prefix to copy (\"\" is everything), replication time control (15 minutes, with metrics), and the permissions boundary of the role. null: off. The bucket must have versioning, and object lock if this one has it."
  type = object({
    bucket_arn               = string
    kms_key_arn              = string
    storage_class            = optional(string, "STANDARD_IA")
    prefix                   = optional(string, "")
    time_control             = optional(bool, true)
    permissions_boundary_arn = optional(string)
  })
  default = null

  validation {
    condition     = var.replication == null || can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9.-]{3,63}$", var.replication.bucket_arn))
    error_message = "replication.bucket_arn must be the ARN of a bucket (arn:aws:s3:::<name>)."
  }

  validation {
    condition     = var.replication == null || !endswith(try(var.replication.bucket_arn, ""), ":::${var.name}")
    error_message = "replication.bucket_arn must not be the bucket itself."
  }

  validation {
    condition     = var.replication == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.replication.kms_key_arn))
    error_message = "replication.kms_key_arn must be the ARN of a key in the disaster recovery Region (arn:aws:kms:<region>:<account>:key/<id>)."
  }

  validation {
    condition     = var.replication == null || try(split(":", var.replication.kms_key_arn)[3], "") != data.aws_region.current.name
    error_message = "replication.kms_key_arn lies in the Region of the bucket itself: a copy in the same Region does not survive its loss. Give the bucket and the key of the disaster recovery Region."
  }

  validation {
    condition     = var.replication == null || contains(["STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"], try(var.replication.storage_class, ""))
    error_message = "replication.storage_class must be STANDARD, STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, GLACIER or DEEP_ARCHIVE."
  }
}
