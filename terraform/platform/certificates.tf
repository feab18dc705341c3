# One certificate for each host: the load balancer's never serves the application's
# name, nor the other way round. ACM renews both as long as the records stay.
locals {
  hosts = { api = local.api_host, app = local.app_host }
}

resource "aws_acm_certificate" "this" {
  for_each = local.hosts

  domain_name       = each.value
  validation_method = "DNS"
  tags              = merge(local.tags, { Name = "${var.name}-${each.key}" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  for_each = local.hosts

  zone_id = aws_route53_zone.this.zone_id
  name    = one(aws_acm_certificate.this[each.key].domain_validation_options).resource_record_name
  type    = one(aws_acm_certificate.this[each.key].domain_validation_options).resource_record_type
  records = [one(aws_acm_certificate.this[each.key].domain_validation_options).resource_record_value]
  ttl     = 300
}

# Waits until the certificate is issued: nothing takes it before.
resource "aws_acm_certificate_validation" "this" {
  for_each = local.hosts

  certificate_arn         = aws_acm_certificate.this[each.key].arn
  validation_record_fqdns = [aws_route53_record.validation[each.key].fqdn]
}
