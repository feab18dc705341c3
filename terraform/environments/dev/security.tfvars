environment          = "dev"
trail_retention_days = 30
guardduty_features   = ["EKS_AUDIT_LOGS", "S3_DATA_EVENTS"]
security_standards   = ["aws-foundational-security-best-practices/v/1.0.0"]
