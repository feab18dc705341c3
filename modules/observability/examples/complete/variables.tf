variable "name" {
  description = "Prefix of every name."
  type        = string
  default     = "fintrack-observability"
}

variable "region" {
  description = "AWS Region."
  type        = string
  default     = "us-east-1"
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}

