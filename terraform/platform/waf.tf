# One web ACL before the API's load balancer, which the ingress names, and one before
# the distribution.
module "waf_regional" {
  source = "../../modules/waf"

  name                         = "${var.name}-api"
  scope                        = "REGIONAL"
  rate_limit                   = var.rate_limit
  blocked_countries            = var.blocked_countries
  bot_control_inspection_level = var.bot_control_inspection_level
  kms_key_arn                  = local.key["logs"]
  log_retention_in_days        = var.log_retention_days

  tags = local.tags
}

module "waf_cloudfront" {
  source = "../../modules/waf"

  name                         = "${var.name}-app"
  scope                        = "CLOUDFRONT"
  rate_limit                   = var.rate_limit
  blocked_countries            = var.blocked_countries
  bot_control_inspection_level = var.bot_control_inspection_level
  kms_key_arn                  = local.key["logs"]
  log_retention_in_days        = var.log_retention_days

  tags = local.tags
}
