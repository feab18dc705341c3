# What strangers may send: AWS's managed rules, a limit for each address, and no
# requests from countries that are shut out.

locals {
  # In the order in which they are asked. The core rule set holds the rules against
  # cross-site scripting (CrossSiteScripting_BODY, _COOKIE, _QUERYARGUMENTS, _URIPATH).
  # None of a group's rules is overridden: what AWS blocks is blocked.
  managed_groups = {
    AWSManagedRulesCommonRuleSet         = 20
    AWSManagedRulesKnownBadInputsRuleSet = 30
    AWSManagedRulesSQLiRuleSet           = 40
  }
}

data "aws_region" "current" {}

resource "aws_wafv2_web_acl" "this" {
  name        = var.name
  description = "Protects ${var.name}"
  scope       = var.scope

  default_action {
    allow {}
  }

  dynamic "rule" {
    for_each = length(var.blocked_countries) == 0 ? [] : [1]

    content {
      name     = "blocked-countries"
      priority = 0

      action {
        block {}
      }

      statement {
        geo_match_statement {
          country_codes = sort(var.blocked_countries)
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "${var.name}-blocked-countries"
        sampled_requests_enabled   = true
      }
    }
  }

  dynamic "rule" {
    for_each = length(var.allowed_countries) == 0 ? [] : [1]

    content {
      name     = "other-countries"
      priority = 1

      action {
        block {}
      }

      statement {
        not_statement {
          statement {
            geo_match_statement {
              country_codes = sort(var.allowed_countries)
            }
          }
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "${var.name}-other-countries"
        sampled_requests_enabled   = true
      }
    }
  }

  # Before the managed groups: who floods is not looked at more closely, which would
  # cost capacity.
  rule {
    name     = "rate-limit"
    priority = 10

    action {
      block {
        custom_response {
          response_code = 429
        }
      }
    }

    statement {
      rate_based_statement {
        limit                 = var.rate_limit
        evaluation_window_sec = 300
        aggregate_key_type    = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-rate-limit"
      sampled_requests_enabled   = true
    }
  }

  dynamic "rule" {
    for_each = local.managed_groups

    content {
      name     = rule.key
      priority = rule.value

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.key
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "${var.name}-${rule.key}"
        sampled_requests_enabled   = true
      }
    }
  }

  # Last, since each request that it looks at is paid for.
  rule {
    name     = "AWSManagedRulesBotControlRuleSet"
    priority = 50

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesBotControlRuleSet"

        managed_rule_group_configs {
          aws_managed_rules_bot_control_rule_set {
            inspection_level = var.bot_control_inspection_level
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-AWSManagedRulesBotControlRuleSet"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = var.name
    sampled_requests_enabled   = true
  }

  tags = merge(var.tags, { Name = var.name })

  lifecycle {
    precondition {
      condition     = var.scope == "REGIONAL" || data.aws_region.current.name == "us-east-1"
      error_message = "A web ACL with scope CLOUDFRONT must be made in us-east-1, and this provider is in ${data.aws_region.current.name}: give the module a provider of us-east-1."
    }
  }
}

resource "aws_wafv2_web_acl_association" "this" {
  for_each = var.resource_arns

  resource_arn = each.value
  web_acl_arn  = aws_wafv2_web_acl.this.arn
}
