locals {
  # What a page may load. A directive of content_sources adds to these.
  csp_base = {
    "default-src"     = ["'self'"]
    "base-uri"        = ["'self'"]
    "connect-src"     = ["'self'"]
    "font-src"        = ["'self'"]
    "form-action"     = ["'self'"]
    "frame-ancestors" = ["'none'"]
    "frame-src"       = ["'none'"]
    "img-src"         = ["'self'", "data:"]
    "manifest-src"    = ["'self'"]
    "object-src"      = ["'none'"]
    "script-src"      = ["'self'"]
    "style-src"       = ["'self'"]
    "worker-src"      = ["'self'"]
  }

  # 'none' stands alone: with a source beside it, browsers ignore it.
  csp_directives = [
    for directive, base in local.csp_base :
    join(" ", concat([directive], distinct(concat(
      [for source in base : source if source != "'none'" || length(lookup(var.content_sources, directive, [])) == 0],
      lookup(var.content_sources, directive, []),
    ))))
  ]

  content_security_policy = "${join("; ", local.csp_directives)}; upgrade-insecure-requests"

  permissions_policy = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()"

  # One policy for the built files, one for the documents, which tells browsers too to ask
  # again each time.
  custom_headers = {
    assets = {
      "Permissions-Policy" = local.permissions_policy
    }
    documents = {
      "Cache-Control"      = "no-cache, no-store, must-revalidate"
      "Permissions-Policy" = local.permissions_policy
    }
  }
}

resource "aws_cloudfront_response_headers_policy" "this" {
  for_each = local.custom_headers

  name    = "${var.name}-${each.key}"
  comment = "Security headers of the ${each.key} of ${var.name}."

  security_headers_config {
    strict_transport_security {
      access_control_max_age_sec = var.hsts.max_age_seconds
      include_subdomains         = var.hsts.include_subdomains
      preload                    = var.hsts.preload
      override                   = true
    }

    content_security_policy {
      content_security_policy = local.content_security_policy
      override                = true
    }

    content_type_options {
      override = true
    }

    frame_options {
      frame_option = "DENY"
      override     = true
    }

    referrer_policy {
      referrer_policy = "strict-origin-when-cross-origin"
      override        = true
    }
  }

  custom_headers_config {
    dynamic "items" {
      for_each = each.value

      content {
        header   = items.key
        value    = items.value
        override = true
      }
    }
  }

  # What the origin says about itself is nobody's business.
  remove_headers_config {
    items {
      header = "Server"
    }
    items {
      header = "X-Amz-Server-Side-Encryption"
    }
    items {
      header = "X-Amz-Version-Id"
    }
  }
}
