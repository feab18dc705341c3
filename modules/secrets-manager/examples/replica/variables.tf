variable "name" {
  description = "Prefix of every name."
  type        = string
  default     = "fintrack-secrets"
}

variable "region" {
  description = "AWS Region."
  type        = string
  default     = "us-east-1"
}

variable "dr_region" {
  description = "Region of the copies."
  type        = string
  default     = "us-west-2"
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}

variable "recovery_window_in_days" {
  description = "Days for which a deleted secret can be restored; 0 deletes at once."
  type        = number
  default     = 30
}
