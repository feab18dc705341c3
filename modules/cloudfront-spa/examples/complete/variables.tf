variable "name" {
  description = "Prefix of every name."
  type        = string
  default     = "fintrack-spa"
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
  description = "Whether destroying the example deletes the files and logs in its buckets."
  type        = bool
  default     = false
}

variable "aliases" {
  description = "Host names of the application."
  type        = list(string)
  default     = ["app.fintrack.example.com"]
}

variable "certificate_arn" {
  description = "ARN of an ACM certificate in us-east-1 that covers the aliases. null: the example asks for one, and waits until somebody has put its records into the DNS."
  type        = string
  default     = null
}

variable "customer_key" {
  description = "Whether the files are encrypted with a key of the account's own."
  type        = bool
  default     = true
}

variable "spa_error_codes" {
  description = "Answers of the bucket that become index.html."
  type        = set(number)
  default     = [404]
}
