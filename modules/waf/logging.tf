# AWS WAF writes to log groups of this prefix alone ("Logging AWS WAF web ACL
# traffic: CloudWatch Logs").
resource "aws_cloudwatch_log_group" "this" {
  name              = "aws-waf-logs-${var.name}"
  kms_key_id        = var.kms_key_arn
  retention_in_days = var.log_retention_in_days
  tags              = merge(var.tags, { Name = "aws-waf-logs-${var.name}" })
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.this.arn]

  # What lets somebody in does not belong into a log.
  dynamic "redacted_fields" {
    for_each = setunion(["authorization", "cookie"], var.redacted_headers)

    content {
      single_header {
        name = redacted_fields.value
      }
    }
  }
}
