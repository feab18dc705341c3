variable "name" {
  description = "Start of every alias, as for the primaries."
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

variable "primary_key_arns" {
  description = "ARNs of the multi-region primaries, by use: the output key_arns of modules/kms."
  type        = map(string)
}

variable "policies" {
  description = "Key policies as JSON, by use: the output policies of modules/kms of the replica's region, since kms:ViaService names a region."
  type        = map(string)
}

variable "deletion_window_in_days" {
  description = "Days between the wish to delete a replica and its end, 7 to 30."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_window_in_days >= 7 && var.deletion_window_in_days <= 30 && floor(var.deletion_window_in_days) == var.deletion_window_in_days
    error_message = "deletion_window_in_days must be a whole number of days from 7 to 30, the range of KMS."
  }
}
