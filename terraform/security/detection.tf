resource "aws_guardduty_detector" "this" {
  enable                       = true
  finding_publishing_frequency = "FIFTEEN_MINUTES"
  tags                         = local.tags
}

resource "aws_guardduty_detector_feature" "this" {
  for_each = var.guardduty_features

  detector_id = aws_guardduty_detector.this.id
  name        = each.value
  status      = "ENABLED"
}

resource "aws_securityhub_account" "this" {
  enable_default_standards = false # chosen below
}

resource "aws_securityhub_standards_subscription" "this" {
  for_each = var.security_standards

  standards_arn = "arn:${local.partition}:securityhub:${var.region}::standards/${each.value}"

  depends_on = [aws_securityhub_account.this]
}

# What of the account can be reached from outside it.
resource "aws_accessanalyzer_analyzer" "this" {
  analyzer_name = var.name
  type          = "ACCOUNT"
  tags          = local.tags
}
