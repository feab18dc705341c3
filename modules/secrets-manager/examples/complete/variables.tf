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

variable "package" {
  description = "The rotation function's zip; null for lambda/dist/rotation.zip of the module."
  type        = string
  default     = null
}

variable "layer_package" {
  description = "Zip of the layer: the driver below python/, the certificates at rds/global-bundle.pem. The module's README has the commands that make it."
  type        = string
  default     = "layer.zip"
}

variable "database" {
  description = "Where the credential belongs: host and port of a PostgreSQL server, the database and the role in it."
  type = object({
    host     = string
    port     = optional(number, 5432)
    dbname   = optional(string, "fintrack")
    username = optional(string, "reporting")
  })
  default = { host = "fintrack.cluster-example.us-east-1.rds.amazonaws.com" }
}

variable "password" {
  description = "The role's password until the first rotation. Ephemeral: kept in neither plan nor state."
  type        = string
  ephemeral   = true
}

variable "dr_reader_role_arn" {
  description = "Role in the disaster recovery account that may read the current values."
  type        = string
  default     = "arn:aws:iam::210987654321:role/fintrack-dr-reader"
}

variable "rotate_immediately" {
  description = "Whether the first rotation happens on apply. Needs the database to be there."
  type        = bool
  default     = true
}
