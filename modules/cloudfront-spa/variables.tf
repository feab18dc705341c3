variable "name" {
  description = "Prefix of every name; the bucket is <name>-origin."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,53}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 55 lower-case letters, digits and hyphens, beginning and ending with a letter or digit: it becomes a bucket's name."
  }
}

variable "tags" {
  description = "Tags of every resource of the module that takes tags."
  type        = map(string)
  default     = {}
}

variable "aliases" {
  description = "Host names that the distribution answers to; the certificate must cover them."
  type        = list(string)

  validation {
    condition     = length(var.aliases) > 0 && alltrue([for alias in var.aliases : can(regex("^(\\*\\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", alias))])
    error_message = "aliases must be one or more host names in lower case (app.example.com): without one, CloudFront uses its own certificate and lets viewers fall back to TLS 1.0."
  }
}

variable "certificate_arn" {
  description = "ARN of the ACM certificate of the aliases. In us-east-1: CloudFront takes no other."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/[a-f0-9-]+$", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of an ACM certificate in us-east-1 (arn:aws:acm:us-east-1:<account>:certificate/<id>): CloudFront takes no other."
  }
}

variable "web_acl_arn" {
  description = "ARN of the WAF web ACL, of scope CLOUDFRONT."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:wafv2:us-east-1:[0-9]{12}:global/webacl/[A-Za-z0-9_-]+/[a-f0-9-]+$", var.web_acl_arn))
    error_message = "web_acl_arn must be the ARN of a WAFv2 web ACL of scope CLOUDFRONT (arn:aws:wafv2:us-east-1:<account>:global/webacl/<name>/<id>): a REGIONAL one cannot protect a distribution."
  }
}

variable "log_bucket_arn" {
  description = "ARN of the bucket for the access logs, with a prefix if wanted (arn:aws:s3:::<bucket>/<prefix>). Its policy must let delivery.logs.amazonaws.com write; the README has the statement."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9.-]{3,63}(/[A-Za-z0-9._/-]*[A-Za-z0-9._-])?$", var.log_bucket_arn))
    error_message = "log_bucket_arn must be the ARN of a bucket (arn:aws:s3:::<bucket>), with a prefix if wanted."
  }

  validation {
    condition     = split("/", try(split(":::", var.log_bucket_arn)[1], ""))[0] != "${var.name}-origin"
    error_message = "log_bucket_arn must not be the bucket that the distribution publishes."
  }
}

variable "kms_key_arn" {
  description = "ARN of a KMS key for the bucket; its policy must contain the output kms_key_policy_json. null: the bucket's own encryption, enough for what everybody may fetch."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key (arn:aws:kms:<region>:<account>:key/<id>), or null."
  }
}

variable "force_destroy" {
  description = "Whether destroying the bucket deletes the files in it."
  type        = bool
  default     = false
}

variable "price_class" {
  description = "Edge locations that serve: PriceClass_100 (North America, Europe, Israel), PriceClass_200, or PriceClass_All."
  type        = string
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class must be PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "uncached_paths" {
  description = "Paths that are fetched from the bucket each time, since they name the built files."
  type        = list(string)
  default     = ["/index.html", "/asset-manifest.json"]

  validation {
    condition     = contains(var.uncached_paths, "/index.html") && alltrue([for path in var.uncached_paths : can(regex("^/[A-Za-z0-9_.$/~\"'@:+&*?-]{1,254}$", path))])
    error_message = "uncached_paths must be paths that begin with a slash, \"/index.html\" among them: a cached index.html keeps naming the files of the last release."
  }
}

variable "spa_error_codes" {
  description = "Answers of the bucket that become index.html with status 200. With 403 among them, requests that the firewall or the geographic restriction refuses get the page too."
  type        = set(number)
  default     = [404]

  validation {
    condition     = contains(var.spa_error_codes, 404) && length(setsubtract(var.spa_error_codes, [403, 404])) == 0
    error_message = "spa_error_codes must be [404] or [403, 404]: without 404 the application's own paths cannot be opened, and other errors must be seen."
  }
}

variable "geo_restriction" {
  description = "Countries by ISO 3166-1 alpha-2 code: type \"whitelist\" admits these alone, \"blacklist\" refuses these, \"none\" admits all."
  type = object({
    type      = string
    locations = optional(set(string), [])
  })
  default = { type = "none" }

  validation {
    condition     = contains(["none", "whitelist", "blacklist"], var.geo_restriction.type)
    error_message = "geo_restriction.type must be \"none\", \"whitelist\" or \"blacklist\"."
  }

  validation {
    condition     = (var.geo_restriction.type == "none") == (length(var.geo_restriction.locations) == 0)
    error_message = "geo_restriction.locations must name countries with \"whitelist\" and \"blacklist\", and none with \"none\"."
  }

  validation {
    condition     = alltrue([for location in var.geo_restriction.locations : can(regex("^[A-Z]{2}$", location))])
    error_message = "geo_restriction.locations must be two capital letters each (ISO 3166-1 alpha-2)."
  }
}

variable "hsts" {
  description = "Strict-Transport-Security: seconds, whether subdomains are meant too, and whether browsers may build the name in. preload cannot be taken back for months."
  type = object({
    max_age_seconds    = optional(number, 63072000)
    include_subdomains = optional(bool, true)
    preload            = optional(bool, false)
  })
  default = {}

  validation {
    condition     = var.hsts.max_age_seconds >= 31536000
    error_message = "hsts.max_age_seconds must be at least 31536000 (a year): with less the name is open to a downgrade after each holiday, and no preload list takes it."
  }

  validation {
    condition     = !var.hsts.preload || var.hsts.include_subdomains
    error_message = "hsts.preload needs hsts.include_subdomains: no preload list takes a name without its subdomains."
  }
}

variable "content_sources" {
  description = "What pages may load from elsewhere, by directive of the Content-Security-Policy, for instance { \"connect-src\" = [\"https://api.example.com\"] }. Everything else comes from the distribution itself."
  type        = map(list(string))
  default     = {}

  validation {
    condition     = alltrue([for directive in keys(var.content_sources) : contains(["connect-src", "font-src", "form-action", "frame-src", "img-src", "manifest-src", "script-src", "style-src", "worker-src"], directive)])
    error_message = "content_sources may be keyed by connect-src, font-src, form-action, frame-src, img-src, manifest-src, script-src, style-src and worker-src."
  }

  validation {
    condition = alltrue(flatten([for sources in values(var.content_sources) : [for source in sources :
      can(regex("^(https|wss)://(\\*\\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}(:[0-9]+)?(/[^ ;,]*)?$", source)) || can(regex("^'sha(256|384|512)-[A-Za-z0-9+/]+=*'$", source))
    ]]))
    error_message = "Each of content_sources must be an https:// or wss:// origin or a hash ('sha256-...'): 'unsafe-inline', 'unsafe-eval' and * would admit what the policy is there to keep out."
  }
}

variable "wait_for_deployment" {
  description = "Whether apply waits until every edge location has the change, which takes some minutes."
  type        = bool
  default     = true
}
