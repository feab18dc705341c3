resource "aws_route53_zone" "this" {
  name          = var.domain
  comment       = "FinTrack, ${var.environment}"
  force_destroy = !var.deletion_protection
  tags          = local.tags
}

# Who may issue certificates for the domain (RFC 8659): ACM, and for cert-manager
# Let's Encrypt; no wildcard from the latter.
resource "aws_route53_record" "issuers" {
  zone_id = aws_route53_zone.this.zone_id
  name    = var.domain
  type    = "CAA"
  ttl     = 3600
  records = ["0 issue \"amazon.com\"", "0 issue \"letsencrypt.org\"", "0 issuewild \"amazon.com\""]
}

resource "aws_route53_record" "app" {
  for_each = toset(["A", "AAAA"])

  zone_id = aws_route53_zone.this.zone_id
  name    = local.app_host
  type    = each.value

  alias {
    name                   = module.frontend.domain_name
    zone_id                = module.frontend.hosted_zone_id
    evaluate_target_health = false # CloudFront answers health by itself
  }
}

# The cluster makes the load balancer; once it exists, its name is given here.
resource "aws_route53_record" "api" {
  count = var.api_load_balancer == null ? 0 : 1

  zone_id = aws_route53_zone.this.zone_id
  name    = local.api_host
  type    = "A"

  alias {
    name                   = var.api_load_balancer.dns_name
    zone_id                = var.api_load_balancer.zone_id
    evaluate_target_health = true
  }
}
