variable "name" {
  description = "Prefix of every name."
  type        = string
  default     = "fintrack-s3"
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

variable "force_destroy" {
  description = "Whether destroying the example deletes the objects in its buckets."
  type        = bool
  default     = false
}

variable "dr_region" {
  description = "Region of the copies."
  type        = string
  default     = "us-west-2"
}
