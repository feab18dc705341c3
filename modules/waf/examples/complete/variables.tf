variable "name" {
  description = "Start of every name."
  type        = string
}

variable "region" {
  description = "Region to apply in."
  type        = string
  default     = "us-east-1"
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}
